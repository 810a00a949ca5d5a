package stack

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// transform is the function that Firehose invokes, and the role it runs as.
type transform struct {
	function awslambda.IFunction
	role     awsiam.IRole
	logs     awslogs.ILogGroup
}

// newTransform adds the function. zip is the file with its binary.
func newTransform(scope constructs.Construct, c config.Config, zip string) transform {
	logs := newLogGroup(scope, c, "TransformLogs")
	role := awsiam.NewRole(scope, jsii.String("TransformRole"), &awsiam.RoleProps{
		AssumedBy:      service("lambda", sameAccount()),
		Description:    jsii.String("Transform: writes its own log, puts records back onto its own delivery stream"),
		InlinePolicies: inline(allow(logs.LogGroupArn())("logs:CreateLogStream", "logs:PutLogEvents")),
	})
	function := awslambda.NewFunction(scope, jsii.String("Transform"), &awslambda.FunctionProps{
		FunctionName: optional(c.LambdaFunctionName),
		Description:  jsii.String("Checks, enriches and partitions samples for Firehose"),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         awslambda.Code_FromAsset(&zip, nil),
		Timeout:      duration(c.LambdaTimeout),
		MemorySize:   jsii.Number(c.LambdaMemoryMiB),
		Environment: &map[string]*string{
			"LOG_LEVEL":           &c.LogLevel,
			"MAX_SAMPLE_AGE_DAYS": jsii.String(strconv.Itoa(int(c.MaxSampleAge / (24 * time.Hour)))),
		},
		Role:     role,
		LogGroup: logs,
	})
	return transform{function: function, role: role, logs: logs}
}

// allowPutBack lets the transform split a record by putting its parts back onto the stream. It is a policy of its own,
// because one within the role would have to exist before the function, the function before the stream, and the stream
// before its ARN. The function learns its stream from each event.
func (t transform) allowPutBack(scope constructs.Construct, streamARN *string) {
	awsiam.NewPolicy(scope, jsii.String("TransformPutBack"), &awsiam.PolicyProps{
		Roles:      &[]awsiam.IRole{t.role},
		Statements: &[]awsiam.PolicyStatement{allow(streamARN)("firehose:PutRecordBatch")},
	})
}

// newLogGroup adds a log group. Logs tell of operation and hold no samples, so that they go with the stack.
func newLogGroup(scope constructs.Construct, c config.Config, id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, &id, &awslogs.LogGroupProps{
		EncryptionKey: keyOf(scope, id, c),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

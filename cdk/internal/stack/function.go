package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// functionProps describe a Lambda function.
type functionProps struct {
	id          string // of the function
	part        string // the ids of its role and of its log group begin with it
	name        string // empty: CloudFormation generates one
	description string
	zip         string // file with its binary, which is named bootstrap
	timeout     time.Duration
	memoryMiB   int
	environment map[string]*string       // besides LOG_LEVEL
	purpose     string                   // description of its role
	may         []awsiam.PolicyStatement // what its role allows, besides writing its log
	// scheduled says that a schedule starts it. The next run then does the work of a failed one. If Lambda repeated a failed run, the alarm
	// would count its failure three times.
	scheduled bool
}

// newFunction adds a Lambda function, its role and its log group.
func newFunction(scope constructs.Construct, c config.Config, p functionProps) (awslambda.Function, awsiam.Role, awslogs.LogGroup) {
	logs := newLogGroup(scope, c, p.part+"Logs")
	role := awsiam.NewRole(scope, jsii.String(p.part+"Role"), &awsiam.RoleProps{
		AssumedBy:      service("lambda", fromThisAccount(nil)),
		Description:    &p.purpose,
		InlinePolicies: inline(append(p.may, allow(logs.LogGroupArn())("logs:CreateLogStream", "logs:PutLogEvents"))...),
	})
	p.environment["LOG_LEVEL"] = &c.LogLevel
	var retries *float64 // Lambda decides
	if p.scheduled {
		retries = jsii.Number(0)
	}
	function := awslambda.NewFunction(scope, &p.id, &awslambda.FunctionProps{
		FunctionName:  optional(p.name),
		Description:   &p.description,
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(&p.zip, nil),
		Timeout:       duration(p.timeout),
		MemorySize:    jsii.Number(p.memoryMiB),
		Environment:   &p.environment,
		Role:          role,
		LogGroup:      logs,
		RetryAttempts: retries,
	})
	return function, role, logs
}

// schedule adds a rule that starts a function. If EventBridge cannot hand an event to Lambda, it tries again up to retries times, until the
// event is older than maxAge.
func schedule(
	scope constructs.Construct, id, description string, when awsevents.Schedule, function awslambda.IFunction, retries int, maxAge time.Duration,
) {
	awsevents.NewRule(scope, &id, &awsevents.RuleProps{
		Description: &description,
		Schedule:    when,
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(function, &awseventstargets.LambdaFunctionProps{
			RetryAttempts: jsii.Number(retries),
			MaxEventAge:   duration(maxAge),
		})},
	})
}

// newLogGroup adds a log group. CloudFormation deletes it with the stack: logs hold no samples.
func newLogGroup(scope constructs.Construct, c config.Config, id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, &id, &awslogs.LogGroupProps{
		EncryptionKey: keyOf(scope, id, c),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newEdgePolicy adds the policy to attach to machines: send to this stream, read where to send, nothing else.
func newEdgePolicy(scope constructs.Construct, c config.Config, streamARN *string) awsiam.IManagedPolicy {
	return awsiam.NewManagedPolicy(scope, jsii.String("EdgePolicy"), &awsiam.ManagedPolicyProps{
		ManagedPolicyName: optional(c.EdgePolicyName),
		Description:       jsii.String("Collectors: send to the delivery stream and read the parameters of " + path(c)),
		Statements: &[]awsiam.PolicyStatement{
			allow(streamARN)("firehose:PutRecordBatch"),
			// All below the path, as an operator may add edge-config there. GetParametersByPath is checked against the
			// path itself.
			allow(arn(scope, "ssm", "parameter"+path(c)), arn(scope, "ssm", "parameter"+path(c)+"/*"))(
				"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
		},
	})
}

// newReaderPolicy adds the policy for people and programs that look at the samples: find the stack, query its table in its
// workgroup, nothing else.
func newReaderPolicy(
	scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog,
) awsiam.IManagedPolicy {
	statements := append(mayQuery(scope, c, bucket.BucketArn(), table.arns),
		allow(arn(scope, "ssm", "parameter"+path(c)+"/*"))("ssm:GetParameters"),
		// Athena's console lists before it shows one; these know no resources (Service Authorization Reference, Athena).
		allow(jsii.String("*"))("athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups"))
	return awsiam.NewManagedPolicy(scope, jsii.String("ReaderPolicy"), &awsiam.ManagedPolicyProps{
		ManagedPolicyName: optional(c.ReaderPolicyName),
		Description:       jsii.String("Readers: query the samples of " + path(c) + " in Athena"),
		Statements:        &statements,
	})
}

// mayQuery allows to query the table in the workgroup: what Athena needs of its caller.
func mayQuery(scope constructs.Construct, c config.Config, bucketARN *string, table []*string) []awsiam.PolicyStatement {
	below := func(folder string) *string { return jsii.String(*bucketARN + "/" + folder + "*") }
	return append(mayUseKey(c, true),
		allow(arn(scope, "athena", "workgroup/"+c.StackName))(
			"athena:BatchGetNamedQuery", "athena:BatchGetQueryExecution", "athena:GetNamedQuery", "athena:GetQueryExecution",
			"athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:ListNamedQueries",
			"athena:ListQueryExecutions", "athena:StartQueryExecution", "athena:StopQueryExecution"),
		allow(arn(scope, "athena", "datacatalog/AwsDataCatalog"))(
			"athena:GetDataCatalog", "athena:GetDatabase", "athena:GetTableMetadata", "athena:ListDatabases",
			"athena:ListTableMetadata"),
		// Athena looks at the default database before any other ("Access to the default database and catalog" in its guide).
		allow(arn(scope, "glue", "catalog"), arn(scope, "glue", "database/default"))("glue:GetDatabase"),
		allow(table...)(
			"glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
			"glue:GetTables"),
		// Without a condition on the prefix: Athena also asks for the bucket as such, and that request carries none (Athena
		// guide, "Access to Amazon S3").
		allow(bucketARN)("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
		allow(below(c.Prefix))("s3:GetObject"),
		allow(below(config.ResultFolder))("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
	)
}

// newEdgeRoles adds the roles that the configuration asks for, for machines that run edge.
func newEdgeRoles(scope constructs.Construct, c config.Config, policy awsiam.IManagedPolicy) []parameter {
	var made []parameter
	if c.EC2Role {
		role := awsiam.NewRole(scope, jsii.String("EC2Role"), &awsiam.RoleProps{
			Description:     jsii.String("EC2 instances that run edge"),
			AssumedBy:       awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
			ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
		})
		profile := awsiam.NewInstanceProfile(scope, jsii.String("EC2Profile"), &awsiam.InstanceProfileProps{Role: role})
		made = append(made, parameter{
			"EC2InstanceProfile", "ec2-instance-profile", profile.InstanceProfileName(),
			"Instance profile for EC2 instances that run edge",
		})
	}
	if c.HybridRole {
		role := awsiam.NewRole(scope, jsii.String("HybridRole"), &awsiam.RoleProps{
			Description: jsii.String("Machines outside EC2 that SSM manages and that run edge"),
			AssumedBy: service("ssm", map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
				"ArnLike":      map[string]any{"aws:SourceArn": arn(scope, "ssm", "*")},
			}),
			ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
			// What the SSM agent needs to stay registered and hand out credentials; the machine's id is given when it is
			// activated. AWS's own AmazonSSMManagedInstanceCore also opens sessions on the machine and reads every parameter
			// of the account.
			InlinePolicies: inline(allow(arn(scope, "ssm", "managed-instance/*"))("ssm:UpdateInstanceInformation")),
		})
		made = append(made, parameter{
			"HybridRoleName", "hybrid-role-name", role.RoleName(), "Role for SSM hybrid activations of machines that run edge",
		})
	}
	return made
}

// allow returns a function that allows actions on resources.
func allow(resources ...*string) func(actions ...string) awsiam.PolicyStatement {
	return func(actions ...string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings(actions...),
			Resources: &resources,
		})
	}
}

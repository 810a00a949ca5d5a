package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newEdgePolicy adds the policy to attach to machines. It allows them to send to this stream and to read the stack's parameters.
func newEdgePolicy(scope constructs.Construct, c config.Config, streamARN *string) awsiam.IManagedPolicy {
	return awsiam.NewManagedPolicy(scope, jsii.String("EdgePolicy"), &awsiam.ManagedPolicyProps{
		ManagedPolicyName: optional(c.EdgePolicyName),
		Description:       jsii.String("Collectors: send to the delivery stream and read the parameters of " + path(c)),
		Statements: &[]awsiam.PolicyStatement{
			allow(streamARN)("firehose:PutRecordBatch"),
			// Collectors read edge-config, too, which an operator may add below the path.
			allow(arn(scope, "ssm", "parameter"+path(c)+"/*"))("ssm:GetParameters"),
		},
	})
}

// newReaderPolicy adds the policy for people and programs that look at the samples. It allows them to find the stack and to query its
// tables in its workgroup.
func newReaderPolicy(
	scope constructs.Construct, c config.Config, bucket awss3.IBucket,
) awsiam.IManagedPolicy {
	statements := append(mayQuery(scope, c, bucket.BucketArn()),
		allow(arn(scope, "ssm", "parameter"+path(c)+"/*"))("ssm:GetParameters"),
		// Athena's console calls these to list what a person can choose. They cannot be limited to a resource (Service Authorization
		// Reference, Athena).
		allow(jsii.String("*"))("athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups"))
	return awsiam.NewManagedPolicy(scope, jsii.String("ReaderPolicy"), &awsiam.ManagedPolicyProps{
		ManagedPolicyName: optional(c.ReaderPolicyName),
		Description:       jsii.String("Readers: query the samples of " + path(c) + " in Athena"),
		Statements:        &statements,
	})
}

// newReplayPolicy adds the policy for people who send failed records again with dashboard failed replay. It allows them to find the
// stack, to read what is below errors/, to put records on the stream, to note what was sent, and to move objects from errors/ to
// replayed/.
func newReplayPolicy(scope constructs.Construct, c config.Config, bucket awss3.IBucket, streamARN *string) awsiam.IManagedPolicy {
	below := func(folder string) *string { return objectsBelow(bucket.BucketArn(), folder) }
	list := allow(bucket.BucketArn())("s3:ListBucket")
	list.AddCondition(jsii.String("StringLike"), map[string]any{
		"s3:prefix": jsii.Strings(config.ErrorFolder+"*", config.ReplayedFolder+"*"),
	})
	statements := append(mayUseKey(c, true),
		allow(arn(scope, "ssm", "parameter"+path(c)+"/*"))("ssm:GetParameters"),
		allow(streamARN)("firehose:PutRecordBatch"),
		list,
		allow(below(config.ErrorFolder))("s3:DeleteObject", "s3:GetObject"),
		allow(below(config.ReplayedFolder))("s3:GetObject", "s3:PutObject"))
	return awsiam.NewManagedPolicy(scope, jsii.String("ReplayPolicy"), &awsiam.ManagedPolicyProps{
		ManagedPolicyName: optional(c.ReplayPolicyName),
		Description:       jsii.String("Operators: send the failed records of " + path(c) + " again"),
		Statements:        &statements,
	})
}

// mayQuery returns statements that allow queries of the tables in the workgroup. Athena reads the catalog and the bucket with
// its caller's permissions.
func mayQuery(scope constructs.Construct, c config.Config, bucketARN *string) []awsiam.PolicyStatement {
	return append(mayUseAthena(scope, c, bucketARN),
		allow(arn(scope, "athena", "workgroup/"+c.StackName))(
			"athena:BatchGetNamedQuery", "athena:BatchGetQueryExecution", "athena:GetNamedQuery", "athena:GetQueryExecution",
			"athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:ListNamedQueries",
			"athena:ListQueryExecutions", "athena:StartQueryExecution", "athena:StopQueryExecution"),
		allow(arn(scope, "athena", "datacatalog/AwsDataCatalog"))(
			"athena:GetDataCatalog", "athena:GetDatabase", "athena:GetTableMetadata", "athena:ListDatabases",
			"athena:ListTableMetadata"),
		allow(tableARNs(scope, c, append(rollupTables(c), c.GlueTableName)...)...)(
			"glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
			"glue:GetTables"),
		allow(objectsBelow(bucketARN, c.Prefix), objectsBelow(bucketARN, config.RollupFolder))("s3:GetObject"),
	)
}

// newEdgeRoles adds the configured roles for machines that run edge. It returns the parameters by which they are found.
func newEdgeRoles(scope constructs.Construct, c config.Config, policy awsiam.IManagedPolicy) []parameter {
	var parameters []parameter
	if c.EC2Role {
		role := awsiam.NewRole(scope, jsii.String("EC2Role"), &awsiam.RoleProps{
			Description:     jsii.String("EC2 instances that run edge"),
			AssumedBy:       service("ec2", nil),
			ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
		})
		profile := awsiam.NewInstanceProfile(scope, jsii.String("EC2Profile"), &awsiam.InstanceProfileProps{Role: role})
		parameters = append(parameters, parameter{
			"EC2InstanceProfile", "ec2-instance-profile", profile.InstanceProfileName(),
			"Instance profile for EC2 instances that run edge",
		})
	}
	if c.HybridRole {
		role := awsiam.NewRole(scope, jsii.String("HybridRole"), &awsiam.RoleProps{
			Description:     jsii.String("Machines outside EC2 that SSM manages and that run edge"),
			AssumedBy:       service("ssm", fromThisAccount(arn(scope, "ssm", "*"))),
			ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
			// The SSM agent needs this action to stay registered and to hand out credentials. SSM chooses the machine's id at
			// activation, so the statement takes any id. AWS's own AmazonSSMManagedInstanceCore would allow more: sessions on
			// the machine and every parameter of the account.
			InlinePolicies: inline(allow(arn(scope, "ssm", "managed-instance/*"))("ssm:UpdateInstanceInformation")),
		})
		parameters = append(parameters, parameter{
			"HybridRoleName", "hybrid-role-name", role.RoleName(), "Role for SSM hybrid activations of machines that run edge",
		})
	}
	return parameters
}

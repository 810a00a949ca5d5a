package stack

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsathena"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// analytics is where people and dashboards query.
type analytics struct {
	workgroup *string
	results   *string // s3://bucket/folder/
}

// newAnalytics adds a workgroup whose settings its users cannot override, and the queries in it.
func newAnalytics(
	scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, named []Query,
) analytics {
	results := bucket.S3UrlForObject(jsii.String(config.ResultFolder))
	workgroup := awsathena.NewCfnWorkGroup(scope, jsii.String("WorkGroup"), &awsathena.CfnWorkGroupProps{
		Name:        &c.StackName,
		Description: jsii.String("Queries over the samples"),
		State:       jsii.String("ENABLED"),
		// The history of queries would be in the way of deleting the stack.
		RecursiveDeleteOption: jsii.Bool(true),
		WorkGroupConfiguration: &awsathena.CfnWorkGroup_WorkGroupConfigurationProperty{
			EnforceWorkGroupConfiguration:   jsii.Bool(true),
			PublishCloudWatchMetricsEnabled: jsii.Bool(true),
			RequesterPaysEnabled:            jsii.Bool(false),
			BytesScannedCutoffPerQuery:      jsii.Number(c.AthenaScanLimitGiB << 30),
			EngineVersion: &awsathena.CfnWorkGroup_EngineVersionProperty{
				SelectedEngineVersion: jsii.String("Athena engine version 3"),
			},
			ResultConfiguration: &awsathena.CfnWorkGroup_ResultConfigurationProperty{
				OutputLocation:          results,
				ExpectedBucketOwner:     awscdk.Aws_ACCOUNT_ID(),
				EncryptionConfiguration: resultEncryption(c),
			},
		},
	})
	var made []awsathena.CfnNamedQuery
	for _, q := range named {
		query := awsathena.NewCfnNamedQuery(scope, jsii.String("Query"+identifier(q.ID)), &awsathena.CfnNamedQueryProps{
			Name:        &q.Name,
			Description: &q.Description,
			Database:    table.database,
			QueryString: &q.SQL,
			WorkGroup:   workgroup.Ref(),
		})
		if n := len(made); n >= queriesAtOnce {
			query.Node().AddDependency(made[n-queriesAtOnce])
		}
		made = append(made, query)
	}
	return analytics{workgroup: workgroup.Ref(), results: results}
}

// queriesAtOnce are how many saved queries CloudFormation makes at a time. Athena takes 5 calls of CreateNamedQuery a second
// (Athena guide, "Service quotas": API call quotas), and whatever else of the account calls it counts as well.
const queriesAtOnce = 4

func resultEncryption(c config.Config) *awsathena.CfnWorkGroup_EncryptionConfigurationProperty {
	if c.KMSKeyARN == "" {
		return &awsathena.CfnWorkGroup_EncryptionConfigurationProperty{EncryptionOption: jsii.String("SSE_S3")}
	}
	return &awsathena.CfnWorkGroup_EncryptionConfigurationProperty{
		EncryptionOption: jsii.String("SSE_KMS"), KmsKey: &c.KMSKeyARN,
	}
}

// identifier makes the id of a panel, overview-cpu, that of a resource: OverviewCpu.
func identifier(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

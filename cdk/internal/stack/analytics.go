package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsathena"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// analytics names the workgroup that people and dashboards query in.
type analytics struct {
	workgroup *string
	results   *string // s3://bucket/folder/
}

// newAnalytics adds the workgroup and its saved queries. Users of the workgroup cannot override its settings.
func newAnalytics(
	scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, queries []Query,
) analytics {
	results := bucket.S3UrlForObject(jsii.String(config.ResultFolder))
	workgroup := newWorkgroup(scope, c, bucket, workgroupProps{"WorkGroup", c.StackName, "Queries over the samples", c.AthenaScanLimitGiB})
	var saved []awsathena.CfnNamedQuery
	for _, q := range queries {
		query := awsathena.NewCfnNamedQuery(scope, jsii.String("Query"+logicalID(q.ID)), &awsathena.CfnNamedQueryProps{
			Name:        &q.Name,
			Description: &q.Description,
			Database:    table.database,
			QueryString: &q.SQL,
			WorkGroup:   workgroup,
		})
		if n := len(saved); n >= queriesAtOnce {
			query.Node().AddDependency(saved[n-queriesAtOnce])
		}
		saved = append(saved, query)
	}
	return analytics{workgroup: workgroup, results: results}
}

// workgroupProps describe a workgroup. A query in it may read scanGiB at most.
type workgroupProps struct {
	id, name, description string
	scanGiB               int
}

// newWorkgroup adds a workgroup and returns a reference to its name.
func newWorkgroup(scope constructs.Construct, c config.Config, bucket awss3.IBucket, p workgroupProps) *string {
	return awsathena.NewCfnWorkGroup(scope, &p.id, &awsathena.CfnWorkGroupProps{
		Name:        &p.name,
		Description: &p.description,
		State:       jsii.String("ENABLED"),
		// Without it CloudFormation cannot delete a workgroup in which a query has run.
		RecursiveDeleteOption: jsii.Bool(true),
		WorkGroupConfiguration: &awsathena.CfnWorkGroup_WorkGroupConfigurationProperty{
			EnforceWorkGroupConfiguration:   jsii.Bool(true),
			PublishCloudWatchMetricsEnabled: jsii.Bool(true),
			RequesterPaysEnabled:            jsii.Bool(false),
			BytesScannedCutoffPerQuery:      jsii.Number(p.scanGiB << 30),
			EngineVersion: &awsathena.CfnWorkGroup_EngineVersionProperty{
				SelectedEngineVersion: jsii.String("Athena engine version 3"),
			},
			ResultConfiguration: &awsathena.CfnWorkGroup_ResultConfigurationProperty{
				OutputLocation:          bucket.S3UrlForObject(jsii.String(config.ResultFolder)),
				ExpectedBucketOwner:     awscdk.Aws_ACCOUNT_ID(),
				EncryptionConfiguration: resultEncryption(c),
			},
		},
	}).Ref()
}

// queriesAtOnce is how many saved queries CloudFormation creates at a time. Athena takes 5 calls of CreateNamedQuery a second
// from the whole account (Athena guide, "Service quotas": API call quotas). One is left for other callers.
const queriesAtOnce = 4

func resultEncryption(c config.Config) *awsathena.CfnWorkGroup_EncryptionConfigurationProperty {
	if c.KMSKeyARN == "" {
		return &awsathena.CfnWorkGroup_EncryptionConfigurationProperty{EncryptionOption: jsii.String("SSE_S3")}
	}
	return &awsathena.CfnWorkGroup_EncryptionConfigurationProperty{
		EncryptionOption: jsii.String("SSE_KMS"), KmsKey: &c.KMSKeyARN,
	}
}

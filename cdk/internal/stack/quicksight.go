package stack

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsquicksight"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/quicksight"
)

// NewQuickSight adds a second stack with the QuickSight dashboard, its data source and its data sets. The configured principal
// may use them. It is a separate stack, deployed after the pipeline, so that an error in QuickSight does not roll the pipeline
// back. The data sets query Athena when somebody looks at them; QuickSight copies no samples. The account must already have
// signed up for QuickSight, because CloudFormation cannot do that.
func NewQuickSight(app constructs.Construct, c config.Config, pipeline awscdk.Stack) (awscdk.Stack, error) {
	board, err := quicksight.New(c.GlueDatabaseName, c.GlueTableName, delay(c))
	if err != nil {
		return nil, err
	}
	// CloudFormation takes a template of one megabyte at most. Indentation would need a quarter of that.
	scope := newStack(app, c, c.StackName+"-QuickSight", "Metrics Dashboard: QuickSight dashboard of the panels", true)
	awscdk.Validations_Of(scope).Acknowledge(&awscdk.Acknowledgment{
		Id:     jsii.String("Annotation::@aws-cdk/core:Stack.templateSize"),
		Reason: jsii.String("the CDK warns from 800,000 bytes on; a test keeps the template below 900,000"),
	})
	scope.AddStackDependency(pipeline, jsii.String("it reads the pipeline's parameters"))
	role := newQuickSightRole(scope, c)
	source := awsquicksight.NewCfnDataSource(scope, jsii.String("QuickSightSource"), &awsquicksight.CfnDataSourceProps{
		AwsAccountId: awscdk.Aws_ACCOUNT_ID(),
		DataSourceId: &c.StackName,
		Name:         &c.StackName,
		Type:         jsii.String("ATHENA"),
		DataSourceParameters: &awsquicksight.CfnDataSource_DataSourceParametersProperty{
			AthenaParameters: &awsquicksight.CfnDataSource_AthenaParametersProperty{
				WorkGroup: &c.StackName, // it limits how much a query may read
				RoleArn:   role.RoleArn(),
			},
		},
		Permissions: []any{&awsquicksight.CfnDataSource_ResourcePermissionProperty{
			Principal: &c.QuickSightPrincipalARN, Actions: quickSightActions(useDataSource),
		}},
	})
	arns := map[string]*string{}
	for _, set := range board.DataSets {
		arns[set.ID] = newDataSet(scope, c, source, set).AttrArn()
	}
	dashboard := awsquicksight.NewCfnDashboard(scope, jsii.String("QuickSightDashboard"), &awsquicksight.CfnDashboardProps{
		AwsAccountId: awscdk.Aws_ACCOUNT_ID(),
		DashboardId:  &c.StackName,
		Name:         &c.StackName,
		Permissions: []any{&awsquicksight.CfnDashboard_ResourcePermissionProperty{
			Principal: &c.QuickSightPrincipalARN, Actions: quickSightActions(ownDashboard),
		}},
		// A visual with an error shows it on the dashboard and does not make the deployment fail.
		ValidationStrategy: &awsquicksight.CfnDashboard_ValidationStrategyProperty{Mode: jsii.String("LENIENT")},
	})
	dashboard.AddPropertyOverride(jsii.String("Definition"), board.Definition(func(id string) *string { return arns[id] }))
	newDiscovery(scope, c, []parameter{{
		"QuickSightDashboardArn", "quicksight-dashboard-arn", dashboard.AttrArn(), "QuickSight dashboard of the panels",
	}})
	return scope, nil
}

func newDataSet(
	scope constructs.Construct, c config.Config, source awsquicksight.CfnDataSource, set quicksight.DataSet,
) awsquicksight.CfnDataSet {
	var columns []any
	for _, column := range set.Columns {
		columns = append(columns, &awsquicksight.CfnDataSet_InputColumnProperty{Name: &column.Name, Type: &column.Type})
	}
	props := &awsquicksight.CfnDataSetProps{
		AwsAccountId: awscdk.Aws_ACCOUNT_ID(),
		DataSetId:    jsii.String(c.StackName + "-" + set.ID),
		Name:         jsii.String(fmt.Sprintf("%.90s %s", c.StackName, set.ID)), // at most 128 characters
		ImportMode:   jsii.String("DIRECT_QUERY"),
		PhysicalTableMap: map[string]any{quicksight.PhysicalTable: &awsquicksight.CfnDataSet_PhysicalTableProperty{
			CustomSql: &awsquicksight.CfnDataSet_CustomSqlProperty{
				DataSourceArn: source.AttrArn(), Name: &set.ID, SqlQuery: &set.SQL, Columns: columns,
			},
		}},
		Permissions: []any{&awsquicksight.CfnDataSet_ResourcePermissionProperty{
			Principal: &c.QuickSightPrincipalARN, Actions: quickSightActions(useDataSet),
		}},
	}
	if parameters := dataSetParameters(set); parameters != nil {
		props.DatasetParameters = parameters
	}
	resource := awsquicksight.NewCfnDataSet(scope, jsii.String("QuickSight"+logicalID(set.ID)), props)
	if logical := set.Logical(); logical != nil {
		resource.AddPropertyOverride(jsii.String("LogicalTableMap"), logical)
		// LogicalTableMap is deprecated in favour of DataPrepConfiguration. No public example shows DataPrepConfiguration
		// with parameters of a direct query.
		awscdk.Validations_Of(resource).Acknowledge(&awscdk.Acknowledgment{
			Id:     jsii.String("CloudFormation-Validate::W9009"),
			Reason: jsii.String("the only form of calculated fields that is known to work with parameters of a direct query"),
		})
	}
	return resource
}

func dataSetParameters(set quicksight.DataSet) []any {
	const single = "SINGLE_VALUED"
	var list []any
	for _, p := range set.Parameters {
		if p.Text == "" {
			list = append(list, &awsquicksight.CfnDataSet_DatasetParameterProperty{
				IntegerDatasetParameter: &awsquicksight.CfnDataSet_IntegerDatasetParameterProperty{
					Id: &p.Name, Name: &p.Name, ValueType: jsii.String(single),
					DefaultValues: &awsquicksight.CfnDataSet_IntegerDatasetParameterDefaultValuesProperty{
						StaticValues: []any{p.Number},
					},
				},
			})
			continue
		}
		list = append(list, &awsquicksight.CfnDataSet_DatasetParameterProperty{
			StringDatasetParameter: &awsquicksight.CfnDataSet_StringDatasetParameterProperty{
				Id: &p.Name, Name: &p.Name, ValueType: jsii.String(single),
				DefaultValues: &awsquicksight.CfnDataSet_StringDatasetParameterDefaultValuesProperty{
					StaticValues: jsii.Strings(p.Text),
				},
			},
		})
	}
	return list
}

// The actions of the principal. For the data source and the data sets they are those of a viewer, who can use them in other
// dashboards. For the dashboard they are an owner's, because a principal needs them to share it. QuickSight offers a viewer's
// and an owner's set of actions (user guide, "Sharing"). Whether it takes a part of a set was not tried.
const (
	useDataSource = "DescribeDataSource DescribeDataSourcePermissions PassDataSource"
	useDataSet    = "DescribeDataSet DescribeDataSetPermissions DescribeIngestion ListIngestions PassDataSet"
	ownDashboard  = "DeleteDashboard DescribeDashboard DescribeDashboardPermissions ListDashboardVersions QueryDashboard " +
		"UpdateDashboard UpdateDashboardPermissions UpdateDashboardPublishedVersion"
)

func quickSightActions(names string) *[]*string {
	var actions []*string
	for name := range strings.FieldsSeq(names) {
		actions = append(actions, jsii.String("quicksight:"+name))
	}
	return &actions
}

// newQuickSightRole adds the role that QuickSight assumes to query. It may use this workgroup, the tables of samples and rollups, and their folders.
// Without it QuickSight would use its own role, which somebody would have to give access in QuickSight's console.
// CloudFormation looks up the bucket's name at deployment; an exported output would tie the pipeline to this stack.
func newQuickSightRole(scope constructs.Construct, c config.Config) awsiam.IRole {
	name := awsssm.StringParameter_ValueForStringParameter(scope, jsii.String(path(c)+"/"+parameterBucket), nil)
	bucket := awss3.Bucket_FromBucketName(scope, jsii.String("Bucket"), name)
	return awsiam.NewRole(scope, jsii.String("QuickSightRole"), &awsiam.RoleProps{
		Description:    jsii.String("QuickSight: query the samples in Athena"),
		AssumedBy:      service("quicksight", nil),
		InlinePolicies: inline(mayQuery(scope, c, bucket.BucketArn())...),
	})
}

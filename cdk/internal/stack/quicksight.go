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

// NewQuickSight adds a stack of its own with the QuickSight dashboard, its data source and data sets, for the principal of the
// configuration: what QuickSight finds fault with must not roll back the pipeline, which is deployed before. They query
// Athena as they are shown: nothing is copied, and nothing costs while nobody looks. The account must have signed up for
// QuickSight, which no stack can do.
func NewQuickSight(app constructs.Construct, c config.Config, pipeline awscdk.Stack) (awscdk.Stack, error) {
	board, err := quicksight.New(`"`+c.GlueDatabaseName+`"."`+c.GlueTableName+`"`, delay(c))
	if err != nil {
		return nil, err
	}
	scope := newStack(app, c, c.StackName+"-QuickSight", "Metrics Dashboard: QuickSight dashboard of the panels")
	scope.AddStackDependency(pipeline, jsii.String("it reads the pipeline's parameters"))
	role := newQuickSightRole(scope, c)
	source := awsquicksight.NewCfnDataSource(scope, jsii.String("QuickSightSource"), &awsquicksight.CfnDataSourceProps{
		AwsAccountId: awscdk.Aws_ACCOUNT_ID(),
		DataSourceId: &c.StackName,
		Name:         &c.StackName,
		Type:         jsii.String("ATHENA"),
		DataSourceParameters: &awsquicksight.CfnDataSource_DataSourceParametersProperty{
			AthenaParameters: &awsquicksight.CfnDataSource_AthenaParametersProperty{
				WorkGroup: &c.StackName, // where the limit on what a query reads holds
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
		// A visual that QuickSight finds fault with says so where it is shown; it does not roll the pipeline back.
		ValidationStrategy: &awsquicksight.CfnDashboard_ValidationStrategyProperty{Mode: jsii.String("LENIENT")},
	})
	dashboard.AddPropertyOverride(jsii.String("Definition"), board.Definition(func(id string) *string { return arns[id] }))
	newDiscovery(scope, c, []parameter{{
		"QuickSightDashboardArn", "quicksight-dashboard-arn", dashboard.AttrArn(), "QuickSight dashboard of the panels",
	}})
	return scope, nil
}

// newDataSet adds a data set.
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
		Name:         jsii.String(fmt.Sprintf("%.90s %s", c.StackName, set.ID)), // 128 at most
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
	made := awsquicksight.NewCfnDataSet(scope, jsii.String("QuickSight"+identifier(set.ID)), props)
	if logical := set.Logical(); logical != nil {
		made.AddPropertyOverride(jsii.String("LogicalTableMap"), logical)
		// Deprecated in favour of DataPrepConfiguration, which serves QuickSight's newer data preparation and of which no
		// example with parameters of a direct query could be found.
		awscdk.Validations_Of(made).Acknowledge(&awscdk.Acknowledgment{
			Id:     jsii.String("CloudFormation-Validate::W9009"),
			Reason: jsii.String("the form of calculated fields that is known to go with parameters of a direct query"),
		})
	}
	return made
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

// What the principal may do. QuickSight takes these sets of actions only, not parts of them: those of a viewer for what the
// stack keeps up to date, which are enough to use it in dashboards of one's own, and those of an owner for the dashboard,
// which are what it takes to share it.
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

// newQuickSightRole adds the role that QuickSight queries as: this workgroup, this table, these folders. Without a role of
// the data source QuickSight would take its own, which somebody has to give access in its console. The bucket's name is
// looked up when the stack is deployed: an export would tie the pipeline to this stack.
func newQuickSightRole(scope constructs.Construct, c config.Config) awsiam.IRole {
	name := awsssm.StringParameter_ValueForStringParameter(scope, jsii.String(path(c)+"/"+parameterBucket), nil)
	bucket := awss3.Bucket_FromBucketName(scope, jsii.String("Bucket"), name)
	return awsiam.NewRole(scope, jsii.String("QuickSightRole"), &awsiam.RoleProps{
		Description:    jsii.String("QuickSight: query the samples in Athena"),
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("quicksight.amazonaws.com"), nil),
		InlinePolicies: inline(mayQuery(scope, c, bucket.BucketArn(), tableARNs(scope, c))...),
	})
}

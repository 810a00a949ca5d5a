package stack

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsglue"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// catalog is the table of all samples.
type catalog struct {
	database *string
	name     *string
	arns     []*string // of all that reading the table's definition touches
}

// newCatalog adds the database and the table. Both are definitions without data, made again by the next deployment: they
// go with the stack whatever becomes of the bucket, as a database that stays would be in the way of it.
func newCatalog(scope constructs.Construct, c config.Config, bucket awss3.IBucket) catalog {
	database := awsglue.NewDatabase(scope, jsii.String("Database"), &awsglue.DatabaseProps{
		DatabaseName:  &c.GlueDatabaseName,
		Description:   jsii.String("Metrics Dashboard"),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	var columns []*awsglue.Column
	for _, column := range record.Columns() {
		columns = append(columns, &awsglue.Column{
			Name: &column.Name,
			// Package record spells types as Glue does.
			Type:    awsglue.Schema_Custom(jsii.String(string(column.Type)), nil),
			Comment: &column.Comment,
		})
	}
	var keys []*awsglue.Column
	for _, key := range record.PartitionKeys() {
		keys = append(keys, &awsglue.Column{Name: &key, Type: awsglue.Schema_STRING()})
	}
	table := awsglue.NewS3Table(scope, jsii.String("Table"), &awsglue.S3TableProps{
		Database:            database,
		TableName:           &c.GlueTableName,
		Description:         jsii.String("One row per sample of one machine, partitioned by the UTC hour it was taken in"),
		Columns:             &columns,
		PartitionKeys:       &keys,
		DataFormat:          awsglue.DataFormat_PARQUET(),
		Storage:             awsglue.S3TableStorage_FromBucket(bucket),
		S3Prefix:            &c.Prefix,
		PartitionProjection: projection(c.FirstYear),
	})
	table.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	// What a crawler finds of Parquet files. If the table says nothing, Glue takes the difference for a change of the table
	// and registers no partition: github.com/aws-solutions-library-samples/cloud-intelligence-dashboards-data-collection,
	// issue 463, mended by its pull request 462.
	table.TableResource().AddPropertyOverride(jsii.String("TableInput.Parameters.compressionType"), jsii.String("none"))
	// The construct sets this flag of client-side encryption, and as a boolean where Glue takes strings. S3 decrypts by
	// itself.
	table.TableResource().AddPropertyDeletionOverride(jsii.String("TableInput.Parameters.has_encrypted_data"))
	return catalog{
		database: database.DatabaseName(),
		name:     table.TableName(),
		arns:     tableARNs(scope, c),
	}
}

// tableARNs are of all that reading the table's definition touches. They are made of names, so that a role which may read it
// can be there long before it, and in another stack.
func tableARNs(scope constructs.Construct, c config.Config) []*string {
	return []*string{
		arn(scope, "glue", "catalog"), arn(scope, "glue", "database/"+c.GlueDatabaseName),
		arn(scope, "glue", "table/"+c.GlueDatabaseName+"/"+c.GlueTableName),
	}
}

// projection lets Athena compute the partitions, so that it sees a new hour at once and needs no crawler. The years end with
// the current one by themselves, and begin where the stack does: a query without a time range lists 8,928 folders for each.
// Source: Athena guide, "Supported types for partition projection": a date of a format, to NOW. Deployments use it for a column
// of years: "projection.year.format" with "yyyy" and "2025,NOW" is in many public repositories.
func projection(firstYear int) *map[string]awsglue.PartitionProjectionConfiguration {
	return &map[string]awsglue.PartitionProjectionConfiguration{
		"year": awsglue.PartitionProjectionConfiguration_Date(&awsglue.DatePartitionProjectionConfigurationProps{
			Min:    jsii.String(strconv.Itoa(firstYear)),
			Max:    jsii.String("NOW"),
			Format: jsii.String("yyyy"),
			Step:   &awsglue.DateProjectionStep{Interval: jsii.Number(1), IntervalUnit: awsglue.DateIntervalUnit_YEARS},
		}),
		"month": integers(1, 12),
		"day":   integers(1, 31),
		"hour":  integers(0, 23),
	}
}

// integers are the whole numbers from low to high, in two digits.
func integers(low, high int) awsglue.PartitionProjectionConfiguration {
	return awsglue.PartitionProjectionConfiguration_Integer(&awsglue.IntegerPartitionProjectionConfigurationProps{
		Min:    jsii.Number(low),
		Max:    jsii.Number(high),
		Digits: jsii.Number(2),
	})
}

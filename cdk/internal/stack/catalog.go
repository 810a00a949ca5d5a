package stack

import (
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

// The years that Athena looks for. The first is the earliest that the transform takes; a sample after the last would be
// stored and not found, so that it lies far ahead. Bounded, because a query without a filter tries every hour.
const (
	firstYear = 2020
	lastYear  = 2039
)

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
		PartitionProjection: projection(),
	})
	table.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	// The construct sets this flag of client-side encryption, and as a boolean where Glue takes strings. S3 decrypts by
	// itself.
	table.TableResource().AddPropertyDeletionOverride(jsii.String("TableInput.Parameters.has_encrypted_data"))
	return catalog{
		database: database.DatabaseName(),
		name:     table.TableName(),
		arns:     []*string{arn(scope, "glue", "catalog"), database.DatabaseArn(), table.TableArn()},
	}
}

// projection lets Athena compute the partitions, so that it sees a new hour at once and needs no crawler.
func projection() *map[string]awsglue.PartitionProjectionConfiguration {
	return &map[string]awsglue.PartitionProjectionConfiguration{
		"year":  integers(firstYear, lastYear, 4),
		"month": integers(1, 12, 2),
		"day":   integers(1, 31, 2),
		"hour":  integers(0, 23, 2),
	}
}

// integers are the whole numbers from low to high, zero-padded to digits.
func integers(low, high, digits int) awsglue.PartitionProjectionConfiguration {
	return awsglue.PartitionProjectionConfiguration_Integer(&awsglue.IntegerPartitionProjectionConfigurationProps{
		Min:    jsii.Number(low),
		Max:    jsii.Number(high),
		Digits: jsii.Number(digits),
	})
}

package stack

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsglue"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// catalog holds the names of the Glue table of all samples and of its database.
type catalog struct {
	database *string
	name     *string
	arns     []*string // see tableARNs
}

// newCatalog adds the database and the tables. CloudFormation deletes them with the stack, even if the bucket stays. They hold no
// samples, and the next deployment creates them again; it would fail if the database were left. The partitions of the rollups' tables
// are lost too. The function of the rollups makes them again: see docs/operations.md.
func newCatalog(scope constructs.Construct, c config.Config, bucket awss3.IBucket) catalog {
	database := awsglue.NewDatabase(scope, jsii.String("Database"), &awsglue.DatabaseProps{
		DatabaseName:  &c.GlueDatabaseName,
		Description:   jsii.String("Metrics Dashboard"),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	table := newTable(scope, "Table", database, awsglue.S3TableProps{
		TableName:           &c.GlueTableName,
		Description:         jsii.String("One row per sample of one machine, partitioned by the UTC hour it was taken in"),
		Storage:             awsglue.S3TableStorage_FromBucket(bucket),
		S3Prefix:            &c.Prefix,
		PartitionProjection: projection(c.FirstYear),
	}, record.Columns(), record.PartitionKeys())
	newRollupTables(scope, c, database, bucket)
	return catalog{
		database: database.DatabaseName(),
		name:     table.TableName(),
		arns:     tableARNs(scope, c, c.GlueTableName),
	}
}

// comment returns the comment of a column in the table. It adds the OpenTelemetry names of the column and of its fields.
func comment(c record.Column) string {
	var names []string
	for _, of := range append([]record.Column{c}, c.Fields...) {
		name := of.OTel
		if of.OTelAttribute != "" {
			name += "{" + of.OTelAttribute + "}"
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return c.Comment
	}
	return c.Comment + " (OpenTelemetry: " + strings.Join(names, ", ") + ")"
}

// newTable adds a table of Parquet files. It sets the database, the columns and the format; the caller sets the other properties.
func newTable(
	scope constructs.Construct, id string, database awsglue.IDatabase, properties awsglue.S3TableProps, of []record.Column, partitionKeys []string,
) awsglue.S3Table {
	var columns []*awsglue.Column
	for _, column := range of {
		columns = append(columns, &awsglue.Column{
			Name: &column.Name,
			// Package record spells types as Glue does.
			Type:    awsglue.Schema_Custom(jsii.String(string(column.Type)), nil),
			Comment: jsii.String(comment(column)),
		})
	}
	var keys []*awsglue.Column
	for _, key := range partitionKeys {
		keys = append(keys, &awsglue.Column{Name: &key, Type: awsglue.Schema_STRING()})
	}
	properties.Database, properties.Columns, properties.PartitionKeys = database, &columns, &keys
	properties.DataFormat = awsglue.DataFormat_PARQUET()
	table := awsglue.NewS3Table(scope, &id, &properties)
	table.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	// A crawler reports this compression type for Parquet files. If the table has no compression type, Glue sees a changed
	// table and registers no partition. Source: github.com/aws-solutions-library-samples/
	// cloud-intelligence-dashboards-data-collection, issue 463 and pull request 462.
	table.TableResource().AddPropertyOverride(jsii.String("TableInput.Parameters.compressionType"), jsii.String("none"))
	// The construct sets this flag of client-side encryption as a boolean, but Glue takes strings. The table does not need
	// it: S3 decrypts the objects.
	table.TableResource().AddPropertyDeletionOverride(jsii.String("TableInput.Parameters.has_encrypted_data"))
	return table
}

// tableARNs returns the ARNs that a reader of tables' definitions needs access to. They are made of names and refer to no resource. So
// a role can exist before the tables, or in another stack.
func tableARNs(scope constructs.Construct, c config.Config, tables ...string) []*string {
	arns := []*string{arn(scope, "glue", "catalog"), arn(scope, "glue", "database/"+c.GlueDatabaseName)}
	for _, table := range tables {
		arns = append(arns, arn(scope, "glue", "table/"+c.GlueDatabaseName+"/"+table))
	}
	return arns
}

// projection lets Athena compute the partitions. Athena then finds a new hour at once and needs no crawler. The years run from
// firstYear to the current year. A query without a time range lists 8,928 folders for each year.
// Source: Athena guide, "Supported types for partition projection": type date, with a format and a range up to NOW. Many public
// repositories use "projection.year.format" with "yyyy" and "2025,NOW".
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

// integers projects the whole numbers from low to high, written with two digits.
func integers(low, high int) awsglue.PartitionProjectionConfiguration {
	return awsglue.PartitionProjectionConfiguration_Integer(&awsglue.IntegerPartitionProjectionConfigurationProps{
		Min:    jsii.Number(low),
		Max:    jsii.Number(high),
		Digits: jsii.Number(2),
	})
}

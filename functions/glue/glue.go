// Package glue reads and changes partitions of the tables of one database in the AWS Glue Data Catalog, for Lambda functions.
package glue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

// Database is a database of the catalog. It is safe for concurrent use.
type Database struct {
	api  *glue.Client
	name string

	mu     sync.Mutex // guards tables
	tables map[string]types.StorageDescriptor
}

// New returns the database of this name.
func New(cfg aws.Config, name string) *Database {
	return &Database{api: glue.NewFromConfig(cfg), name: name, tables: map[string]types.StorageDescriptor{}}
}

// Partitions returns the partitions of a table with any of these values of the keys year and month. nil means all partitions.
func (d *Database) Partitions(ctx context.Context, table string, months [][2]string) (list []rollup.Partition, err error) {
	var expressions []*string
	for some := range slices.Chunk(months, monthsAtOnce) {
		var conditions []string
		for _, m := range some {
			conditions = append(conditions, fmt.Sprintf("(year = '%s' AND month = '%s')", m[0], m[1]))
		}
		expressions = append(expressions, aws.String(strings.Join(conditions, " OR ")))
	}
	if months == nil {
		expressions = []*string{nil}
	}
	for _, expression := range expressions {
		pages := glue.NewGetPartitionsPaginator(d.api, &glue.GetPartitionsInput{
			DatabaseName: &d.name, TableName: &table, Expression: expression, ExcludeColumnSchema: aws.Bool(true),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("list partitions of %s.%s: %w", d.name, table, err)
			}
			for _, p := range page.Partitions {
				list = append(list, partitionOf(p))
			}
		}
	}
	return list, nil
}

// monthsAtOnce keeps the expression of a request short; it may have 2,048 characters (Glue API, GetPartitions).
const monthsAtOnce = 24

func partitionOf(p types.Partition) rollup.Partition {
	found := rollup.Partition{Values: p.Values, Sources: p.Parameters[panels.SourcesKey]}
	if p.StorageDescriptor != nil {
		found.Location = aws.ToString(p.StorageDescriptor.Location)
	}
	return found
}

// Partition returns one partition; ok is false if there is none.
func (d *Database) Partition(ctx context.Context, table string, values []string) (p rollup.Partition, ok bool, err error) {
	out, err := d.api.GetPartition(ctx, &glue.GetPartitionInput{DatabaseName: &d.name, TableName: &table, PartitionValues: values})
	var missing *types.EntityNotFoundException
	switch {
	case errors.As(err, &missing):
		return p, false, nil
	case err != nil:
		return p, false, fmt.Errorf("look up partition %v of %s.%s: %w", values, d.name, table, err)
	case out.Partition == nil:
		return p, false, nil
	}
	return partitionOf(*out.Partition), true, nil
}

// Point creates the partition, or changes the one of these values, by one call that changes the location and the parameters at once. Its
// columns and format are those of the table.
func (d *Database) Point(ctx context.Context, table string, p rollup.Partition) error {
	input, err := d.input(ctx, table, p)
	if err == nil {
		_, err = d.api.CreatePartition(ctx, &glue.CreatePartitionInput{DatabaseName: &d.name, TableName: &table, PartitionInput: input})
		var exists *types.AlreadyExistsException
		if errors.As(err, &exists) {
			_, err = d.api.UpdatePartition(ctx, &glue.UpdatePartitionInput{
				DatabaseName: &d.name, TableName: &table, PartitionValueList: p.Values, PartitionInput: input,
			})
		}
	}
	if err != nil {
		return fmt.Errorf("point partition %v of %s.%s at %s: %w", p.Values, d.name, table, p.Location, err)
	}
	return nil
}

// input describes a partition for the catalog.
func (d *Database) input(ctx context.Context, table string, p rollup.Partition) (*types.PartitionInput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	storage, ok := d.tables[table]
	if !ok {
		out, err := d.api.GetTable(ctx, &glue.GetTableInput{DatabaseName: &d.name, Name: &table})
		switch {
		case err != nil:
			return nil, err
		case out.Table == nil || out.Table.StorageDescriptor == nil:
			return nil, errors.New("the table has no description of its storage")
		}
		storage = *out.Table.StorageDescriptor
		d.tables[table] = storage
	}
	storage.Location = &p.Location
	return &types.PartitionInput{
		Values: p.Values, StorageDescriptor: &storage, Parameters: map[string]string{panels.SourcesKey: p.Sources},
	}, nil
}

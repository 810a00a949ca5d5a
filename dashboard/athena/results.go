package athena

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// pageRows is the greatest number of rows in one answer of GetQueryResults.
const pageRows = 1000

// results hands the rows of a successful query to sink.
func (e *Engine) results(ctx context.Context, id string, execution *types.QueryExecution, sink panels.Sink) error {
	pages := athena.NewGetQueryResultsPaginator(e.client,
		&athena.GetQueryResultsInput{QueryExecutionId: &id, MaxResults: aws.Int32(pageRows)},
		func(o *athena.GetQueryResultsPaginatorOptions) { o.StopOnDuplicateToken = true })
	var columns []panels.Column
	var values []any
	for first := true; pages.HasMorePages(); first = false {
		page, err := pages.NextPage(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("fetch the answer of query %s: %w", id, explain(err))
		case page.ResultSet == nil:
			return fmt.Errorf("fetch the answer of query %s: Athena sent no result set", id)
		}
		rows := page.ResultSet.Rows
		if first {
			if columns, err = columnsOf(page.ResultSet.ResultSetMetadata); err != nil {
				return fmt.Errorf("query %s: %w", id, err)
			}
			if err := sink.Begin(columns); err != nil {
				return err
			}
			values = make([]any, len(columns))
			rows = withoutHeader(rows, columns, execution.StatementType)
		}
		for _, row := range rows {
			if err := decode(row, columns, values); err != nil {
				return fmt.Errorf("query %s: %w", id, err)
			}
			switch err := sink.Row(values); {
			case errors.Is(err, panels.ErrEnough):
				return nil
			case err != nil:
				return err
			}
		}
	}
	return nil
}

func columnsOf(metadata *types.ResultSetMetadata) ([]panels.Column, error) {
	if metadata == nil {
		return nil, errors.New("the answer of Athena does not describe its columns")
	}
	columns := make([]panels.Column, len(metadata.ColumnInfo))
	for i, c := range metadata.ColumnInfo {
		columns[i] = panels.Column{Name: aws.ToString(c.Name), Type: aws.ToString(c.Type)}
	}
	return columns, nil
}

// withoutHeader drops the first row of a query's answer, which repeats the names of the columns. The answers of other
// statements, such as SHOW, have no such row.
func withoutHeader(rows []types.Row, columns []panels.Column, kind types.StatementType) []types.Row {
	if kind != types.StatementTypeDml || len(rows) == 0 || len(rows[0].Data) != len(columns) {
		return rows
	}
	for i, cell := range rows[0].Data {
		if aws.ToString(cell.VarCharValue) != columns[i].Name {
			return rows
		}
	}
	return rows[1:]
}

// decode reads a row into values, one for each column.
func decode(row types.Row, columns []panels.Column, values []any) error {
	if len(row.Data) != len(columns) {
		return fmt.Errorf("a row has %d values, but the answer has %d columns", len(row.Data), len(columns))
	}
	for i, cell := range row.Data {
		values[i] = nil
		if cell.VarCharValue == nil {
			continue
		}
		v, err := valueOf(*cell.VarCharValue, columns[i].Type)
		if err != nil {
			return fmt.Errorf("column %s: %w", columns[i].Name, err)
		}
		values[i] = v
	}
	return nil
}

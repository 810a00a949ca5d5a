package convert

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Writer writes one Parquet file. It compresses with Snappy and makes one row group.
type Writer struct {
	w *parquet.GenericWriter[any]
}

// pageBytes is the size of a page before compression. Small pages keep memory low: about a hundred columns are written at once.
const pageBytes = 256 << 10

// NewWriter returns a writer of a file with the columns of the converter's table.
func (c *Converter) NewWriter(out io.Writer) *Writer {
	return &Writer{parquet.NewGenericWriter[any](out, c.schema,
		parquet.CreatedBy("metrics-dashboard-local", "1", ""),
		parquet.Compression(&parquet.Snappy),
		parquet.PageBufferSize(pageBytes),
		parquet.DataPageStatistics(false), // the column index holds them already
	)}
}

// Write appends rows to the file. A NULL in a list costs 25 ns for each field of its elements, because parquet-go appends the values of a
// repeated column row by row.
func (w *Writer) Write(rows *Columns) error {
	for at := range rows.filled {
		rows.fill(at)
	}
	for i, column := range w.w.ColumnWriters() {
		if _, err := column.WriteRowValues(rows.leafs[i]); err != nil {
			return fmt.Errorf("write column %d: %w", i, err)
		}
	}
	return nil
}

// Close finishes the file.
func (w *Writer) Close() error { return w.w.Close() }

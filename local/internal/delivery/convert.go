package delivery

import (
	"errors"
	"io"
	"runtime"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
)

// chunkBytes is how much JSON one goroutine converts at a time. The values of a chunk fit into the cache of a processor.
const chunkBytes = 128 << 10

// convert writes payloads as one Parquet file and returns the number of its rows. A payload that cannot be converted becomes a failed
// record. Goroutines convert chunks in parallel; the chunks are written in order.
func (w *objectWriter) convert(out io.Writer, payloads []payload) (rows int64, err error) {
	type chunk struct {
		columns  *convert.Columns
		failures []failedRecord
	}
	file := w.engine.converter.NewWriter(out)
	free := make(chan *convert.Columns, runtime.GOMAXPROCS(0)+1)
	for range cap(free) {
		free <- w.engine.converter.NewColumns()
	}
	work := make(chan chan chunk, cap(free))
	go func() {
		defer close(work)
		for len(payloads) > 0 {
			n, size := 0, 0
			for n < len(payloads) && size < chunkBytes {
				size += len(payloads[n].data)
				n++
			}
			part, done, columns := payloads[:n], make(chan chunk, 1), <-free
			payloads = payloads[n:]
			work <- done
			go func() {
				c := chunk{columns: columns}
				for _, p := range part {
					if err := columns.Add(p.data); err != nil {
						c.failures = append(c.failures, failedRecord{p.seq, p.arrival, w.newConversionFailure(err)})
					}
				}
				done <- c
			}()
		}
	}()
	for done := range work {
		c := <-done
		if err == nil {
			err = file.Write(c.columns)
		}
		rows += int64(c.columns.Rows())
		w.failures = append(w.failures, c.failures...)
		c.columns.Reset()
		free <- c.columns
	}
	return rows, errors.Join(err, file.Close())
}

func (w *objectWriter) newConversionFailure(err error) failure {
	f := failure{errorType: typeConversion, code: convert.CodeMalformed, message: err.Error(), attempts: 1, at: w.engine.now()}
	if conversion := (*convert.Error)(nil); errors.As(err, &conversion) {
		f.code, f.message = conversion.Code, conversion.Message
	}
	return f
}

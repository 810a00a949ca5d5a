package lake

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// footer is what the catalog keeps of a file. A file that changed is read again.
type footer struct {
	size     int64
	modified time.Time
	columns  map[string]bool
	// shape is equal for files whose columns have equal names and types, so that DuckDB can read them together.
	shape string
	err   error
}

// footerOf returns a file's footer, or why it is not a data file: a half-written file has none.
func (c *catalog) footerOf(path string) (footer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return footer{}, err
	}
	c.mu.Lock()
	f, ok := c.footers[path]
	c.mu.Unlock()
	if !ok || f.size != info.Size() || !f.modified.Equal(info.ModTime()) {
		f = readFooter(path)
		f.size, f.modified = info.Size(), info.ModTime()
		c.mu.Lock()
		c.footers[path] = f
		c.mu.Unlock()
	}
	return f, f.err
}

// markBad records that a file cannot be read although its footer can, until it changes.
func (c *catalog) markBad(path string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.footers[path]
	f.err = err
	c.footers[path] = f
}

// identity are the columns without which a file is not one of samples but, say, of another table below the same bucket.
var identity = []string{"ts", "session_id"}

func readFooter(path string) (f footer) {
	// The library is given bytes that may be anything, and a reader of files must not end with one of them.
	defer func() {
		if r := recover(); r != nil {
			f.err = errors.New("not a readable Parquet file")
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return footer{err: err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return footer{err: err}
	}
	p, err := parquet.OpenFile(file, info.Size(),
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return footer{err: fmt.Errorf("not a complete Parquet file: %w", err)}
	}
	f.columns = map[string]bool{}
	var shape []string
	for _, field := range p.Schema().Fields() {
		name := strings.ToLower(field.Name())
		f.columns[name] = true
		shape = append(shape, field.Name()+" "+field.String())
	}
	slices.Sort(shape)
	f.shape = strings.Join(shape, "\n")
	for _, name := range identity {
		if !f.columns[name] {
			f.err = fmt.Errorf("no column %s: not a file of samples", name)
		}
	}
	return f
}

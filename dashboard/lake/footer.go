package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// footer is what the catalog keeps of a file. If the file changes, its footer is read again.
type footer struct {
	size     int64
	modified time.Time
	shape    *shape
	sources  string // of which objects a rollup was made, see [panels.Sources]
	err      error
}

// footerOf returns a file's footer, or why the file is not a data file; a half-written file, for example, has no footer. An error
// about the contents is kept until the file changes. An error of the system, such as too many open files, is not kept.
func (c *catalog) footerOf(path string) (footer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return footer{}, err
	}
	c.mu.Lock()
	f, ok := c.footers[path]
	c.mu.Unlock()
	if ok && f.size == info.Size() && f.modified.Equal(info.ModTime()) {
		return f, f.err
	}
	f = readFooter(path)
	f.shape = c.intern(f.shape)
	var system *fs.PathError
	if !errors.As(f.err, &system) {
		c.mu.Lock()
		c.footers[path] = f
		c.mu.Unlock()
	}
	return f, f.err
}

// intern returns the one value that all files of an equal shape share.
func (c *catalog) intern(s *shape) *shape {
	if s == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.shapes[s.text]; ok {
		return known
	}
	c.shapes[s.text] = s
	return s
}

// markBad records, until the file changes, that a file cannot be read although its footer can.
func (c *catalog) markBad(path string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.footers[path]
	f.err = err
	c.footers[path] = f
}

func readFooter(path string) (f footer) {
	// The file may hold any bytes. If the library panics over them, the process must go on.
	defer func() {
		if r := recover(); r != nil {
			f.err = errors.New("not a readable Parquet file")
		}
	}()
	// Without O_NONBLOCK, to open a FIFO would wait for a writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return footer{err: err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return footer{err: err}
	}
	f.size, f.modified = info.Size(), info.ModTime()
	if kind := info.Mode().Type(); !kind.IsRegular() {
		f.err = notRegular(kind)
		return f
	}
	if f.err = checkFooter(file, f.size); f.err != nil {
		return f
	}
	p, err := parquet.OpenFile(file, f.size,
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		f.err = fmt.Errorf("not a complete Parquet file: %w", err)
		return f
	}
	f.shape = shapeOf(p.Schema())
	f.sources, _ = p.Lookup(panels.SourcesKey)
	return f
}

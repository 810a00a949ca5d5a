package child

import (
	"bytes"
	"strings"
)

// maxLine bounds what is kept of a line whose end was not written yet, in bytes.
const maxLine = 64 << 10

// lines is a writer that calls a function with each line.
type lines struct {
	call func(string)
	part []byte // of a line whose end was not written yet
}

// Write never fails.
func (l *lines) Write(output []byte) (int, error) {
	for line := range bytes.Lines(output) {
		l.part = append(l.part, line...)
		if len(l.part) >= maxLine || bytes.HasSuffix(line, []byte("\n")) {
			l.end()
		}
	}
	return len(output), nil
}

// end passes on what there is of a line.
func (l *lines) end() {
	if len(l.part) > 0 {
		l.call(strings.TrimSuffix(string(l.part), "\n"))
		l.part = l.part[:0]
	}
}

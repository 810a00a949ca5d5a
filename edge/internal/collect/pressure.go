package collect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// pressure collects Linux pressure stall information (Documentation/accounting/psi.rst of the kernel).
type pressure struct{ cpu, memory, io *kernelFile }

func newPressure(r Roots) pressure {
	file := func(name string) *kernelFile { return newKernelFile(filepath.Join(r.Proc, "pressure", name)) }
	return pressure{file("cpu"), file("memory"), file("io")}
}

func (p pressure) Collect(_ context.Context, _ Moment, s *record.Sample) error {
	return errors.Join(
		readPressure(p.cpu, &s.CPUPressurePct),
		readPressure(p.memory, &s.MemPressurePct),
		readPressure(p.io, &s.IOPressurePct))
}

func readPressure(file *kernelFile, to *record.Float) error {
	data, err := file.begin()
	// A kernel before 4.20 has no such file; one booted with psi=0 has files that answer EOPNOTSUPP. Neither is a failure.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	if err != nil {
		return err
	}
	avg, err := someAvg10(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", file.path, err)
	}
	*to = record.Some(avg)
	return nil
}

// someAvg10 returns avg10 of the line "some avg10=1.03 avg60=1.30 avg300=4.29 total=116373083", in percent.
func someAvg10(text string) (float64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "some avg10=")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, " ")
		avg, err := strconv.ParseFloat(number, 64)
		if err != nil || !(avg >= 0 && avg <= 100) {
			return 0, fmt.Errorf("avg10 is %q, not a percentage", number)
		}
		return avg, nil
	}
	return 0, errors.New("no line begins with some avg10=")
}

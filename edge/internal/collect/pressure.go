package collect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// pressure collects Linux pressure stall information (Documentation/accounting/psi.rst of the kernel).
type pressure struct{ dir string }

func newPressure(r Roots) pressure { return pressure{filepath.Join(r.Proc, "pressure")} }

func (p pressure) Collect(_ context.Context, _ Moment, s *record.Sample) error {
	return errors.Join(
		p.read("cpu", &s.CPUPressurePct),
		p.read("memory", &s.MemPressurePct),
		p.read("io", &s.IOPressurePct))
}

func (p pressure) read(name string, to *record.Float) error {
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	// A kernel before 4.20 has no such file; one booted with psi=0 has files that answer EOPNOTSUPP. Neither is a failure.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	if err != nil {
		return err
	}
	avg, err := someAvg10(string(data))
	if err != nil {
		return fmt.Errorf("pressure/%s: %w", name, err)
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

package laketest

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Odd returns samples with numbers that may break arithmetic: doubles whose sum or whose square is infinite, the largest and smallest
// integers, and zeros. The names of their hosts begin with odd-.
func Odd(from, to time.Time, interval time.Duration) []record.Sample {
	var samples []record.Sample
	for i, odd := range []struct {
		double float64
		whole  int64
	}{{math.MaxFloat64, math.MaxInt64}, {-1e308, -math.MaxInt64}, {1e200, math.MaxInt32}, {0, 0}} {
		for t := from; t.Before(to); t = t.Add(interval) {
			s := record.Sample{
				TS: record.TS(t), SessionID: fmt.Sprintf("odd%d", i), Seq: int64(t.Sub(from) / interval), Hostname: fmt.Sprintf("odd-%d", i),
				IntervalS: narrow(odd.whole), NodeRole: "odd", Env: "odd", OS: "linux",
			}
			s.Filesystems, s.Disks, s.Interfaces = make([]record.Filesystem, 1), make([]record.Disk, 1), make([]record.Interface, 1)
			s.Processes, s.Units, s.Sensors = make([]record.Process, 1), make([]record.ServiceUnit, 1), make([]record.Sensor, 1)
			fill(reflect.ValueOf(&s).Elem(), odd.double, odd.whole)
			samples = append(samples, s)
		}
	}
	return samples
}

// fill sets the optional numbers of a sample and of the elements of its lists. The elements have no names.
func fill(s reflect.Value, double float64, whole int64) {
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Kind() == reflect.Slice {
			for j := range f.Len() {
				fill(f.Index(j), double, whole)
			}
			continue
		}
		switch f.Interface().(type) {
		case record.Float:
			f.Set(reflect.ValueOf(record.Some(double)))
		case record.Int:
			f.Set(reflect.ValueOf(record.Some(narrow(whole))))
		case record.Long:
			f.Set(reflect.ValueOf(record.Some(whole)))
		}
	}
}

func narrow(whole int64) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, whole))) }

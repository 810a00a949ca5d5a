package amount_test

import (
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/amount"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit panels.Unit
		want string
	}{
		{12.345678, panels.Percent, "12.3 %"},
		{-0.0001, panels.Percent, "0.00 %"},
		{0.25, panels.Percent, "0.25 %"},
		{2620000000, panels.BytesPerSecond, "2.62 GB/s"},
		{512, panels.Bytes, "512 B"},
		{0, panels.Bytes, "0 B"},
		{12345, panels.PerSecond, "12.3 k/s"},
		{3.456, panels.PerSecond, "3.5 /s"},
		{1234567, panels.Count, "1,234,567"},
		{1.005, panels.Load, "1.00"},
		{0.0312, panels.Seconds, "31.2 ms"},
		{90, panels.Seconds, "90.0 s"},
		{7200, panels.Duration, "2 h"},
		{864000, panels.Duration, "10 days"},
		{41.55, panels.Celsius, "41.5 °C"},
		{12.345, panels.Milliseconds, "12.3 ms"},
	} {
		if got := amount.Of(c.v, c.unit); got != c.want {
			t.Errorf("%v %s is %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

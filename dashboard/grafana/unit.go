package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	sdk "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// unitOf maps units to those of Grafana. A text has none, and a moment is a timestamp in the answer. The units of a chosen metric and of a row
// are not known when the dashboard is made.
var unitOf = map[panels.Unit]string{
	panels.Percent: units.Percent, panels.PercentOfCore: units.Percent, panels.Bytes: units.BytesIEC, panels.BytesPerSecond: units.BytesPerSecondSI,
	panels.BitsPerSecond: units.BitsPerSecondSI, panels.PerSecond: "suffix:/s", panels.Count: units.Short, panels.Load: units.Number,
	panels.Seconds: units.Seconds, panels.Duration: units.Seconds, panels.Milliseconds: units.Milliseconds, panels.Celsius: units.Celsius,
	panels.OfMetric: units.Short, panels.OfRow: units.Short, panels.Text: "", panels.Time: "",
}

// thresholds are the colours of a value.
func thresholds(t *panels.Thresholds) *sdk.ThresholdsConfig {
	c := &sdk.ThresholdsConfig{Mode: sdk.ThresholdsModeAbsolute, Steps: []sdk.Threshold{{Color: "green"}}}
	if t != nil {
		c.Steps = append(c.Steps, sdk.Threshold{Value: &t.Warn, Color: "orange"})
		if t.Critical > t.Warn {
			c.Steps = append(c.Steps, sdk.Threshold{Value: &t.Critical, Color: "red"})
		}
	}
	return c
}

func ptr[T any](v T) *T { return &v }

// fromVariable is the data source that the viewer chose.
func fromVariable(e Engine) *common.DataSourceRef {
	return &common.DataSourceRef{Type: ptr(e.Plugin), Uid: ptr(dataSource)}
}

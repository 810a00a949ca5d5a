package otlp

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Key is the member that tells a document of OTLP metrics from a sample.
const Key = "resourceMetrics"

// document and the types below hold the parts of an ExportMetricsServiceRequest that samples need. Readers must ignore unknown members.
type document struct {
	ResourceMetrics []resourceMetrics `json:"resourceMetrics"`
}

type resourceMetrics struct {
	Resource struct {
		Attributes attributes `json:"attributes"`
	} `json:"resource"`
	ScopeMetrics []struct {
		Metrics []metric `json:"metrics"`
	} `json:"scopeMetrics"`
}

// metric is a gauge or a sum. Metrics of other kinds have neither.
type metric struct {
	Name  string `json:"name"`
	Gauge *struct {
		DataPoints []dataPoint `json:"dataPoints"`
	} `json:"gauge"`
	Sum *struct {
		DataPoints  []dataPoint `json:"dataPoints"`
		Temporality int         `json:"aggregationTemporality"`
		Monotonic   bool        `json:"isMonotonic"`
	} `json:"sum"`
}

// delta is the aggregation temporality of differences: AGGREGATION_TEMPORALITY_DELTA in metrics.proto. In JSON an enumeration is a number.
const delta = 1

type dataPoint struct {
	Attributes attributes `json:"attributes"`
	Start      whole      `json:"startTimeUnixNano"`
	Time       whole      `json:"timeUnixNano"`
	Double     *number    `json:"asDouble"`
	Int        *whole     `json:"asInt"`
	Flags      uint32     `json:"flags"`
}

// noRecordedValue is a flag of a point: FLAG_NO_RECORDED_VALUE in metrics.proto.
const noRecordedValue = 1

// value returns the point's number; ok is false if it has none.
func (p dataPoint) value() (v float64, ok bool) {
	switch {
	case p.Flags&noRecordedValue != 0:
		return 0, false
	case p.Double != nil:
		v = float64(*p.Double)
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case p.Int != nil:
		return float64(*p.Int), true
	}
	return 0, false
}

// number is a double. In JSON it is a number, or one of the texts NaN, Infinity and -Infinity.
type number float64

func (n *number) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err != nil {
		return fmt.Errorf("%.40s is not a number", text)
	}
	*n = number(v)
	return nil
}

// whole is a whole number of 64 bits. In JSON it is a text, but readers must also accept a number
// (https://protobuf.dev/programming-guides/json/).
type whole int64

func (w *whole) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40s is not a whole number of 64 bits", text)
	}
	*w = whole(v)
	return nil
}

// attributes are names and values. Values that are lists or objects are left out.
type attributes map[string]string

func (a *attributes) UnmarshalJSON(text []byte) error {
	var list []struct {
		Key   string `json:"key"`
		Value struct {
			String *string  `json:"stringValue"`
			Bool   *bool    `json:"boolValue"`
			Int    *whole   `json:"intValue"`
			Double *float64 `json:"doubleValue"`
		} `json:"value"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*a = make(attributes, len(list))
	for _, kv := range list {
		switch v := kv.Value; {
		case v.String != nil:
			(*a)[kv.Key] = *v.String
		case v.Bool != nil:
			(*a)[kv.Key] = strconv.FormatBool(*v.Bool)
		case v.Int != nil:
			(*a)[kv.Key] = strconv.FormatInt(int64(*v.Int), 10)
		case v.Double != nil:
			(*a)[kv.Key] = strconv.FormatFloat(*v.Double, 'g', -1, 64)
		}
	}
	return nil
}

// first returns the value of the first of these names that has one. The receiver hostmetrics and the semantic conventions name some
// attributes differently.
func (a attributes) first(names ...string) string {
	for _, name := range names {
		if v := a[name]; v != "" {
			return v
		}
	}
	return ""
}

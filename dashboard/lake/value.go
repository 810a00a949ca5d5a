package lake

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// plain turns a value of the driver into one of the kinds that [panels.Result] lists. NaN and the infinities, which JSON does not
// have, become NULL.
func plain(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case float32:
		return plain(float64(v))
	case int8, int16, int32:
		return reflect.ValueOf(v).Int()
	case uint8, uint16, uint32, uint64:
		if n := reflect.ValueOf(v).Uint(); n <= math.MaxInt64 {
			return int64(n)
		}
		return fmt.Sprint(v)
	case duckdb.Decimal:
		return v.Float64()
	case duckdb.Interval:
		return fmt.Sprintf("%d months %d days %s", v.Months, v.Days, time.Duration(v.Micros)*time.Microsecond)
	case []byte:
		return strings.ToValidUTF8(string(v), "\uFFFD")
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, value := range v {
			object[key] = plain(value)
		}
		return object
	case duckdb.OrderedMap:
		object := make(map[string]any, v.Len())
		keys, values := v.Keys(), v.Values()
		for i, key := range keys {
			object[fmt.Sprint(plain(key))] = plain(values[i])
		}
		return object
	}
	return v
}

// queryError makes one line of DuckDB's message, without the excerpt of the statement below it.
func queryError(err error) error {
	var failure *duckdb.Error
	if !errors.As(err, &failure) {
		if err != nil && strings.Contains(err.Error(), "multi-statement") {
			return errors.New("one query at a time")
		}
		return err
	}
	message, _, _ := strings.Cut(failure.Msg, "\n\nLINE ")
	return &duckdb.Error{Type: failure.Type, Msg: strings.Join(strings.Fields(message), " ")}
}

package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// ErrNoTS means that a document does not have a ts.
var ErrNoTS = errors.New("ts is missing")

// ParseSample reads one line as [Sample.AppendJSON] writes it. It ignores unknown keys, so that an older reader can read the lines
// of a newer collector. If the value of a known key has another type than its column, the error names the key. Null counts as absent.
func ParseSample(line []byte) (Sample, error) {
	s := Sample{TS: math.NaN()} // which no document can give
	if err := setObject(reflect.ValueOf(&s).Elem(), sampleFields, line); err != nil {
		return Sample{}, err
	}
	if math.IsNaN(s.TS) {
		return Sample{}, ErrNoTS
	}
	return s, nil
}

// setObject sets the fields of the struct v that an object names.
func setObject(v reflect.Value, fields []field, object []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return err
	}
	for _, f := range fields {
		value, ok := members[f.Name]
		if !ok {
			continue
		}
		var err error
		if f.IsList() {
			err = setList(v.Field(f.index), f.fields, value)
		} else {
			err = json.Unmarshal(value, v.Field(f.index).Addr().Interface())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// setList sets the slice v, whose elements have the given fields.
func setList(v reflect.Value, fields []field, list []byte) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, element := range elements {
		if err := setObject(v.Index(i), fields, element); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

package record

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// ErrNoTS means that a document does not have a ts.
var ErrNoTS = errors.New("ts is missing")

// ParseSample reads one line as [Sample.AppendJSON] writes it. It ignores unknown keys, so that an older reader can read the lines
// of a newer collector. If the value of a known key has another type than its column, the error names the key. Null counts as absent.
func ParseSample(line []byte) (Sample, error) {
	var s Sample
	members, n, err := jsonscan.Members(nil, line)
	if err != nil {
		return s, err
	}
	if rest := jsonscan.SkipSpace(line, n); rest != len(line) {
		return s, fmt.Errorf("the line holds more than one document: the second begins at byte %d", rest)
	}
	if err := setObject(reflect.ValueOf(&s).Elem(), sampleFields, members); err != nil {
		return s, err
	}
	if !slices.ContainsFunc(members, isTS) {
		return s, ErrNoTS
	}
	return s, nil
}

// isTS reports whether m gives the time of a sample.
func isTS(m jsonscan.Member) bool {
	return string(m.Key) == sampleFields[0].Name && m.Kind != jsonscan.Null
}

// setObject sets the fields of the struct v that members name.
func setObject(v reflect.Value, fields []field, members []jsonscan.Member) error {
	for _, m := range members {
		i := slices.IndexFunc(fields, func(f field) bool { return f.Name == string(m.Key) })
		if i < 0 || m.Kind == jsonscan.Null {
			continue
		}
		f := &fields[i]
		var err error
		if f.IsList() {
			err = setList(v.Field(f.index), f, m)
		} else {
			err = setField(v.Field(f.index).Addr().Interface(), m)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func setList(v reflect.Value, f *field, m jsonscan.Member) error {
	if m.Kind != jsonscan.Array {
		return fmt.Errorf("want an array, have %s", m.Kind)
	}
	items := jsonscan.Items(m.Value)
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if item.Kind != jsonscan.Object {
			return fmt.Errorf("element %d: want an object, have %s", i, item.Kind)
		}
		members, _, err := jsonscan.Members(nil, item.Value)
		if err != nil {
			return err
		}
		if err := setObject(v.Index(i), f.fields, members); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func setField(p any, m jsonscan.Member) error {
	switch p := p.(type) {
	case *string:
		return setString(p, m)
	case *float64:
		return setFloat(p, m)
	case *Float:
		p.set = true
		return setFloat(&p.value, m)
	case *int32:
		return setInt32(p, m)
	case *Int:
		p.set = true
		return setInt32(&p.value, m)
	case *int64:
		return setInt64(p, m, 64)
	case *Long:
		p.set = true
		return setInt64(&p.value, m, 64)
	case *map[string]string:
		return setMap(p, m)
	}
	return fmt.Errorf("record does not decode fields of type %T", p)
}

func setString(p *string, m jsonscan.Member) error {
	if m.Kind != jsonscan.String {
		return fmt.Errorf("want a string, have %s", m.Kind)
	}
	*p = string(jsonscan.AppendUnquoted(nil, m.Value))
	return nil
}

func setFloat(p *float64, m jsonscan.Member) error {
	if m.Kind != jsonscan.Number {
		return fmt.Errorf("want a number, have %s", m.Kind)
	}
	v, err := jsonscan.ParseFloat(m.Value)
	*p = v
	return err
}

func setInt32(p *int32, m jsonscan.Member) error {
	var v int64
	err := setInt64(&v, m, 32)
	*p = int32(v)
	return err
}

func setInt64(p *int64, m jsonscan.Member, bits int) error {
	if m.Kind != jsonscan.Number {
		return fmt.Errorf("want a whole number, have %s", m.Kind)
	}
	v, err := jsonscan.ParseInt(m.Value, bits)
	*p = v
	return err
}

func setMap(p *map[string]string, m jsonscan.Member) error {
	if m.Kind != jsonscan.Object {
		return fmt.Errorf("want an object of strings, have %s", m.Kind)
	}
	members, _, err := jsonscan.Members(nil, m.Value)
	if err != nil {
		return err
	}
	*p = make(map[string]string, len(members))
	for _, kv := range members {
		var v string
		if err := setString(&v, kv); err != nil {
			return fmt.Errorf("%s: %w", kv.Key, err)
		}
		(*p)[string(jsonscan.AppendUnescaped(nil, kv.Key))] = v
	}
	return nil
}

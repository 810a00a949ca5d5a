package convert

import (
	"bytes"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// maps returns a reader of objects of scalars. The samples of a machine repeat their maps, and so it remembers the last one.
func maps() valueReader {
	var last []byte // as written
	var keys, values []parquet.Value
	return func(leafs [][]parquet.Value, m jsonscan.Member) error {
		if m.Kind != jsonscan.Object {
			return mismatch(m.Value)
		}
		if !bytes.Equal(m.Value, last) {
			text := bytes.Clone(m.Value) // the values are parts of it as long as the map is remembered
			var err error
			if keys, values, err = readMap(text); err != nil {
				return err
			}
			last = text
		}
		leafs[0] = append(leafs[0], keys...)
		leafs[1] = append(leafs[1], values...)
		return nil
	}
}

// readMap returns the values of both leafs of a map. Keys are lower-cased, as Firehose does it.
func readMap(object []byte) (keys, values []parquet.Value, err error) {
	members, _, err := jsonscan.Members(make([]jsonscan.Member, 0, 8), object)
	if err != nil {
		return nil, nil, err
	}
	if len(members) == 0 {
		empty := []parquet.Value{parquet.NullValue().Level(0, 1, 0)}
		return empty, empty, nil
	}
	for i, m := range members {
		repetition := min(i, 1)
		keys = append(keys, parquet.ByteArrayValue(lowerKey(m.Key)).Level(repetition, 2, 0))
		value := parquet.NullValue().Level(repetition, 2, 0)
		if m.Kind != jsonscan.Null {
			value = parquet.ByteArrayValue(textOf(m)).Level(repetition, 3, 0)
		}
		values = append(values, value)
	}
	return keys, values, nil
}

// lowerKey returns the text of a key in small letters.
func lowerKey(key []byte) []byte { return jsonscan.Lower(jsonscan.AppendUnescaped(nil, key)) }

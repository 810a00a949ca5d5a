package convert

import (
	"bytes"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// newMapReader returns a reader of maps. It remembers the last map, because the samples of a machine repeat it.
func newMapReader() valueReader {
	var last []byte // as written
	var keys, values []parquet.Value
	return func(leafs [][]parquet.Value, m jsonscan.Member) error {
		switch {
		case isNull(m):
			for i := range leafs[:2] {
				leafs[i] = append(leafs[i], parquet.NullValue())
			}
			return nil
		case m.Kind != jsonscan.Object:
			return mismatch(m)
		}
		if !bytes.Equal(m.Value, last) {
			last = bytes.Clone(m.Value) // keys and values refer to it
			keys, values = readMap(last)
		}
		leafs[0] = append(leafs[0], keys...)
		leafs[1] = append(leafs[1], values...)
		return nil
	}
}

// readMap returns the values of both leafs of a map. It writes keys in lower case, as Firehose does.
func readMap(object []byte) (keys, values []parquet.Value) {
	members := jsonscan.Items(object)
	if len(members) == 0 {
		empty := []parquet.Value{parquet.NullValue().Level(0, 1, 0)}
		return empty, empty
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
	return keys, values
}

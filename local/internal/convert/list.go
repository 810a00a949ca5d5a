package convert

import (
	"regexp"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// elementField is one field of the elements of a list.
type elementField struct {
	name string
	scalar
}

// fieldName is the form of a field's name. Hive does not have upper case.
var fieldName = regexp.MustCompile(`^[a-z0-9_]+$`)

// elementFields returns the fields in a type array<struct<name:type,...>>, or false for any other type. Each field has a type of one
// value.
func elementFields(hive string) ([]elementField, bool) {
	inner, isArray := strings.CutPrefix(hive, "array<struct<")
	inner, closed := strings.CutSuffix(inner, ">>")
	if !isArray || !closed {
		return nil, false
	}
	var fields []elementField
	seen := map[string]bool{}
	for part := range strings.SplitSeq(inner, ",") {
		name, typ, _ := strings.Cut(part, ":")
		t, known := scalars[typ]
		if !known || seen[name] || !fieldName.MatchString(name) {
			return nil, false
		}
		seen[name] = true
		fields = append(fields, elementField{name, t})
	}
	return fields, true
}

// Levels of a value in a list, as they follow from [listNode]. Each group that is there adds one.
const (
	emptyList   = 1 // the list is there, and has no elements
	nullElement = 2
	nullField   = 3
	fieldValue  = 4
)

// listNode is a list in the layout of Hive's Parquet writer, on which Firehose's conversion is built: a group (LIST) with the repeated
// group "bag", and in it the optional group "array_element" (Hive, HiveSchemaConverter.convertArrayType). Readers find the elements of
// this layout by the rules in https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists.
func listNode(fields []elementField) parquet.Node {
	element := ordered{Group: parquet.Group{}}
	for _, f := range fields {
		element.Group[f.name] = parquet.Optional(f.node())
		element.names = append(element.names, f.name)
	}
	bag := parquet.Group{"array_element": parquet.Optional(element)}
	return hiveList{parquet.Group{"bag": parquet.Repeated(bag)}}
}

// hiveList is a group that is annotated as a list. parquet.List names the groups in it differently.
type hiveList struct{ parquet.Group }

// Type returns the type of a list.
func (hiveList) Type() parquet.Type { return parquet.List(text()).Type() }

// newListReader returns a reader of lists. The rules are those of the SerDe's JsonListObjectInspector and JsonStructObjectInspector: a
// value that is not an array is the only element of a list, and an array in place of an object has the fields in their order.
func newListReader(fields []elementField) valueReader {
	names := make([]string, len(fields))
	readers := make([]scalarReader, len(fields))
	for i, f := range fields {
		names[i], readers[i] = f.name, f.read
	}
	l := &listReader{objects: jsonscan.NewReader(names...), fields: readers, found: make([]jsonscan.Member, len(fields))}
	return l.read
}

type listReader struct {
	objects *jsonscan.Reader // finds the fields of an element
	fields  []scalarReader
	found   []jsonscan.Member // by field: its value in the current element. The zero Member is null.
}

func (l *listReader) read(leafs [][]parquet.Value, m jsonscan.Member) error {
	elements := []jsonscan.Member{m}
	switch {
	case m.Kind == jsonscan.String && len(m.Value) == len(`""`):
		l.addNull(leafs, 0, 0)
		return nil
	case m.Kind == jsonscan.Array:
		elements = jsonscan.Items(m.Value)
	}
	if len(elements) == 0 {
		l.addNull(leafs, 0, emptyList)
	}
	for i, element := range elements {
		repetition := min(i, 1)
		if isNull(element) {
			l.addNull(leafs, repetition, nullElement)
			continue
		}
		if err := l.find(element); err != nil {
			return err
		}
		for j := range l.fields {
			value := parquet.NullValue().Level(repetition, nullField, 0)
			if l.found[j].Kind != jsonscan.Null {
				v, ok := l.fields[j](l.found[j])
				if !ok {
					return mismatch(l.found[j])
				}
				value = v.Level(repetition, fieldValue, 0)
			}
			leafs[j] = append(leafs[j], value)
		}
	}
	return nil
}

// isNull reports whether the SerDe reads a value as null if it expects an object (JsonObjectInspectorUtils.checkObject).
func isNull(m jsonscan.Member) bool {
	return m.Kind == jsonscan.Null || m.Kind == jsonscan.String && len(trimmed(unquoted(m.Value))) == 0
}

// find sets found to the values of an element's fields.
func (l *listReader) find(element jsonscan.Member) error {
	clear(l.found)
	switch element.Kind {
	case jsonscan.Object:
		members, _, err := l.objects.Read(element.Value)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Column != jsonscan.NoColumn {
				l.found[m.Column] = m
			}
		}
	case jsonscan.Array:
		copy(l.found, jsonscan.Items(element.Value))
	default:
		return mismatch(element)
	}
	return nil
}

// addNull adds one entry without a value to each leaf.
func (l *listReader) addNull(leafs [][]parquet.Value, repetition, definition int) {
	for i := range l.fields {
		leafs[i] = append(leafs[i], parquet.NullValue().Level(repetition, definition, 0))
	}
}

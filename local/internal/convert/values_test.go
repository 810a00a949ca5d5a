package convert_test

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

//go:embed testdata/values.tsv
var values string

// The conversion gives each value of values.tsv the result that the file says.
func TestValues(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(values) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		typ, json, want, basis := fields[0], fields[1], fields[2], fields[3]
		if got := valueOf(t, typ, json); got != want {
			t.Errorf("%s in a column of %s is %q, want %q", json, typ, got, want)
		}
		switch basis {
		case "probed", "documented", "source":
			if len(fields) != 5 || fields[4] == "" {
				t.Errorf("%s in a column of %s: no source", json, typ)
			}
		case "unknown", "differs":
			if listed := fmt.Sprintf("| `%s` | `%s` |", typ, json); !strings.Contains(string(readme), listed) {
				t.Errorf("%s in a column of %s is our choice: local/README.md lacks %s", json, typ, listed)
			}
		default:
			t.Errorf("%s in a column of %s: basis %q", json, typ, basis)
		}
	}
	if n < 100 {
		t.Errorf("only %d values", n)
	}
}

// valueOf converts one value and reads it back from the file: refused, NULL, or the value as text.
func valueOf(t *testing.T, typ, json string) string {
	t.Helper()
	file, failures := convertAll(t, table("c "+typ), `{"c":`+json+`}`)
	if len(failures) > 0 {
		return "refused"
	}
	group := file.RowGroups()[0].Rows()
	defer group.Close()
	rows := make([]parquet.Row, 2)
	if n, _ := group.ReadRows(rows); n != 1 {
		t.Fatalf("%s: %d rows", json, n)
	}
	switch {
	case strings.HasPrefix(typ, "map"):
		return mapText(rows[0])
	case strings.HasPrefix(typ, "array"):
		return listText(rows[0], file.Schema().Columns())
	}
	v := rows[0][0]
	switch {
	case v.IsNull():
		return "NULL"
	case v.Kind() == parquet.Int96:
		return int96Time(v).Format(time.RFC3339Nano)
	}
	return v.String()
}

// mapText writes a row's map as key=value pairs. The row holds all keys, then all values.
func mapText(row parquet.Row) string {
	n := len(row) / 2
	switch row[0].DefinitionLevel() {
	case 0:
		return "NULL"
	case 1:
		return "{}"
	}
	var pairs []string
	for i := range n {
		value := "NULL"
		if !row[n+i].IsNull() {
			value = row[n+i].String()
		}
		pairs = append(pairs, row[i].String()+"="+value)
	}
	return strings.Join(pairs, " ")
}

// listText writes a row's list with the elements as {name=value ...}. The fields that are NULL are left out.
func listText(row parquet.Row, paths [][]string) string {
	var elements []string
	at := -1
	for _, v := range row {
		switch {
		case v.DefinitionLevel() == 0:
			return "NULL"
		case v.DefinitionLevel() == 1:
			return "[]"
		case v.RepetitionLevel() == 0: // the first element in the next field
			at = 0
		default:
			at++
		}
		if at == len(elements) {
			elements = append(elements, "")
		}
		path := paths[v.Column()]
		switch {
		case v.DefinitionLevel() == 2:
			elements[at] = "NULL"
		case !v.IsNull():
			elements[at] += " " + path[len(path)-1] + "=" + v.String()
		}
	}
	for i, e := range elements {
		if e != "NULL" {
			elements[i] = "{" + strings.TrimPrefix(e, " ") + "}"
		}
	}
	return "[" + strings.Join(elements, " ") + "]"
}

// int96Time reads a time in the form of Hive and Impala.
func int96Time(v parquet.Value) time.Time {
	i := v.Int96()
	nanos := int64(i[1])<<32 | int64(i[0])
	return time.Unix((int64(i[2])-2440588)*24*60*60, nanos).UTC()
}

// A refused record fails with the message that Firehose was seen to write. After "Encountered malformed JSON." the text is this project's.
func TestRefusals(t *testing.T) {
	for record, want := range map[string]string{
		`{"d":"oops"}`:                     `DataFormatConversion.MalformedData: Data does not match the schema. For input string: "oops"`,
		`{"d":[1]}`:                        `DataFormatConversion.MalformedData: Data does not match the schema. For input string: "[1]"`,
		``:                                 `DataFormatConversion.MalformedData: The record was empty or contained only whitespace.`,
		" \n":                              `DataFormatConversion.MalformedData: The record was empty or contained only whitespace.`,
		`1`:                                `DataFormatConversion.MalformedData: The input JSON contained a primitive at the top level. The top level must be an object or array.`,
		`this is not JSON`:                 `DataFormatConversion.ParseError: Encountered malformed JSON. found 't' instead of a JSON object at byte 0`,
		`{"d":1} and more`:                 `DataFormatConversion.ParseError: Encountered malformed JSON. found 'a' instead of a JSON object at byte 0`,
		`[{"d":1}]`:                        `DataFormatConversion.ParseError: Encountered malformed JSON. found '[' instead of a JSON object at byte 0`,
		`{"foo":1,"foo":2}`:                `DataFormatConversion.ParseError: Encountered malformed JSON. key "foo" is given twice; keys that differ only in case count as one`,
		`{"m":{"Name":"a","name":"b"}}`:    `DataFormatConversion.ParseError: Encountered malformed JSON. key "name" is given twice; keys that differ only in case count as one`,
		`{"x":[{"y":{"A":1,"\u0061":2}}]}`: `DataFormatConversion.ParseError: Encountered malformed JSON. key "a" is given twice; keys that differ only in case count as one`,
	} {
		_, failures := convertAll(t, table("d double", "m map<string,string>"), record)
		if len(failures) != 1 || failures[0].Error() != want {
			t.Errorf("%s: %v, want %s", record, failures, want)
		}
	}
}

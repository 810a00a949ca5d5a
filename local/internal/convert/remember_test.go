package convert

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// Columns remembers keys and maps of earlier records. A record must give the same rows and errors after any other records.
func TestEarlierRecordsDoNotMatter(t *testing.T) {
	table := spec.Table{Database: "metrics", Name: "samples"}
	for name, typ := range map[string]string{
		"d": "double", "i": "int", "b": "bigint", "s": "string", "t": "timestamp", "m": "map<string,string>", "o": "boolean",
		"l": "array<struct<a:string,b:double,t:timestamp>>",
	} {
		table.Columns = append(table.Columns, spec.Column{Name: name, Type: typ})
	}
	c, err := New(table)
	if err != nil {
		t.Fatal(err)
	}
	records := []string{``, `{}`, `{"d":1}x`, `[]`, `{"d":1,"i":2}{"i":1,"d":2}{"d":"x"}`, `{"m":{"A":"x","b":null}}{"m":{}}{"m":{"A":"x","b":null}}`}
	for _, value := range []string{
		`0`, `-0.0`, `1e3`, `2147483648`, `9223372036854775808`, `null`, `nul`, `"TRUE"`, `{}`, `[]`, `[1`, `""`, `"x`, `" 1 "`, `"a\"b"`, `"\x"`,
		`{"A":"x","b":null,"c":1}`, `{"A":"x","b":null}`, `{"\u0041":"\n"}`, `{"a":{"b":[{"c":1,"C":2}]}}`,
		`"2026-02-03T05:00:30.123Z"`, `"2026-02-03T23:59:59.999Z"`, `"2026-02-03T24:00:00.000Z"`, `"2026-02-03T05:60:00.000Z"`,
		`"2026-02-03T05:00:30,123Z"`, `"2026-02-03 05:00:30.123Z"`, `"2026-02-30T05:00:30.123Z"`, `"2024-02-29T05:00:30.123Z"`,
		`"1969-12-31T23:59:59.999Z"`, `"2026-02-03T05:00:30.12aZ"`, `"2026-02-03T0a:00:30.123Z"`, `"2026\u002d02-03T05:00:30Z"`,
		`[{"a":"x","b":1},{"b":2,"a":"y","c":3},null,{}]`, `[{"A":"x","b":"warm"}]`, `[{"b":1},{"b":1,"B":1}]`, `[["x",1],[]]`,
		`{"t":"2026-02-04T05:00:30.123Z"}`,
	} {
		for _, column := range []string{"d", "i", "b", "s", "t", "m", "o", "l", "unknown"} {
			records = append(records, fmt.Sprintf(`{"%s":%s}`, column, value), fmt.Sprintf(`{"d":1}{ "%s": %s , "i":2}`, column, value))
		}
	}
	remembers := c.NewColumns()
	for _, r := range slices.Concat(records, records) {
		fresh := c.NewColumns()
		err, want := remembers.Add([]byte(r)), fresh.Add([]byte(r))
		if fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("%s: error %v, want %v", r, err, want)
		}
		if remembers.rows != fresh.rows || !slices.EqualFunc(remembers.leafs, fresh.leafs, func(a, b []parquet.Value) bool {
			return slices.EqualFunc(a, b, sameValue)
		}) {
			t.Errorf("%s: %d rows, want %d: %+v, want %+v", r, remembers.rows, fresh.rows, remembers.leafs, fresh.leafs)
		}
		remembers.Reset()
	}
}

func sameValue(a, b parquet.Value) bool {
	return a.RepetitionLevel() == b.RepetitionLevel() && a.DefinitionLevel() == b.DefinitionLevel() && a.Kind() == b.Kind() &&
		a.IsNull() == b.IsNull() && bytes.Equal(a.Bytes(), b.Bytes())
}

package convert

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// quickTable has every type, and short names for those that the contract has as well.
func quickTable(t testing.TB) *Converter {
	t.Helper()
	table := stack.Table{Database: "metrics", Name: "samples"}
	for _, c := range record.Columns() {
		table.Columns = append(table.Columns, stack.Column{Name: c.Name, Type: string(c.Type)})
	}
	for name, typ := range map[string]string{
		"d": "double", "i": "int", "b": "bigint", "s": "string", "t": "timestamp", "m": "map<string,string>", "o": "boolean",
	} {
		table.Columns = append(table.Columns, stack.Column{Name: name, Type: typ})
	}
	c, err := New(table)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// thorough is Add without the quick way.
func (o *Columns) thorough(data []byte) error {
	for i, leaf := range o.leafs {
		o.marks[i] = len(leaf)
	}
	rows := o.rows
	err := o.add(data)
	if err != nil {
		o.cut(rows)
	}
	return err
}

// same holds two collections to the same rows, as the writer is given them, to the last bit.
func same(got, want *Columns) error {
	if got.rows != want.rows {
		return fmt.Errorf("%d rows, want %d", got.rows, want.rows)
	}
	for i := range want.leafs {
		if !slices.EqualFunc(got.leafs[i], want.leafs[i], sameValue) {
			return fmt.Errorf("leaf %d is %+v, want %+v", i, got.leafs[i], want.leafs[i])
		}
	}
	return nil
}

func sameValue(a, b parquet.Value) bool {
	return a.RepetitionLevel() == b.RepetitionLevel() && a.DefinitionLevel() == b.DefinitionLevel() && a.Kind() == b.Kind() &&
		a.IsNull() == b.IsNull() && bytes.Equal(a.Bytes(), b.Bytes())
}

// compare holds Add and the thorough way to the same rows and errors, record by record. It returns how many were read in the
// quick way.
func compare(t *testing.T, c *Converter, records ...string) (quick int) {
	t.Helper()
	got, want, alone := c.NewColumns(), c.NewColumns(), c.NewColumns()
	for i, r := range records {
		if i%3 == 0 { // else there are rows before
			got.Reset()
			want.Reset()
		}
		if err, wantErr := got.Add([]byte(r)), want.thorough([]byte(r)); fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%q: error %v, want %v", r, err, wantErr)
		}
		if err := same(got, want); err != nil {
			t.Fatalf("%q: %v", r, err)
		}
		if alone.quick([]byte(r)) {
			quick++
		}
		alone.Reset()
	}
	return quick
}

// enriched returns golden samples as the transform hands them over.
func enriched() (records []string) {
	e := record.NewEnricher(time.UnixMilli(1770094900000))
	for i, line := range bytes.Split(bytes.TrimSpace(recordtest.GoldenLines), []byte{'\n'}) {
		data := append(line[:len(line)-1:len(line)-1], ',')
		records = append(records, string(append(e.AppendMembers(data, 1770094830.123+float64(i), []byte("1770094830.123")), '}')))
	}
	return records
}

func TestQuick(t *testing.T) {
	records := enriched()
	compact := len(records)
	for _, r := range records[:compact] {
		records = append(records, strings.ReplaceAll(strings.ReplaceAll(r, `,"`, `, "`), `":`, `": `))
	}
	records = append(records, strings.Join(records, ""), strings.Join(records, "\n"))
	for _, value := range []string{
		`0`, `-0`, `1`, `-1`, `00`, `01`, `-`, `+1`, `.5`, `1.`, `-.5`, `0.0`, `-0.0`, `0.10`, `1e3`, `1E3`, `1.5e-3`, `12.e1`,
		`9007199254740992`, `9007199254740993`, `900719925474099.3`, `123456789012345678`, `1234567890123456789`, `18446744073709551617`,
		`0.000000000000000001`, `0.0000000000000000001`, `2147483647`, `2147483648`, `-2147483648`, `-2147483649`,
		`9223372036854775807`, `-9223372036854775808`, `9223372036854775808`, `1.0`, `null`, `nul`, `true`, `"TRUE"`, `tru`, `{}`, `[]`, `[1`,
		`""`, `"x"`, `"x`, `"1"`, `" 1 "`, `"a\"b"`, `"\u00e9"`, `"\x"`, "\"\x01\"", "\"\xff\"", `"é"`, `{"A":"x","b":null,"c":1}`, `{"\u0041":"\n"}`,
		`"2026-02-03T05:00:30.123Z"`, `"2026-02-03T05:00:30.124Z"`, `"2026-02-03T23:59:59.999Z"`, `"2026-02-03T24:00:00.000Z"`,
		`"2026-02-03T05:60:00.000Z"`, `"2026-02-03T05:00:60.000Z"`, `"2026-02-03T05:00:30,123Z"`, `"2026-02-03 05:00:30.123Z"`,
		`"2026-02-03t05:00:30.123Z"`, `"2026-02-30T05:00:30.123Z"`, `"2024-02-29T05:00:30.123Z"`, `"2026-13-03T05:00:30.123Z"`,
		`"1969-12-31T23:59:59.999Z"`, `"0000-01-01T00:00:00.001Z"`, `"2026-02-03T05:00:30.12Z"`, `"2026-02-03T05:00:30.1234Z"`,
		`"2026-02-03T05:00:30.12aZ"`, `"2026-02-03T0a:00:30.123Z"`, `"2026-02-03T05:00:30.123z"`, `"2026-02-03T05:00:30.123+`,
		`"2026\u002d02-03T05:00:30Z"`, `"202\u0036-02-03T05:00:3Z"`,
	} {
		for _, column := range []string{"d", "i", "b", "s", "t", "m", "o", "unknown"} {
			records = append(records,
				fmt.Sprintf(`{"%s":%s}`, column, value),
				fmt.Sprintf(`{"d":1,"%s":%s,"i":2}`, column, value),
				fmt.Sprintf(`{"d":1}{"%s": %s }`, column, value),
				fmt.Sprintf(`{"%s":%s,"%[1]s":%[2]s}`, column, value),
				fmt.Sprintf(`{"%s":null,"%[1]s":%s}`, column, value),
				fmt.Sprintf(`{"%s":%s,"%[1]s":null}`, column, value),
				fmt.Sprintf(`{"%s":%s,"%s":1}`, column, value, strings.ToUpper(column)),
				fmt.Sprintf(`{"%s":%s`, column, value),
			)
		}
	}
	const m = `{"m":{"A":"x","b":null}}`
	records = append(records, m+m, m, m+`{"d":"x"}`, m, m+`{"m":{}}{"m":{}}{"m":{"A":"x"}}`+m+m, `{"m":{"A":"x","b":null}`)
	records = append(records, ``, ` `, `{}`, `{}{}`, `{"d":1}x`, `x`, `[]`, `{"d":1}{"d":2}{"d":"x"}`)
	c := quickTable(t)
	compare(t, c, records...)
	for _, r := range records[:2*compact] {
		if awkward := strings.Contains(r, `\`); !awkward && compare(t, c, r, r) != 2 {
			t.Errorf("not read in the quick way: %s", r)
		}
	}
}

// Decimals are what strconv makes of them, to the last bit.
func TestScanDecimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 300_000 {
		n := rng.Uint64() >> rng.IntN(64)
		text := strconv.FormatUint(n, 10)
		if places := rng.IntN(21); places > 0 {
			if len(text) <= places {
				text = strings.Repeat("0", places-len(text)+1) + text
			}
			text = text[:len(text)-places] + "." + text[len(text)-places:]
		}
		if rng.IntN(2) == 0 {
			text = "-" + text
		}
		d, end := scanDecimal([]byte(text+","), 0)
		if end == 0 || d.digits > 1<<53 {
			continue
		}
		taken++
		want, err := strconv.ParseFloat(text, 64)
		if err != nil || end != len(text) || math.Float64bits(d.float()) != math.Float64bits(want) {
			t.Fatalf("%s is %v, want %v, %v; end %d", text, d.float(), want, err, end)
		}
		if i, err := strconv.ParseInt(text, 10, 64); (err == nil) != (d.places == 0) || err == nil && i != d.integer() {
			t.Fatalf("%s is %d, want %d, %v", text, d.integer(), i, err)
		}
	}
	if taken < 100_000 {
		t.Errorf("only %d decimals were taken", taken)
	}
}

// The quick and the thorough way agree on any record, whatever was read before it.
func FuzzQuick(f *testing.F) {
	golden := enriched()
	for _, r := range golden {
		f.Add([]byte(r), []byte(golden[0]))
	}
	f.Add([]byte(`{"d":1.5,"i":1,"b":2,"s":"x","t":"2026-02-03T05:00:30.123Z","m":{"a":"b"},"o":true}`), []byte(`{"s":1}{"d":-0}{"t":null}`))
	c := quickTable(f)
	f.Fuzz(func(t *testing.T, first, second []byte) { compare(t, c, string(first), string(second), string(first)) })
}

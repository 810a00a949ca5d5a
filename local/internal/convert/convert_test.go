package convert_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

func table(columns ...string) spec.Table {
	t := spec.Table{Database: "metrics", Name: "samples"}
	for _, c := range columns {
		name, typ, _ := strings.Cut(c, " ")
		t.Columns = append(t.Columns, spec.Column{Name: name, Type: typ})
	}
	return t
}

// convertAll converts records into one file.
func convertAll(t *testing.T, tab spec.Table, records ...string) (f *parquet.File, failures []error) {
	t.Helper()
	c, err := convert.New(tab)
	if err != nil {
		t.Fatal(err)
	}
	columns := c.NewColumns()
	for _, r := range records {
		if err := columns.Add([]byte(r)); err != nil {
			failures = append(failures, err)
		}
	}
	var file bytes.Buffer
	w := c.NewWriter(&file)
	if err := errors.Join(w.Write(columns), w.Close()); err != nil {
		t.Fatal(err)
	}
	if f, err = parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len())); err != nil {
		t.Fatal(err)
	}
	if int(f.NumRows()) != columns.Rows() {
		t.Errorf("file has %d rows, %d were converted", f.NumRows(), columns.Rows())
	}
	return f, failures
}

// rows converts records and reads the file back as one line of "column=value" per row; NULL is left out.
func rows(t *testing.T, tab spec.Table, records ...string) (lines []string, failures []error) {
	t.Helper()
	f, failures := convertAll(t, tab, records...)
	paths := f.Schema().Columns()
	for _, group := range f.RowGroups() {
		r := group.Rows()
		buffer := make([]parquet.Row, 10)
		for {
			n, err := r.ReadRows(buffer)
			for _, row := range buffer[:n] {
				var cells []string
				for _, v := range row {
					if !v.IsNull() {
						cells = append(cells, fmt.Sprintf("%s=%v", strings.Join(paths[v.Column()], "."), v))
					}
				}
				lines = append(lines, strings.Join(cells, " "))
			}
			if err != nil {
				break
			}
		}
		r.Close()
	}
	return lines, failures
}

func TestMap(t *testing.T) {
	got, failures := rows(t, table("a int", "m map<string,string>", "z int"),
		`{"a":1,"m":{"Team":"core","n":null,"x":1.5,"o":{"P":1}},"z":1}`, `{"a":2,"m":{}}`, `{"a":3,"m":null,"z":3}`, `{"z":4}`,
		`{"m":{"k":"v"}}`)
	want := []string{
		"a=1 m.key_value.key=team m.key_value.key=n m.key_value.key=x m.key_value.key=o" +
			` m.key_value.value=core m.key_value.value=1.5 m.key_value.value={"p":1} z=1`,
		"a=2", "a=3 z=3", "z=4", "m.key_value.key=k m.key_value.value=v",
	}
	if len(failures) > 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\n%v\nwant\n%s", strings.Join(got, "\n"), failures, strings.Join(want, "\n"))
	}
}

// A list may hold any number of elements. Rows before and after it keep their values.
func TestList(t *testing.T) {
	got, failures := rows(t, table("a int", "l array<struct<n:string,v:bigint,x:int>>", "z int"),
		`{"a":1,"l":[{"n":"p","v":5},{"v":6,"n":"q","x":2},{"n":"r"}],"z":1}`, `{"a":2,"l":[]}`, `{"a":3,"l":null,"z":3}`, `{"z":4}`,
		`{"l":[{"v":1.5}]}`, `{"a":5,"l":[{"n":"s"},{"v":"x"}]}`, `{"l":[{"n":"t","v":9}]}`)
	const at = "l.bag.array_element."
	want := []string{
		"a=1 " + at + "n=p " + at + "n=q " + at + "n=r " + at + "v=5 " + at + "v=6 " + at + "x=2 z=1",
		"a=2", "a=3 z=3", "z=4", at + "n=t " + at + "v=9",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s := fmt.Sprint(failures); strings.Count(s, "DataFormatConversion.MalformedData: Data does not match the schema.") != 2 {
		t.Errorf("failures %s", s)
	}
}

// The layout of a list is that of Hive's writer (HiveSchemaConverter.convertArrayType).
func TestListLayout(t *testing.T) {
	f, _ := convertAll(t, table("l array<struct<n:string,v:bigint,x:double>>"), `{"l":[{"n":"p"}]}`)
	var layout []string
	for _, e := range f.Metadata().Schema[1:] {
		line := fmt.Sprint(e.RepetitionType.V, " ", e.Name)
		if e.ConvertedType.Valid && e.ConvertedType.V == deprecated.List {
			line += " LIST"
		}
		layout = append(layout, line)
	}
	const want = "OPTIONAL l LIST; REPEATED bag; OPTIONAL array_element; OPTIONAL n; OPTIONAL v; OPTIONAL x"
	if got := strings.Join(layout, "; "); got != want {
		t.Errorf("layout %s, want %s", got, want)
	}
}

// Programs that read Parquet by Go structs find the elements, as other readers do (.ci/interop.py, TestTrinoReads).
func TestListIsReadIntoStructs(t *testing.T) {
	c, err := convert.New(table("l array<struct<n:string,v:bigint>>"))
	if err != nil {
		t.Fatal(err)
	}
	columns := c.NewColumns()
	for _, r := range []string{`{"l":[{"n":"p","v":5},null,{"v":6}]}`, `{"l":[]}`, `{}`} {
		if err := columns.Add([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	w := c.NewWriter(&file)
	if err := errors.Join(w.Write(columns), w.Close()); err != nil {
		t.Fatal(err)
	}
	type element struct {
		N *string `parquet:"n,optional"`
		V *int64  `parquet:"v,optional"`
	}
	type row struct {
		L *struct {
			Bag []struct {
				Element *element `parquet:"array_element,optional"`
			} `parquet:"bag"`
		} `parquet:"l,optional"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0].L == nil || len(rows[0].L.Bag) != 3 || rows[1].L == nil || len(rows[1].L.Bag) != 0 || rows[2].L != nil {
		t.Fatalf("rows %+v", rows)
	}
	bag := rows[0].L.Bag
	if e := bag[0].Element; *e.N != "p" || *e.V != 5 || bag[1].Element != nil || bag[2].Element.N != nil || *bag[2].Element.V != 6 {
		t.Errorf("elements %+v", bag)
	}
}

// Keys are found in any case and order, unknown keys are ignored, and a record is converted as a whole or not at all.
func TestRecords(t *testing.T) {
	got, failures := rows(t, table("a int", "b string"),
		`{"a":1,"b":"x"}{"B":"y","A":2}`,
		`{"a":3,"unknown":{"a":9}}`+"\n"+`{"\u0062":"escaped"}`,
		`{"a":4}{"a":"bad"}`, // neither of them
		`{"a":5}{`,
		`{"a":6,"A":7}`,
		` `,
		`[1]`,
		`{"a":8}`,
	)
	want := "a=1 b=x\na=2 b=y\na=3\nb=escaped\na=8"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	var codes []string
	for _, err := range failures {
		var e *convert.Error
		if !errors.As(err, &e) {
			t.Fatalf("error %v", err)
		}
		codes = append(codes, strings.TrimPrefix(e.Code, "DataFormatConversion."))
	}
	if s := strings.Join(codes, " "); s != "MalformedData ParseError ParseError MalformedData ParseError" {
		t.Errorf("codes %s", s)
	}
}

func TestNewRefuses(t *testing.T) {
	for want, tab := range map[string]spec.Table{
		`table metrics.samples: column x: the local stack does not convert the type "array<int>"; it converts bigint, boolean`: table("x array<int>"),
		`does not convert the type "array<struct<a:int,b:array<int>>>"`:                                                        table("x array<struct<a:int,b:array<int>>>"),
		`does not convert the type "array<struct<a:int,a:int>>"`:                                                               table("x array<struct<a:int,a:int>>"),
		`does not convert the type "array<struct<A b:int>>"`:                                                                   {Columns: []spec.Column{{Name: "x", Type: "array<struct<A b:int>>"}}},
		`does not convert the type "array<struct<>>"`:                                                                          table("x array<struct<>>"),
		"two columns have the name a":                                                                                          table("a int", "a string"),
		"has no columns; it needs at least one":                                                                                table(),
	} {
		if _, err := convert.New(tab); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A file of the contract's table has the columns of the Glue table in its order. All columns are optional. It is compressed with Snappy
// and has one row group.
func TestContractTable(t *testing.T) {
	var tab spec.Table
	for _, c := range record.Columns() {
		tab.Columns = append(tab.Columns, spec.Column{Name: c.Name, Type: string(c.Type)})
	}
	c, err := convert.New(tab)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := c.NewWriter(&file)
	columns := c.NewColumns()
	const n = 30_000
	host := recordtest.New(1)
	for i := range n {
		s := host.Sample(time.UnixMilli(1770094830123).Add(time.Duration(i) * time.Second))
		if err := columns.Add(s.AppendJSON(nil)); err != nil {
			t.Fatal(err)
		}
		if columns.Rows() == 1000 {
			if err := w.Write(columns); err != nil {
				t.Fatal(err)
			}
			columns.Reset()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.RowGroups()) != 1 || f.NumRows() != n {
		t.Errorf("%d rows in %d row groups", f.NumRows(), len(f.RowGroups()))
	}
	for i, field := range f.Schema().Fields() {
		if want := record.Columns()[i]; field.Name() != want.Name || !field.Optional() {
			t.Errorf("field %d is %s, want %s, optional", i, field.Name(), want.Name)
		}
	}
	for _, chunk := range f.Metadata().RowGroups[0].Columns {
		if codec := chunk.MetaData.Codec.String(); codec != "SNAPPY" {
			t.Errorf("column %v is compressed by %s", chunk.MetaData.PathInSchema, codec)
		}
		if s := chunk.MetaData.Statistics; s.NullCount < n && (s.MinValue == nil || s.MaxValue == nil || chunk.ColumnIndexOffset == 0) {
			t.Errorf("column %v lacks the bounds by which readers skip pages: %+v", chunk.MetaData.PathInSchema, s)
		}
	}
	t.Logf("%.1f bytes per row", float64(file.Len())/n)
}

// The lists are columns of their own: a query that does not read them scans as many bytes as before there were lists. The file is that
// of 20 hosts at 3 s over 20 minutes.
func TestListsLeaveOtherColumnsAlone(t *testing.T) {
	var tab spec.Table
	for _, c := range record.Columns() {
		tab.Columns = append(tab.Columns, spec.Column{Name: c.Name, Type: string(c.Type)})
	}
	c, err := convert.New(tab)
	if err != nil {
		t.Fatal(err)
	}
	const hosts, interval, span = 20, 3 * time.Second, 20 * time.Minute
	at := time.Date(2026, 2, 3, 5, 0, 0, 0, time.UTC)
	e := record.NewEnricher(at)
	file := func(lists bool) *parquet.File {
		columns := c.NewColumns()
		fleet := simulation.Fleet{Seed: 1, Start: at}
		var all []*simulation.Host
		for n := range hosts {
			all = append(all, fleet.Host(n))
		}
		for t1 := at; t1.Before(at.Add(span)); t1 = t1.Add(interval) {
			for _, h := range all {
				s, ok := h.Sample(t1, interval)
				if !ok {
					continue
				}
				if !lists {
					s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
				}
				line := s.AppendJSON(nil)
				doc := append(line[:len(line)-1], ',')
				if err := columns.Add(append(e.AppendMembers(doc, s.TS, fmt.Appendf(nil, "%.3f", s.TS)), '}')); err != nil {
					t.Fatal(err)
				}
			}
		}
		var out bytes.Buffer
		w := c.NewWriter(&out)
		if err := errors.Join(w.Write(columns), w.Close()); err != nil {
			t.Fatal(err)
		}
		f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	with, without := file(true), file(false)
	if with.NumRows() != without.NumRows() {
		t.Fatalf("%d rows with lists, %d without", with.NumRows(), without.NumRows())
	}
	listBytes, otherBytes := int64(0), int64(0)
	for i, chunk := range with.Metadata().RowGroups[0].Columns {
		path, size := chunk.MetaData.PathInSchema, chunk.MetaData.TotalCompressedSize
		if len(path) > 1 && path[1] == "bag" {
			listBytes += size
			continue
		}
		otherBytes += size
		if before := without.Metadata().RowGroups[0].Columns[i].MetaData.TotalCompressedSize; size != before {
			t.Errorf("column %s takes %d bytes, %d without lists", strings.Join(path, "."), size, before)
		}
	}
	rows := float64(with.NumRows())
	t.Logf("%.1f bytes per row: %.1f in lists, %.1f in other columns, %.1f in the footer and indexes (%.1f without lists)", float64(with.Size())/rows,
		float64(listBytes)/rows, float64(otherBytes)/rows, float64(with.Size()-listBytes-otherBytes)/rows, float64(without.Size())/rows)
	if listBytes == 0 || listBytes > otherBytes {
		t.Errorf("the lists take %d bytes, the other columns %d", listBytes, otherBytes)
	}
}

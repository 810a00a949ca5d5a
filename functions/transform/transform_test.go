package transform_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

var now = time.Date(2026, 2, 3, 5, 0, 30, 0, time.UTC)

const arn = "arn:aws:firehose:us-east-1:123456789012:deliverystream/metrics"

// stream is a delivery stream in memory. reject says which entries of a call it rejects.
type stream struct {
	put    [][]byte
	calls  int
	reject func(call, entry int) bool
	err    error
}

func (s *stream) PutRecordBatch(_ context.Context, name string, records [][]byte) ([]int, error) {
	if name != "metrics" {
		return nil, fmt.Errorf("put onto %q", name)
	}
	size := 0
	for _, r := range records {
		size += len(r)
		if len(r) > 1_024_000 {
			return nil, fmt.Errorf("a record of %d bytes", len(r))
		}
	}
	if len(records) == 0 || len(records) > 500 || size > 4<<20 {
		return nil, fmt.Errorf("a batch of %d records, %d bytes", len(records), size)
	}
	s.calls++
	if s.err != nil {
		return nil, s.err
	}
	var rejected []int
	for i, r := range records {
		if s.reject != nil && s.reject(s.calls, i) {
			rejected = append(rejected, i)
			continue
		}
		s.put = append(s.put, bytes.Clone(r))
	}
	return rejected, nil
}

func newTransformer(s transform.Stream) (*transform.Transformer, *bytes.Buffer) {
	var log bytes.Buffer
	return transform.New(transform.Options{
		Stream: s,
		Now:    func() time.Time { return now },
		Log:    slog.New(slog.NewTextHandler(&log, nil)),
	}), &log
}

func event(data ...string) transform.Event {
	ev := transform.Event{InvocationID: "i", DeliveryStreamARN: arn, Region: "us-east-1"}
	for i, d := range data {
		ev.Records = append(ev.Records, transform.Record{RecordID: fmt.Sprintf("r%d", i), Data: []byte(d)})
	}
	return ev
}

func handle(t *testing.T, tr *transform.Transformer, ev transform.Event) []transform.Result {
	t.Helper()
	r, err := tr.Handle(t.Context(), ev)
	if err != nil {
		t.Fatal(err)
	}
	checkAnswers(t, ev, r)
	return r.Records
}

// checkAnswers checks what holds for each response: it has one result for each record, in order, it is not too large, and it can be
// decoded.
func checkAnswers(t fatalf, ev transform.Event, r transform.Response) {
	if len(r.Records) != len(ev.Records) {
		t.Fatalf("%d answers for %d records", len(r.Records), len(ev.Records))
	}
	for i, a := range r.Records {
		switch {
		case a.RecordID != ev.Records[i].RecordID:
			t.Fatalf("answer %d is for %q, want %q", i, a.RecordID, ev.Records[i].RecordID)
		case a.Data == nil:
			t.Fatalf("answer %d: null data", i)
		case (a.Result == transform.OK) != (a.Metadata != nil && len(a.Data) > 0):
			t.Fatalf("answer %d: %s with %d bytes and metadata %v", i, a.Result, len(a.Data), a.Metadata)
		}
	}
	encoded, err := json.Marshal(r)
	if err != nil || len(encoded) > transform.MaxResponse {
		t.Fatalf("response of %d bytes: %v", len(encoded), err)
	}
	var back transform.Response
	if err := json.Unmarshal(encoded, &back); err != nil || len(back.Records) != len(r.Records) {
		t.Fatalf("the response cannot be decoded: %v", err)
	}
}

type fatalf interface{ Fatalf(string, ...any) }

func pack(t testing.TB, lines ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEnrichment(t *testing.T) {
	tr, _ := newTransformer(&stream{})
	got := handle(t, tr, event(`{"ts":1770094830.5,"hostname":"h","n":{"a":[1]}}`))[0]
	const want = `{"ts":1770094830.5,"hostname":"h","n":{"a":[1]},"event_time":"2026-02-03T05:00:30.500Z",` +
		`"timestamp":"2026-02-03 05:00:30","datetime":"2026-02-03 05:00:30","epoch_timestamp":1770094830.5,` +
		`"date":"2026-02-03","minute":"00","day_of_week":"Tuesday","_processed_at":"2026-02-03T05:00:30Z",` +
		`"_processed_timestamp":1770094830}`
	if string(got.Data) != want {
		t.Errorf("got  %s\nwant %s", got.Data, want)
	}
	keys := fmt.Sprint(got.Metadata.PartitionKeys)
	if keys != "map[day:03 hour:05 month:02 year:2026]" {
		t.Errorf("partition keys %s", keys)
	}
}

// Other producers may send plain lines, concatenated objects, one object over several lines, and columns that the transform adds.
func TestAccepts(t *testing.T) {
	const sample = `{"ts":1770094830}`
	for name, c := range map[string]struct {
		data string
		rows int
	}{
		"one object":          {sample, 1},
		"lines":               {sample + "\n" + sample + "\r\n" + sample + "\n\n", 3},
		"concatenated":        {sample + sample, 2},
		"pretty":              {"{\n  \"ts\": 1770094830\n}\n", 1},
		"pack":                {pack(t, sample, sample), 2},
		"packs, concatenated": {pack(t, sample) + pack(t, sample), 2},
		"exponent":            {`{"ts":1.77009483e9}`, 1},
		"upper case":          {`{"TS":1770094830}`, 1},
		"enrichment columns":  {`{"ts":1770094830,"Date":"x","_processed_at":1,"hostname":"h","event_time":null}`, 1},
		"a day ahead":         {`{"ts":1770181230}`, 1},
		"two weeks ago":       {`{"ts":1768885230}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tr, log := newTransformer(&stream{})
			got := handle(t, tr, event(c.data))[0]
			if got.Result != transform.OK {
				t.Fatalf("%s: %s", got.Result, log)
			}
			rows := documents(t, got.Data)
			if len(rows) != c.rows {
				t.Errorf("%d rows, want %d", len(rows), c.rows)
			}
			for _, row := range rows {
				if row["date"] != row["timestamp"].(string)[:10] || row["_processed_timestamp"] != float64(now.Unix()) {
					t.Errorf("row %v", row)
				}
			}
		})
	}
}

// documents decodes concatenated objects. It fails the test if an object has a key twice, in any case.
func documents(t fatalf, data []byte) (rows []map[string]any) {
	dec := json.NewDecoder(bytes.NewReader(data))
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatalf("%v in %.300s", err, data)
		}
		var row map[string]any
		if err := json.Unmarshal(raw, &row); err != nil {
			t.Fatalf("%v", err)
		}
		seen := map[string]bool{}
		for k := range row {
			if seen[strings.ToLower(k)] {
				t.Fatalf("key %s twice in %s", k, raw)
			}
			seen[strings.ToLower(k)] = true
		}
		for _, c := range record.EnrichmentColumns() {
			if n := bytes.Count(raw, []byte(`"`+c.Name+`":`)); n != 1 {
				t.Fatalf("column %s %d times in %s", c.Name, n, raw)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// A refused record does not affect the others, and the log says why it was refused.
func TestRefuses(t *testing.T) {
	const good = `{"ts":1770094830,"hostname":"neighbour"}`
	for name, c := range map[string]struct{ data, reason string }{
		"empty":              {"", "the record is empty; want at least one JSON object"},
		"white space":        {" \n", "the record is empty; want at least one JSON object"},
		"empty pack":         {pack(t, ""), "the record is empty; want at least one JSON object"},
		"rubbish":            {"\x00\xff\xfe\x01binary", "neither UTF-8 text nor a pack"},
		"text":               {"hello", "document 1, which begins at byte 0 of the text: found 'h' instead of a JSON object"},
		"array":              {`[{"ts":1770094830}]`, "found '[' instead of a JSON object"},
		"number":             {`1770094830`, "found '1' instead of a JSON object"},
		"one bad line":       {good + "\n" + `{"ts":` + "\n" + good, "document 2, which begins at byte 41 of the text"},
		"cut":                {good + good[:20], "document 2, which begins at byte 40 of the text"},
		"no ts":              {`{"hostname":"h"}`, "ts is missing"},
		"ts a string":        {`{"ts":"1770094830"}`, "ts is not a number but a string"},
		"ts null":            {`{"ts":null}`, "ts is not a number but null"},
		"ts twice":           {`{"ts":1770094830,"Ts":1770094831}`, `key \"ts\" is given twice`},
		"a key twice":        {`{"ts":1770094830,"foo":1,"foo":2}`, `key \"foo\" is given twice`},
		"a tag in two cases": {`{"ts":1770094830,"tags":{"Name":"a","name":"b"}}`, `key \"name\" is given twice`},
		"a key deep inside":  {`{"ts":1770094830,"x":[{"y":{"A":1,"\u0061":2}}]}`, `key \"a\" is given twice`},
		"ts too large":       {`{"ts":1e999}`, "value out of range"},
		"ts of many digits":  {`{"ts":1770094830.` + strings.Repeat("0", 100) + `}`, "more than 40 characters"},
		"1970":               {`{"ts":3600}`, "is before 2020"},
		"2100":               {`{"ts":4102444800}`, "(2100-01-01T00:00:00Z) is more than 24h0m0s ahead"},
		"milliseconds":       {`{"ts":1770094830000}`, "ahead"},
		"bomb":               {pack(t, string(make([]byte, record.MaxPackBytes+1))), "a pack may expand to at most"},
		"damaged pack":       {pack(t, good)[:30], "gzip: unexpected EOF"},
		"gzip magic only":    {"\x1f\x8b", "gzip:"},
		"large document":     {`{"ts":1770094830,"x":"` + strings.Repeat("x", 900_000) + `"}`, "larger than 900000 bytes"},
		"not UTF-8 in a key": {"{\"ts\":1770094830,\"\xff\":1}", "neither UTF-8 text"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			tr, log := newTransformer(s)
			got := handle(t, tr, event(good, c.data, pack(t, good)))
			if got[1].Result != transform.ProcessingFailed || !strings.Contains(log.String(), c.reason) ||
				!strings.Contains(log.String(), "record_id=r1") {
				t.Errorf("%s, log %s, want %q", got[1].Result, log, c.reason)
			}
			for _, i := range []int{0, 2} {
				if rows := documents(t, got[i].Data); got[i].Result != transform.OK || len(rows) != 1 || rows[0]["hostname"] != "neighbour" {
					t.Errorf("neighbour %d: %s %s", i, got[i].Result, got[i].Data)
				}
			}
			if len(s.put) != 0 {
				t.Error("a refused record was put back")
			}
		})
	}
}

func TestMixedHoursAreSplit(t *testing.T) {
	s := &stream{}
	tr, _ := newTransformer(s)
	got := handle(t, tr, event(pack(t, `{"ts":1770094799,"n":1}`, "{\"ts\":1770094800,\n\"n\":2}", `{"ts":1770094798,"n":3}`), `{"ts":1770094830}`))
	if got[0].Result != transform.Dropped || got[1].Result != transform.OK || len(s.put) != 2 {
		t.Fatalf("%s, %s, %d records put back", got[0].Result, got[1].Result, len(s.put))
	}
	again := handle(t, tr, event(string(s.put[0]), string(s.put[1])))
	var n []any
	for _, r := range again {
		for _, row := range documents(t, r.Data) {
			n = append(n, row["n"], r.Metadata.PartitionKeys["hour"])
		}
	}
	if fmt.Sprint(n) != "[1 04 3 04 2 05]" {
		t.Errorf("came out as %v", n)
	}
}

// If a response is full, the other records are put back as they came. A record that is too large for any response is split.
func TestOversized(t *testing.T) {
	filler := strings.Repeat("x", 100_000)
	lines := func(n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf(`{"ts":1770094830,"n":%d,"f":"%s"}`, i, filler))
		}
		return lines
	}
	nine := pack(t, lines(9)...)
	s := &stream{}
	tr, _ := newTransformer(s)
	got := handle(t, tr, event(nine, nine, nine, nine, nine, pack(t, lines(60)...), nine, `{"ts":1770094830}`))
	var results []transform.Status
	for _, r := range got {
		results = append(results, r.Result)
	}
	want := []transform.Status{"Ok", "Ok", "Ok", "Ok", "Dropped", "Dropped", "Dropped", "Ok"}
	if !slices.Equal(results, want) {
		t.Fatalf("got %v, want %v", results, want)
	}
	if string(s.put[0]) != nine {
		t.Error("a record of one hour was changed when it was put back")
	}
	rows := 0
	for round := 0; len(s.put) > 0; round++ {
		if round == 20 {
			t.Fatal("records are put back for ever")
		}
		var ev []string
		for _, p := range s.put {
			ev = append(ev, string(p))
		}
		s.put = nil
		for _, r := range handle(t, tr, event(ev...)) {
			rows += len(documents(t, r.Data))
		}
	}
	if want := 9 + 60 + 9; rows != want {
		t.Errorf("%d rows came out of what was put back, want %d", rows, want)
	}
}

// A record of many tiny documents takes a bounded amount of memory, and all its samples are delivered.
func TestManyTinyDocuments(t *testing.T) {
	s := &stream{}
	tr, _ := newTransformer(s)
	const n = 60_000
	r := handle(t, tr, event(pack(t, strings.Repeat(`{"ts":1770094830}`, n))))
	if r[0].Result != transform.Dropped {
		t.Fatalf("answer %s", r[0].Result)
	}
	rows := 0
	for _, p := range s.put {
		r := handle(t, tr, event(string(p)))
		if r[0].Result != transform.OK {
			t.Fatalf("what was split is answered %s", r[0].Result)
		}
		rows += bytes.Count(r[0].Data, []byte(`"event_time"`))
	}
	if rows != n {
		t.Errorf("%d rows, want %d", rows, n)
	}
}

func TestPutBackRetries(t *testing.T) {
	mixed := pack(t, `{"ts":1770094799}`, `{"ts":1770094800}`, `{"ts":1770091000}`)
	t.Run("only rejected entries are put again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &stream{reject: func(call, entry int) bool { return call == 1 && entry == 1 || call == 2 }}
			tr, _ := newTransformer(s)
			if got := handle(t, tr, event(mixed))[0]; got.Result != transform.Dropped || len(s.put) != 3 || s.calls != 3 {
				t.Errorf("%s, %d entries in %d calls", got.Result, len(s.put), s.calls)
			}
		})
	})
	t.Run("a record fails after the last attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &stream{err: errors.New("ServiceUnavailable")}
			tr, log := newTransformer(s)
			got := handle(t, tr, event(mixed, `{"ts":1770094830}`))
			if got[0].Result != transform.ProcessingFailed || got[1].Result != transform.OK ||
				!strings.Contains(log.String(), "put back onto metrics: ServiceUnavailable") {
				t.Errorf("%s, %s: %s", got[0].Result, got[1].Result, log)
			}
		})
	})
	t.Run("one record fails, the other does not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &stream{reject: func(call, entry int) bool { return call == 1 && entry == 0 || call > 1 }}
			tr, _ := newTransformer(s)
			got := handle(t, tr, event(mixed, mixed))
			if got[0].Result != transform.ProcessingFailed || got[1].Result != transform.Dropped {
				t.Errorf("%s, %s", got[0].Result, got[1].Result)
			}
		})
	})
	t.Run("ends before the invocation does", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tr, _ := newTransformer(&stream{err: errors.New("down")})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			r, err := tr.Handle(ctx, event(mixed))
			if err != nil || ctx.Err() != nil || r.Records[0].Result != transform.ProcessingFailed {
				t.Errorf("%v, %v, %s", err, ctx.Err(), r.Records[0].Result)
			}
		})
	})
}

func TestInvoke(t *testing.T) {
	tr, _ := newTransformer(&stream{})
	payload, err := json.Marshal(event(`{"ts":1770094830}`, `x`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := tr.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"null", "otfMetadata"} {
		if bytes.Contains(out, []byte(unwanted)) {
			t.Errorf("%s in %s", unwanted, out)
		}
	}
	const failed = `{"recordId":"r1","result":"ProcessingFailed","data":""}`
	if !bytes.Contains(out, []byte(failed)) {
		t.Errorf("%s lacks %s", out, failed)
	}
	if _, err := tr.Invoke(t.Context(), []byte(`{"records":7}`)); err == nil || !strings.Contains(err.Error(), "read the event of Firehose") {
		t.Errorf("bad payload: %v", err)
	}
}

func TestGoldenLinesPass(t *testing.T) {
	tr, log := newTransformer(&stream{})
	for line := range bytes.Lines(recordtest.GoldenLines) {
		if got := handle(t, tr, event(string(line)))[0]; got.Result != transform.OK {
			t.Errorf("%s: %s", got.Result, log)
		}
	}
}

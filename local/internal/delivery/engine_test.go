package delivery_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

func stream() spec.Stream {
	return spec.Stream{
		Name: "metrics", ARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/metrics", Bucket: "lake",
		Prefix: "analytics/year=!{partitionKeyFromLambda:year}/month=!{partitionKeyFromLambda:month}/" +
			"day=!{partitionKeyFromLambda:day}/hour=!{partitionKeyFromLambda:hour}/",
		ErrorPrefix:         "errors/!{firehose:error-output-type}/",
		FileExtension:       ".parquet",
		Buffering:           spec.Buffering{Bytes: 64 << 20, Interval: 300 * time.Second},
		DynamicPartitioning: true,
		Lambda: &spec.Processor{
			FunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:transform",
			Buffering:   spec.Buffering{Bytes: 200 << 10, Interval: 60 * time.Second},
			Retries:     3, Timeout: time.Minute,
		},
		Table: &spec.Table{Database: "metrics", Name: "samples", Columns: []spec.Column{
			{Name: "ts", Type: "double"}, {Name: "hostname", Type: "string"}, {Name: "n", Type: "int"}, {Name: "event_time", Type: "timestamp"},
		}},
	}
}

// invoker is an Invoker that calls a Go function.
type invoker func(ctx context.Context, ev transform.Event) (transform.Response, error)

func (f invoker) Invoke(ctx context.Context, ev transform.Event) (transform.Response, error) {
	return f(ctx, ev)
}

// putter puts records of the transform back into the engine, which is opened after the transform.
type putter struct{ engine *delivery.Engine }

func (p *putter) PutRecordBatch(ctx context.Context, _ string, records [][]byte) ([]int, error) {
	return nil, p.engine.Put(ctx, records)
}

// clock is the transform's clock. It shows the time of [sample].
func clock() time.Time { return time.Unix(1770094830, 0) }

func open(t *testing.T, dir string, s spec.Stream, in delivery.Invoker) *delivery.Engine {
	t.Helper()
	var back putter
	if in == nil {
		in = invoker(transform.New(transform.Options{Stream: &back, Now: clock, Log: slog.New(slog.DiscardHandler)}).Handle)
	}
	e, err := delivery.Open(dir, s, in, delivery.Options{Region: "us-east-1", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	back.engine = e
	return e
}

func put(t *testing.T, e *delivery.Engine, records ...string) {
	t.Helper()
	var data [][]byte
	for _, r := range records {
		data = append(data, []byte(r))
	}
	if err := e.Put(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, e *delivery.Engine) {
	t.Helper()
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func closeEngine(t *testing.T, e *delivery.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// objects returns the names of the bucket's objects.
func objects(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(filepath.Join(dir, "lake")), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// hosts counts the rows of all objects. The keys are "hour hostname".
func hosts(t *testing.T, dir string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, name := range objects(t, dir) {
		if !strings.HasSuffix(name, ".parquet") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, "lake", name))
		if err != nil {
			t.Fatal(err)
		}
		type row struct {
			Hostname string `parquet:"hostname,optional"`
		}
		rows, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range rows {
			_, hour, _ := strings.Cut(filepath.Dir(name), "hour=")
			count[hour+" "+r.Hostname]++
		}
	}
	return count
}

// failure is a line of an error object.
type failure struct {
	Type                                     string `json:"-"`
	AttemptsMade                             int
	ErrorCode, ErrorMessage, LambdaARN       string
	LastErrorCode, LastErrorMessage          string
	RawData                                  []byte
	ArrivalTimestamp, AttemptEndingTimestamp int64
}

func failures(t *testing.T, dir string) (all []failure) {
	t.Helper()
	for _, name := range objects(t, dir) {
		rest, ok := strings.CutPrefix(name, "errors/")
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, "lake", name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			f := failure{Type: strings.Split(rest, "/")[0]}
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatal(err)
			}
			if f.ArrivalTimestamp == 0 || f.AttemptEndingTimestamp < f.ArrivalTimestamp {
				t.Errorf("times of %s: %d, %d", line, f.ArrivalTimestamp, f.AttemptEndingTimestamp)
			}
			all = append(all, f)
		}
	}
	return all
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sample(host string) string { return fmt.Sprintf(`{"ts":1770094830,"hostname":%q}`, host) }

// A bad record of each kind is kept under the error prefix with its bytes and the reason. The other records are delivered.
func TestDelivery(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir, stream(), nil)
	bad := []string{
		sample("x") + `{"ts":`, `{"ts":"text"}`, `{"hostname":"x"}`, `{"ts":3600}`, `{"ts":4102444800}`, "", "\x00\xffrubbish",
		gzipped(t, string(make([]byte, 17<<20))), `{"ts":1770094830,"n":"wrong type"}`,
	}
	var records []string
	for i, b := range bad {
		records = append(records, sample(fmt.Sprint("before-", i)), b)
	}
	put(t, e, append(records, sample("last"))...)
	put(t, e, gzipped(t, `{"ts":1770094799,"hostname":"early"}`+"\n"+`{"ts":1770094800,"hostname":"late"}`)) // two hours
	flush(t, e)
	defer closeEngine(t, e)

	got := hosts(t, dir)
	want := map[string]int{"05 last": 1, "04 early": 1, "05 late": 1}
	for i := range bad {
		want[fmt.Sprint("05 before-", i)] = 1
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	byData := map[string]failure{}
	for _, f := range failures(t, dir) {
		byData[string(f.RawData)] = f
	}
	for i, b := range bad {
		f, ok := byData[b]
		switch wrongType := i == len(bad)-1; {
		case !ok:
			t.Errorf("record %.40q is not under the error prefix", b)
		case wrongType && (f.Type != "format-conversion-failed" || f.LastErrorCode != "DataFormatConversion.MalformedData" ||
			!strings.Contains(f.LastErrorMessage, "wrong type")):
			t.Errorf("%.40q: %+v", b, f)
		case !wrongType && (f.Type != "processing-failed" || f.ErrorCode != "Lambda.ProcessingFailedStatus" || f.AttemptsMade != 1 ||
			f.LambdaARN != stream().Lambda.FunctionARN):
			t.Errorf("%.40q: %+v", b, f)
		}
	}
	if len(byData) != len(bad) {
		t.Errorf("%d records under the error prefix, want %d", len(byData), len(bad))
	}
	s := e.Stats()
	if s.Rows != int64(len(bad)+3) || s.FailedRecords != int64(len(bad)) || s.Pending != 0 || s.JournalBytes != 0 || s.ErrorObjects != 2 {
		t.Errorf("stats %+v", s)
	}
	for _, name := range objects(t, dir) {
		if strings.HasPrefix(name, "analytics/") && !strings.Contains(name, "/metrics-1-20") {
			t.Errorf("object name %s", name)
		}
	}
}

// A wrong answer for a record fails that record. A failed invocation, or an answer that is not JSON, fails all its records. Engine.check says
// which of these results were tested in AWS.
func TestAnswers(t *testing.T) {
	ok := func(r transform.Record) transform.Result {
		return transform.Result{
			RecordID: r.RecordID, Result: transform.OK, Data: []byte(sample(string(r.Data))),
			Metadata: &transform.Metadata{PartitionKeys: map[string]string{"year": "2026", "month": "02", "day": "03", "hour": "05"}},
		}
	}
	answer := func(change func(i int, r *transform.Result) []transform.Result) invoker {
		return func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
			for i, rec := range ev.Records {
				a := ok(rec)
				r.Records = append(r.Records, change(i, &a)...)
			}
			return r, nil
		}
	}
	second := func(f func(r *transform.Result)) invoker { // f changes the answer for the second of three records
		return answer(func(i int, r *transform.Result) []transform.Result {
			if i == 1 {
				f(r)
			}
			return []transform.Result{*r}
		})
	}
	for _, c := range []struct {
		name     string
		in       invoker
		rows     string
		code     string
		failed   int
		attempts int
	}{
		{"right", second(func(*transform.Result) {}), "a b c", "", 0, 0},
		{"dropped", second(func(r *transform.Result) { r.Result, r.Data, r.Metadata = transform.Dropped, nil, nil }), "a c", "", 0, 0},
		{"failed", second(func(r *transform.Result) { r.Result = transform.ProcessingFailed }), "a c", "Lambda.ProcessingFailedStatus", 1, 1},
		{"null data", second(func(r *transform.Result) { r.Data = nil }), "a c", "Lambda.InvalidReturnFormat", 1, 1},
		{"no metadata", second(func(r *transform.Result) { r.Metadata = nil }), "a c", "DynamicPartitioning.MetadataExtractionFailed", 1, 1},
		{"empty key", second(func(r *transform.Result) { r.Metadata.PartitionKeys["hour"] = "" }), "a c", "DynamicPartitioning.MetadataExtractionFailed", 1, 1},
		{"other id", second(func(r *transform.Result) { r.RecordID = "other" }), "a c", "Lambda.MissingRecordId", 1, 1},
		{"unknown result", second(func(r *transform.Result) { r.Result = "ok" }), "a c", "Lambda.InvalidReturnFormat", 1, 1},
		{"malformed answer", func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
			for _, i := range []int{0, 2} {
				r.Records = append(r.Records, ok(ev.Records[i]))
			}
			return r, delivery.MalformedAnswers{ev.Records[1].RecordID: "not base64"}
		}, "a c", "Lambda.InvalidReturnFormat", 1, 1},
		{"malformed and right", func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
			for _, rec := range ev.Records {
				r.Records = append(r.Records, ok(rec))
			}
			return r, delivery.MalformedAnswers{ev.Records[1].RecordID: "not base64"}
		}, "a c", "Lambda.DuplicatedRecordId", 1, 1},
		{"not JSON", second(func(r *transform.Result) { r.Data = []byte("{") }), "a c", "DataFormatConversion.ParseError", 1, 1},
		{"twice", answer(func(i int, r *transform.Result) []transform.Result {
			return slices.Repeat([]transform.Result{*r}, 1+i%2)
		}), "a c", "Lambda.DuplicatedRecordId", 1, 1},
		{"missing", answer(func(i int, r *transform.Result) []transform.Result {
			return slices.Repeat([]transform.Result{*r}, 1-i%2)
		}), "a c", "Lambda.MissingRecordId", 1, 1},
		{"error", func(context.Context, transform.Event) (transform.Response, error) {
			return transform.Response{}, errors.New("crashed")
		}, "", "Lambda.FunctionError", 3, 4},
		{"malformed", func(context.Context, transform.Event) (transform.Response, error) {
			return transform.Response{}, &delivery.InvokeError{Code: "Lambda.JsonProcessingException", Message: "not JSON", Final: true}
		}, "", "Lambda.JsonProcessingException", 3, 1},
		{"timeout", func(ctx context.Context, _ transform.Event) (transform.Response, error) {
			<-ctx.Done()
			return transform.Response{}, ctx.Err()
		}, "", "Lambda.FunctionError", 3, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				e := open(t, dir, stream(), c.in)
				put(t, e, "a", "b", "c")
				flush(t, e)
				closeEngine(t, e)
				var rows []string
				for host, n := range hosts(t, dir) {
					rows = append(rows, strings.Repeat(strings.TrimPrefix(host, "05 "), n))
				}
				slices.Sort(rows)
				if got := strings.Join(rows, " "); got != c.rows {
					t.Errorf("rows %q, want %q", got, c.rows)
				}
				failed := failures(t, dir)
				if len(failed) != c.failed {
					t.Fatalf("%d failed records, want %d", len(failed), c.failed)
				}
				for _, f := range failed {
					if code := f.ErrorCode + f.LastErrorCode; code != c.code || f.AttemptsMade != c.attempts || len(f.RawData) != 1 {
						t.Errorf("%+v, want %s after %d attempts", f, c.code, c.attempts)
					}
				}
			})
		})
	}
}

// If the function fails at first and then succeeds, the record is delivered. Each attempt has its own invocation id and the same record
// ids.
func TestInvocationIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var ids, invocations []string
		good := transform.New(transform.Options{Stream: &putter{}, Log: slog.New(slog.DiscardHandler)})
		e := open(t, dir, stream(), invoker(func(ctx context.Context, ev transform.Event) (transform.Response, error) {
			ids, invocations = append(ids, ev.Records[0].RecordID), append(invocations, ev.InvocationID)
			if len(ids) < 4 {
				return transform.Response{}, errors.New("cold")
			}
			// In a synctest bubble the clock starts in 2000.
			return good.Handle(ctx, ev)
		}))
		put(t, e, `{"ts":1577836800,"hostname":"h"}`)
		flush(t, e)
		closeEngine(t, e)
		slices.Sort(invocations)
		if len(slices.Compact(slices.Clone(ids))) != 1 || len(slices.Compact(invocations)) != 4 {
			t.Errorf("record ids %v, invocations %v", ids, invocations)
		}
		if s := e.Stats(); s.Invocations != 4 || s.InvocationErrors != 3 {
			t.Errorf("stats %+v", s)
		}
	})
}

// A buffer is delivered when it reaches its time or its size, and not earlier.
func TestBuffering(t *testing.T) {
	echo := invoker(func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
		for _, rec := range ev.Records {
			r.Records = append(r.Records, transform.Result{
				RecordID: rec.RecordID, Result: transform.OK, Data: rec.Data,
				Metadata: &transform.Metadata{PartitionKeys: map[string]string{"year": "2026", "month": "02", "day": "03", "hour": "05"}},
			})
		}
		return r, nil
	})
	t.Run("time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			e := open(t, dir, stream(), echo)
			defer closeEngine(t, e)
			put(t, e, sample("a"))
			at := func(d time.Duration, invocations, objects int64) {
				t.Helper()
				time.Sleep(d)
				synctest.Wait()
				if s := e.Stats(); s.Invocations != invocations || s.Objects != objects {
					t.Errorf("after %v more: %d invocations, %d objects; want %d, %d", d, s.Invocations, s.Objects, invocations, objects)
				}
			}
			at(59*time.Second, 0, 0)
			at(2*time.Second, 1, 0)
			put(t, e, sample("b"))
			at(298*time.Second, 2, 0)
			at(2*time.Second, 2, 1)
			if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1 05 b:1]" {
				t.Errorf("rows %v", got)
			}
			at(time.Hour, 2, 1) // an empty buffer is not delivered
		})
	})
	t.Run("size", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := stream()
			s.Buffering.Bytes = 1 << 20
			e := open(t, t.TempDir(), s, echo)
			defer closeEngine(t, e)
			filler := strings.Repeat("x", 50<<10)
			for range 30 {
				put(t, e, fmt.Sprintf(`{"ts":1770094830,"hostname":"h","f":"%s"}`, filler))
				synctest.Wait()
			}
			// Four records fill the processor's buffer. Twenty are less than 1 MiB, so the sixth invocation fills the delivery buffer. The
			// seventh has the next four records, which wait.
			if got := e.Stats(); got.Invocations != 7 || got.Objects != 1 || got.Rows != 24 {
				t.Errorf("stats %+v", got)
			}
		})
	})
}

// A buffer holds 500 partitions. Records of further ones fail.
func TestPartitionLimit(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir, stream(), invoker(transform.New(transform.Options{
		Stream: &putter{}, MaxAge: 365 * 24 * time.Hour, Now: func() time.Time { return time.Unix(1700000000+502*3600, 0) },
		Log: slog.New(slog.DiscardHandler),
	}).Handle))
	var records []string
	for i := range 502 {
		records = append(records, fmt.Sprintf(`{"ts":%d,"hostname":"h"}`, 1700000000+i*3600))
	}
	put(t, e, records...)
	flush(t, e)
	closeEngine(t, e)
	failed := failures(t, dir)
	if len(failed) != 2 || failed[0].Type != "activePartitionExceeded" || len(hosts(t, dir)) == 0 || e.Stats().Rows != 500 {
		t.Errorf("%d failed: %+v, %d rows", len(failed), failed, e.Stats().Rows)
	}
}

// If the journal is full, the engine refuses records. After a delivery it accepts records again.
func TestFull(t *testing.T) {
	s := stream()
	e, err := delivery.Open(t.TempDir(), s, invoker(transform.New(transform.Options{Stream: &putter{}, Now: clock}).Handle),
		delivery.Options{JournalBytes: 90, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer closeEngine(t, e)
	put(t, e, sample("a"), sample("b"))
	if err := e.Put(t.Context(), [][]byte{[]byte(sample("c"))}); !errors.Is(err, delivery.ErrFull) {
		t.Fatalf("error %v", err)
	}
	flush(t, e)
	put(t, e, sample("c"))
}

// Records that were accepted and not delivered when the process ended are delivered once by the next one.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir, stream(), nil)
	put(t, e, sample("a"), "bad")
	flush(t, e)
	put(t, e, sample("b"), sample("c"))
	closeEngine(t, e)
	if s := e.Stats(); s.Objects != 1 {
		t.Fatalf("stats %+v", s)
	}
	e = open(t, dir, stream(), nil)
	flush(t, e)
	closeEngine(t, e)
	if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1 05 b:1 05 c:1]" || len(failures(t, dir)) != 1 {
		t.Errorf("rows %v, %d failures", got, len(failures(t, dir)))
	}
}

// The process dies between two steps of a delivery: after files were staged, after the commit, after some moves, and after all moves. In
// each case each record is in one object after the next start.
func TestDeathInDelivery(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, staging, bucket string, j *journal.Journal){
		"staged": func(t *testing.T, staging, _ string, _ *journal.Journal) {
			write(t, filepath.Join(staging, "x"), "half")
		},
		"committed": func(t *testing.T, staging, _ string, j *journal.Journal) {
			write(t, filepath.Join(staging, "x"), "one")
			write(t, filepath.Join(staging, "y"), "two")
			commit(t, j)
		},
		"moved in part": func(t *testing.T, staging, bucket string, j *journal.Journal) {
			write(t, filepath.Join(bucket, "analytics", "1"), "one")
			write(t, filepath.Join(staging, "y"), "two")
			commit(t, j)
		},
		"moved": func(t *testing.T, _, bucket string, j *journal.Journal) {
			write(t, filepath.Join(bucket, "analytics", "1"), "one")
			write(t, filepath.Join(bucket, "analytics", "2"), "two")
			commit(t, j)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			e := open(t, dir, stream(), nil)
			put(t, e, sample("a"), sample("b"))
			closeEngine(t, e)
			state := filepath.Join(dir, delivery.StateDir, "metrics")
			j, err := journal.Open(filepath.Join(state, "journal"), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			prepare(t, filepath.Join(state, "staging"), filepath.Join(dir, "lake"), j)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			e = open(t, dir, stream(), nil)
			flush(t, e)
			closeEngine(t, e)
			staged, err := os.ReadDir(filepath.Join(state, "staging"))
			if err != nil || len(staged) != 0 {
				t.Errorf("staged files are left: %v, %v", staged, err)
			}
			names := objects(t, dir)
			if name == "staged" {
				if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1 05 b:1]" || len(names) != 1 {
					t.Errorf("rows %v in %v", got, names)
				}
			} else if fmt.Sprint(names) != "[analytics/1 analytics/2]" {
				t.Errorf("objects %v", names)
			}
		})
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.Commit(2, []journal.Move{{Staged: "x", Final: "analytics/1"}, {Staged: "y", Final: "analytics/2"}}); err != nil {
		t.Fatal(err)
	}
}

// A step of a delivery that fails is repeated until it succeeds. Each record is delivered once.
func TestWriteFails(t *testing.T) {
	for name, obstacle := range map[string]string{
		"staging": filepath.Join(delivery.StateDir, "metrics", "staging"),
		"moving":  filepath.Join("lake", "analytics"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				tr := transform.New(transform.Options{Stream: &putter{}, Log: slog.New(slog.DiscardHandler), Now: clock})
				e := open(t, dir, stream(), invoker(tr.Handle))
				path := filepath.Join(dir, obstacle)
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				write(t, path, "a file where a directory belongs")
				put(t, e, sample("a"), "bad")
				done := make(chan error, 1)
				go func() { done <- e.Flush(context.Background()) }()
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if s := e.Stats(); s.DeliveryErrors < 10 || s.Objects != 0 || len(hosts(t, dir)) != 0 {
					t.Errorf("stats %+v", s)
				}
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if name == "staging" {
					if err := os.Mkdir(path, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				closeEngine(t, e)
				if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1]" || len(failures(t, dir)) != 1 {
					t.Errorf("rows %v", got)
				}
			})
		})
	}
}

// Many producers put at the same time while buffers are delivered. Each record is delivered once.
func TestConcurrentPuts(t *testing.T) {
	dir := t.TempDir()
	s := stream()
	s.Buffering.Bytes, s.Lambda.Buffering.Bytes = 20<<10, 4<<10
	e := open(t, dir, s, nil)
	const producers, each = 8, 200
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				put(t, e, sample(fmt.Sprintf("%d-%d", p, i)))
			}
		})
	}
	wg.Wait()
	flush(t, e)
	closeEngine(t, e)
	got := hosts(t, dir)
	for host, n := range got {
		if n != 1 {
			t.Errorf("%s came out %d times", host, n)
		}
	}
	if len(got) != producers*each {
		t.Errorf("%d samples came out, want %d", len(got), producers*each)
	}
	// The flush alone makes one object, or two. If the disk is slow, a buffer grows beyond its size meanwhile.
	if s := e.Stats(); s.Objects < 4 {
		t.Errorf("%d objects: buffers were not delivered by size", s.Objects)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for name, c := range map[string]struct {
		dir    string
		change func(*spec.Stream)
		want   string
	}{
		"prefix":    {"", func(s *spec.Stream) { s.Prefix = "x/!{partitionKeyFromQuery:y}/" }, "prefix: the local stack does not support the expression !{partitionKeyFromQuery:y}"},
		"error":     {"", func(s *spec.Stream) { s.ErrorPrefix = "x/!{oops" }, "error prefix: expression !{oops is not of the form"},
		"timestamp": {"", func(s *spec.Stream) { s.Prefix = "!{timestamp:YYYY}" }, `the local stack does not support "YYYY"`},
		"type":      {"", func(s *spec.Stream) { s.Table.Columns[0].Type = "decimal(3,1)" }, `column ts: the local stack does not convert the type "decimal(3,1)"`},
		"directory": {file, func(*spec.Stream) {}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stream()
			c.change(&s)
			if c.dir == "" {
				c.dir = t.TempDir()
			}
			_, err := delivery.Open(c.dir, s, nil, delivery.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "open stream metrics: ") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A stream without a function and without conversion delivers the records unchanged.
func TestPlainStream(t *testing.T) {
	dir := t.TempDir()
	s := stream()
	s.Lambda, s.Table, s.DynamicPartitioning, s.FileExtension, s.Prefix = nil, nil, false, "", "raw/"
	e := open(t, dir, s, invoker(nil))
	put(t, e, "a\n", "b\n")
	flush(t, e)
	closeEngine(t, e)
	names := objects(t, dir)
	if len(names) != 1 {
		t.Fatalf("objects %v", names)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "lake", names[0])); err != nil || string(data) != "a\nb\n" {
		t.Errorf("object holds %q, %v", data, err)
	}
	if want := "raw/" + time.Now().UTC().Format("2006/01/02/"); !strings.HasPrefix(names[0], want) {
		t.Errorf("object %s, want below %s", names[0], want)
	}
}

// A record whose partition keys cannot be a path of files is kept under the error prefix. The engine does not write outside the bucket
// and does not retry for ever. The other records are delivered.
func TestPartitionKeysThatAreNotPaths(t *testing.T) {
	for name, hour := range map[string]string{
		"above the bucket":       "../../../../../../outside",
		"elsewhere in it":        "x/../../../../../../errors",
		"dot":                    "a/./b",
		"long":                   strings.Repeat("x", 300),
		"long in bytes":          strings.Repeat("ä", 130),
		"longer than a prefix":   strings.Repeat("x/", 300),
		"zero byte":              "a\x00b",
		"many elements, one bad": "a/b/c/" + strings.Repeat("y", 256) + "/d",
	} {
		t.Run(name, func(t *testing.T) {
			above := t.TempDir()
			dir := filepath.Join(above, "a", "b", "c")
			e := open(t, dir, stream(), invoker(func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
				for _, rec := range ev.Records {
					keys := map[string]string{"year": "2026", "month": "02", "day": "03", "hour": "05"}
					if string(rec.Data) == "bad" {
						keys["hour"] = hour
					}
					r.Records = append(r.Records, transform.Result{
						RecordID: rec.RecordID, Result: transform.OK, Data: []byte(sample(string(rec.Data))),
						Metadata: &transform.Metadata{PartitionKeys: keys},
					})
				}
				return r, nil
			}))
			put(t, e, "good", "bad")
			flush(t, e)
			closeEngine(t, e)
			if got := hosts(t, dir); fmt.Sprint(got) != "map[05 good:1]" {
				t.Errorf("rows %v", got)
			}
			failed := failures(t, dir)
			if len(failed) != 1 || failed[0].Type != "processing-failed" || string(failed[0].RawData) != "bad" ||
				failed[0].ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" {
				t.Errorf("failures %+v", failed)
			}
			for _, at := range []string{above, filepath.Join(above, "a"), filepath.Join(above, "a", "b")} {
				if entries, err := os.ReadDir(at); err != nil || len(entries) != 1 {
					t.Errorf("%s holds %v, %v", at, entries, err)
				}
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
				t.Errorf("the lake holds %v, %v", entries, err)
			}
			closeEngine(t, open(t, dir, stream(), nil)) // it starts again
		})
	}
}

// A partition key may have slashes and unusual characters, and as many bytes as the name of a file.
func TestPartitionKeysThatAreOdd(t *testing.T) {
	dir := t.TempDir()
	hours := []string{"a/b", "a//b", "..x", " ", "ä€😀", "'\"*?", strings.Repeat("x", 250)}
	e := open(t, dir, stream(), invoker(func(_ context.Context, ev transform.Event) (r transform.Response, err error) {
		for i, rec := range ev.Records {
			r.Records = append(r.Records, transform.Result{
				RecordID: rec.RecordID, Result: transform.OK, Data: []byte(sample("h")),
				Metadata: &transform.Metadata{PartitionKeys: map[string]string{"year": "2026", "month": "02", "day": "03", "hour": hours[i]}},
			})
		}
		return r, nil
	}))
	put(t, e, slices.Repeat([]string{"x"}, len(hours))...)
	flush(t, e)
	closeEngine(t, e)
	if s := e.Stats(); s.Rows != int64(len(hours)) || s.FailedRecords != 0 {
		t.Errorf("stats %+v", s)
	}
}

// The journal is damaged while the stack is down. The next start delivers all whole records and logs how many are lost.
func TestDamagedJournal(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir, stream(), nil)
	put(t, e, sample("a"), sample("b"), sample("c"))
	closeEngine(t, e)
	paths, err := filepath.Glob(filepath.Join(dir, delivery.StateDir, "metrics", "journal", "*.log"))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	data, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte(`"b"`))+1] ^= 2
	if err := os.WriteFile(paths[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	e, err = delivery.Open(dir, stream(), invoker(transform.New(transform.Options{Stream: &putter{}, Now: clock}).Handle),
		delivery.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	flush(t, e)
	closeEngine(t, e)
	if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1 05 c:1]" || e.Stats().LostRecords != 1 {
		t.Errorf("rows %v, stats %+v", got, e.Stats())
	}
	if !strings.Contains(log.String(), "lost_records=1") || !strings.Contains(log.String(), "damaged_files=") {
		t.Errorf("log %s", log.String())
	}
}

// The engine does not read the journal of an earlier build, and the log says so.
func TestJournalOfAnEarlierBuild(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, delivery.StateDir, "metrics", "journal.db")
	write(t, old, "bbolt")
	var log bytes.Buffer
	e, err := delivery.Open(dir, stream(), nil, delivery.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)
	if !strings.Contains(log.String(), "a journal of an earlier build is not read") || !strings.Contains(log.String(), old) {
		t.Errorf("log %s", log.String())
	}
}

// The journal is damaged while the stack runs. Only the damaged record is lost; the others are delivered, and the flush ends.
func TestJournalDamagedWhileRunning(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir, stream(), nil)
	put(t, e, sample("a"), sample("b"), sample("c"))
	paths, err := filepath.Glob(filepath.Join(dir, delivery.StateDir, "metrics", "journal", "*.log"))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	put(t, e, "bad")
	data, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(paths[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("X"), int64(bytes.LastIndex(data, []byte("bad"))))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	flush(t, e)
	closeEngine(t, e)
	if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1 05 b:1 05 c:1]" || e.Stats().LostRecords != 1 || e.Stats().Pending != 0 {
		t.Errorf("rows %v, stats %+v", got, e.Stats())
	}
}

// With FlushEvery a record waits no longer than that, whatever the template says.
func TestFlushEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tr := transform.New(transform.Options{Stream: &putter{}, Log: slog.New(slog.DiscardHandler), Now: clock})
		e, err := delivery.Open(dir, stream(), invoker(tr.Handle), delivery.Options{FlushEvery: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		put(t, e, sample("a"))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if n := e.Stats().Objects; n != 0 {
			t.Errorf("%d objects after 4 s", n)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if s := e.Stats(); s.Objects != 1 || s.Pending != 0 {
			t.Errorf("after 10 s: %+v", s)
		}
		closeEngine(t, e)
	})
}

// A flush ends with its context, or when the engine closes while the function has not answered yet. The record stays in the journal.
func TestFlushThatCannotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		e := open(t, dir, stream(), invoker(func(ctx context.Context, _ transform.Event) (transform.Response, error) {
			<-ctx.Done()
			return transform.Response{}, ctx.Err()
		}))
		put(t, e, sample("a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("flush with a deadline: %v", err)
		}
		ended := make(chan error, 1)
		go func() { ended <- e.Flush(context.Background()) }()
		synctest.Wait()
		closeEngine(t, e)
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("flush while the engine closes: %v", err)
		}
		if err := e.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("flush after that: %v", err)
		}
		e = open(t, dir, stream(), nil)
		flush(t, e)
		closeEngine(t, e)
		if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1]" {
			t.Errorf("rows %v", got)
		}
	})
}

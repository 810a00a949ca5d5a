package failed_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// read returns the entries of an object with this content.
func read(t *testing.T, content string) (entries []failed.Entry) {
	t.Helper()
	b := newBucket(map[string]string{"errors/x/o": content})
	r, err := failed.Open(t.Context(), b, failed.Object{Key: "errors/x/o", Size: int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		} else if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestShapes are documents as Firehose writes them, by its developer guide, by objects that were seen, and by the local stack.
func TestShapes(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	raw := base64.StdEncoding.EncodeToString([]byte("the record"))
	for name, text := range map[string]string{
		"processing, guide":       fmt.Sprintf(`{"attemptsMade":"4","arrivalTimestamp":"%d","errorCode":"C","errorMessage":"M","attemptEndingTimestamp":"1","rawData":%q,"lambdaArn":"a"}`, at.UnixMilli(), raw),
		"processing, seen":        fmt.Sprintf(`{"attemptsMade":4,"arrivalTimestamp":%d,"errorCode":"C","errorMessage":"M","attemptEndingTimestamp":1,"rawData":%q,"lambdaARN":"a"}`, at.UnixMilli(), raw),
		"conversion, guide":       fmt.Sprintf(`{"attemptsMade":4,"arrivalTimestamp":%d,"lastErrorCode":"C","lastErrorMessage":"M","attemptEndingTimestamp":1,"rawData":%q,"sequenceNumber":"1","subSequenceNumber":0,"dataCatalogTable":{"catalogId":"1","catalogArn":"a"}}`, at.UnixMilli(), raw),
		"conversion, old edition": fmt.Sprintf(`{"attemptsMade":4,"arrivalTimestamp":%d,"ErrorCode":"C","ErrorMessage":"M","rawData":%q,"dataCatalogTable":null}`, at.UnixMilli(), raw),
		"seconds":                 fmt.Sprintf(`{"attemptsMade":4,"arrivalTimestamp":%d,"errorCode":"C","errorMessage":"M","rawData":%q}`, at.Unix(), raw),
		"text":                    fmt.Sprintf(`{"attemptsMade":4,"arrivalTimestamp":"2026-02-03T04:05:06Z","errorCode":"C","errorMessage":"M","rawData":%q}`, raw),
	} {
		for form, content := range map[string]string{"line": text + "\n", "no line end": text, "gzip": gzipped(t, text+"\n"), "with others": text + text + "\r\n\n" + text} {
			for _, e := range read(t, content) {
				if e.Problem != nil || string(e.Data) != "the record" || e.Code != "C" || e.Message != "M" || e.Attempts != 4 || !e.Arrival.Equal(at) {
					t.Errorf("%s, %s: %+v", name, form, e)
				}
			}
			if n := len(read(t, content)); n != 1 && (form != "with others" || n != 3) {
				t.Errorf("%s, %s: %d entries", name, form, n)
			}
		}
	}
}

// TestBadContent: what cannot be used is counted, keeps its number, and costs nothing else of the object.
func TestBadContent(t *testing.T) {
	good := line(sample("h", 1), status, arrived)
	packed := gzipped(t, strings.Repeat(good, 50))
	for name, c := range map[string]struct {
		content  string
		problems []string // of each entry; "" for a good one
	}{
		"empty":                {"", nil},
		"white space":          {"\n \n", nil},
		"cut":                  {good + good[:len(good)/2], []string{"", "cut off"}},
		"cut in the middle":    {good[:40] + "\n" + good, []string{"cut off", ""}},
		"foreign JSON":         {`{"a":1}` + "\n" + good, []string{"rawData", ""}},
		"array":                {`[1,2]` + "\n" + good, []string{"not a record", ""}},
		"foreign text":         {"hello\n" + good, []string{"cut off", ""}},
		"garbage behind":       {strings.TrimSuffix(good, "\n") + "xyz\n" + good, []string{"", "cut off", ""}},
		"Parquet":              {"PAR1\x00\x01\x02", []string{"cut off"}},
		"not base64":           {`{"rawData":"***"}` + "\n" + good, []string{"base64", ""}},
		"rawData of a type":    {`{"rawData":7}` + "\n" + good, []string{"not a record", ""}},
		"no bytes":             {`{"rawData":""}`, []string{"empty"}},
		"too large":            {line(strings.Repeat("x", record.MaxRecordBytes+1), status, arrived), []string{"more than the 1024000 bytes"}},
		"largest":              {line(strings.Repeat("x", record.MaxRecordBytes), status, arrived), []string{""}},
		"line too long":        {strings.Repeat("x", 9<<20) + "\n" + good, []string{"a line has more than", ""}},
		"gzip, header only":    {packed[:5], []string{"compressed content is cut"}},
		"gzip without its end": {gzipped(t, good)[:len(gzipped(t, good))-4], []string{"", "compressed content is cut"}},
		"gzip, flipped":        {packed[:20] + "\xff\xff\xff" + packed[23:], []string{"compressed content is cut"}},
	} {
		t.Run(name, func(t *testing.T) {
			entries := read(t, c.content)
			if len(entries) != len(c.problems) {
				t.Fatalf("%d entries, want %d: %+v", len(entries), len(c.problems), entries)
			}
			for i, e := range entries {
				if e.Index != i || (e.Problem == nil) != (c.problems[i] == "") || e.Problem != nil && !strings.Contains(e.Problem.Error(), c.problems[i]) {
					t.Errorf("entry %d is %+v, want problem %q", i, e, c.problems[i])
				}
			}
		})
	}
}

// TestForeignObjects: an object stays where it is if Firehose did not write it, or if a part of it cannot be read.
func TestForeignObjects(t *testing.T) {
	good := line(sample("h", 1), status, arrived)
	storages(t, map[string]string{
		"errors/a": "hello", "errors/empty": "", "errors/processing-failed/b": good + good[:30], "errors/processing-failed/c": good,
	}, func(t *testing.T, storage failed.Storage) {
		report, err := replay(storage, newFirehose()).Run(t.Context())
		if err != nil || report.Accepted != 2 || report.Unreadable != 2 || report.Moved != 1 {
			t.Errorf("%+v, %v", report, err)
		}
		if left := keys(t, storage, failed.Errors); len(left) != 3 {
			t.Errorf("below errors/: %v", left)
		}
		if report, err := replay(storage, newFirehose()).Run(t.Context()); err != nil || report.Accepted != 0 || report.Unreadable != 2 {
			t.Errorf("once more: %+v, %v", report, err)
		}
	})
}

// huge is a storage with one object of many records, which is made while it is read.
type huge struct {
	*bucket
	size int64
}

func (h *huge) List(_ context.Context, folder string, each func(failed.Object) error) error {
	if folder != failed.Errors {
		return nil
	}
	return each(failed.Object{Key: "errors/x/huge", Size: h.size, Tag: "t"})
}

func (h *huge) Open(context.Context, failed.Object) (io.ReadCloser, error) {
	text := []byte(line(strings.Repeat("x", 300_000), status, arrived))
	return io.NopCloser(io.LimitReader(&repeated{text: text}, h.size)), nil
}

type repeated struct {
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return n, nil
}

// TestHugeObject: a huge object takes bounded memory.
func TestHugeObject(t *testing.T) {
	h := &huge{bucket: newBucket(nil), size: 64 << 20}
	most, n := uint64(0), 0
	err := failed.Walk(t.Context(), h, failed.Selection{}, func(failed.Found) error {
		if n++; n%10 == 0 {
			runtime.GC() // so that only what is in use counts
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
		return nil
	})
	if err != nil || n < 150 {
		t.Fatal(n, err)
	}
	if most > 32<<20 {
		t.Errorf("%d MB of memory for an object of %d MB", most>>20, h.size>>20)
	}
}

// TestCutByTheStorage: if the storage breaks off, the records behind are not taken for missing.
func TestCutByTheStorage(t *testing.T) {
	objects, _ := failures()
	h := &huge{bucket: newBucket(objects), size: 1 << 20}
	r, err := failed.Open(t.Context(), short{h}, failed.Object{Key: "errors/x/huge", Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "bytes too few") {
		t.Errorf("error is %v", err)
	}
}

type short struct{ *huge }

func (s short) Open(ctx context.Context, o failed.Object) (io.ReadCloser, error) {
	content, err := s.huge.Open(ctx, o)
	return io.NopCloser(io.LimitReader(content, 1000)), err
}

// TestFirstSample reads what a record says about itself.
func TestFirstSample(t *testing.T) {
	var pack record.PackWriter
	if err := pack.Add([]byte(sample("packed", 7)), record.HourOf(float64(arrived.Unix()))); err != nil {
		t.Fatal(err)
	}
	packed, err := pack.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data, host string
		known      bool
	}{
		"pack":              {string(packed), "packed", true},
		"pack that is cut":  {string(packed[:len(packed)-9]), "packed", true},
		"line":              {sample("h", 1), "h", true},
		"without ts":        {`{"hostname":"h","session_id":"s","seq":1}`, "h", false},
		"ts is a text":      {`{"hostname":"h","ts":"now","session_id":"s","seq":1}`, "h", false},
		"host is a number":  {`{"hostname":7,"ts":1770000000,"session_id":"s","seq":1}`, "", true},
		"seq is a fraction": {`{"hostname":"h","ts":1770000000,"session_id":"s","seq":1.5}`, "h", false},
		"not JSON":          {"\x00\xff", "", false},
		"gzip of nothing":   {"\x1f\x8b", "", false},
	} {
		b := newBucket(map[string]string{"errors/x/o": line(c.data, status, arrived)})
		err := failed.Walk(t.Context(), b, failed.Selection{}, func(f failed.Found) error {
			if f.Sample.Host != c.host || f.Sample.Known != c.known || string(f.Entry.Data) != c.data {
				t.Errorf("%s: %+v", name, f.Sample)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

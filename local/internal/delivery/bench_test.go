package delivery_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

const (
	benchRecords = 500 // of a request, the most there may be
	benchSamples = 20  // of a record: a minute at the default interval
	benchClients = 2
)

// benchRequests returns the bodies of requests of packs, and the bytes of their records.
func benchRequests(b *testing.B, stream string) (bodies [][]byte, recordBytes int) {
	b.Helper()
	now := time.Now().Truncate(time.Hour)
	for request := range 4 {
		var body bytes.Buffer
		fmt.Fprintf(&body, `{"DeliveryStreamName":%q,"Records":[`, stream)
		for i := range benchRecords {
			pack, err := recordtest.New(uint64(request*benchRecords+i)).Pack(now, benchSamples)
			if err != nil {
				b.Fatal(err)
			}
			if i > 0 {
				body.WriteByte(',')
			}
			body.WriteString(`{"Data":"` + base64.StdEncoding.EncodeToString(pack) + `"}`)
			recordBytes += len(pack)
		}
		body.WriteString("]}")
		bodies = append(bodies, body.Bytes())
	}
	return bodies, recordBytes / len(bodies)
}

// BenchmarkDelivery measures the whole local path: PutRecordBatch over HTTP, journal, transform, partitions, Parquet, until
// the last object is durable under its name. One operation is one request of 10,000 samples.
func BenchmarkDelivery(b *testing.B) {
	dir := b.TempDir()
	s := stream()
	s.Table.Columns = nil
	for _, c := range record.Columns() {
		s.Table.Columns = append(s.Table.Columns, stack.Column{Name: c.Name, Type: string(c.Type)})
	}
	quiet := slog.New(slog.DiscardHandler)
	var back putter
	e, err := delivery.Open(dir, s, invoker(transform.New(transform.Options{Stream: &back, Log: quiet}).Handle),
		delivery.Options{Region: "us-east-1", Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	back.engine = e
	service := firehose.New("123456789012", []firehose.Stream{{Stream: s, Putter: e}}, fault.New(fault.Rates{}, 1))
	server := httptest.NewServer(awsjson.NewHandler(service.Operations(), quiet))
	defer server.Close()
	bodies, recordBytes := benchRequests(b, s.Name)

	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchClients {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := post(server.URL, bodies[n%int64(len(bodies))]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := e.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	used := cpuTime(b) - before
	stats := e.Stats()
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	if want := int64(b.N * benchRecords * benchSamples); stats.Rows != want || stats.FailedRecords != 0 {
		b.Fatalf("%d rows delivered, want %d: %+v", stats.Rows, want, stats)
	}
	b.ReportMetric(float64(stats.Rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(used.Microseconds())/float64(stats.Rows), "cpu-µs/row")
	b.ReportMetric(float64(recordBytes)/(benchRecords*benchSamples), "B_put/row")
	b.ReportMetric(float64(sizeBelow(b, filepath.Join(dir, "lake")))/float64(stats.Rows), "B_parquet/row")
}

func post(url string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", awsjson.ContentType)
	r.Header.Set("X-Amz-Target", "Firehose_20150804.PutRecordBatch")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || !strings.Contains(string(text[:min(100, len(text))]), `"FailedPutCount":0`) {
		return fmt.Errorf("%s: %.200s", answer.Status, text)
	}
	return nil
}

func sizeBelow(b *testing.B, dir string) (size int64) {
	b.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// cpuTime is the time that this process has spent on processors. Unlike time on the wall it does not depend on what else
// the machine does.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Linux only: it measures the CPU time of one thread.

//go:build linux

package delivery_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
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
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

const (
	benchRecords = 500 // in a request; Firehose does not allow more
	benchSamples = 20  // in a record: those of a minute at the default interval, half of a record by default
	benchClients = 2
)

// benchRequests returns the bodies of requests with packs, and the bytes of the records of one request.
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

// BenchmarkDelivery measures the whole local path: PutRecordBatch over HTTP, journal, transform, partitions and Parquet, until the last
// object is durable under its final name. One operation is one request with 10,000 samples. The CPU time includes that of the clients.
// Run it alone, and long enough for several objects:
//
//	go test -run '^$' -bench Delivery -benchtime 200x ./internal/delivery
func BenchmarkDelivery(b *testing.B) {
	dir := b.TempDir()
	s := stream()
	s.Table.Columns = nil
	for _, c := range record.Columns() {
		s.Table.Columns = append(s.Table.Columns, spec.Column{Name: c.Name, Type: string(c.Type)})
	}
	quiet := slog.New(slog.DiscardHandler)
	var back putter
	e, err := delivery.Open(dir, s, invoker(transform.New(transform.Options{Stream: &back, Log: quiet}).Handle),
		delivery.Options{Region: "us-east-1", Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	back.engine = e
	service := firehose.New("123456789012", []firehose.Target{{Stream: s, Putter: e}}, fault.New(fault.Rates{}, 1))
	server := httptest.NewServer(awsjson.NewHandler(service.Operations(), quiet))
	defer server.Close()
	bodies, recordBytes := benchRequests(b, s.Name)

	b.ReportAllocs()
	b.ResetTimer()
	var memory, after runtime.MemStats
	runtime.ReadMemStats(&memory)
	before := cpuTime(b, syscall.RUSAGE_SELF)
	var next, clients atomic.Int64
	var wg sync.WaitGroup
	for range benchClients {
		wg.Go(func() {
			used, err := putAll(b, server.Listener.Addr().String(), func() []byte {
				if n := next.Add(1); n <= int64(b.N) {
					return bodies[n%int64(len(bodies))]
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
			clients.Add(int64(used))
		})
	}
	wg.Wait()
	if err := e.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	used := cpuTime(b, syscall.RUSAGE_SELF) - before
	runtime.ReadMemStats(&after)
	stats := e.Stats()
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	if want := int64(b.N * benchRecords * benchSamples); stats.Rows != want || stats.FailedRecords != 0 {
		b.Fatalf("%d rows delivered, want %d: %+v", stats.Rows, want, stats)
	}
	b.ReportMetric(float64(stats.Rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(stats.Rows), "cpu-µs/row")
	b.ReportMetric(float64(clients.Load())/1e3/float64(stats.Rows), "client-cpu-µs/row")
	b.ReportMetric(float64(after.Mallocs-memory.Mallocs)/float64(stats.Rows), "allocs/row")
	b.ReportMetric(float64(recordBytes)/(benchRecords*benchSamples), "B_put/row")
	b.ReportMetric(float64(sizeBelow(b, filepath.Join(dir, "lake")))/float64(stats.Rows), "B_parquet/row")
}

// putAll puts requests over its own connection until next returns nil. It runs on one thread of the operating system and returns the CPU
// time of this thread, which is the client's part of the benchmark.
func putAll(b *testing.B, address string, next func() []byte) (used time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := cpuTime(b, syscall.RUSAGE_THREAD)
	conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in := bufio.NewReader(conn)
	for body := next(); body != nil; body = next() {
		if err := putOne(conn, in, address, body); err != nil {
			return 0, err
		}
	}
	return cpuTime(b, syscall.RUSAGE_THREAD) - before, nil
}

func putOne(conn net.Conn, in *bufio.Reader, host string, body []byte) error {
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nX-Amz-Target: %s\r\nContent-Length: %d\r\n\r\n",
		host, awsjson.ContentType, "Firehose_20150804.PutRecordBatch", len(body))
	if _, err := (&net.Buffers{[]byte(head), body}).WriteTo(conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(in, nil)
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

// cpuTime returns the CPU time of this process or of this thread. Other processes hardly change it, unlike the elapsed time.
func cpuTime(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Error(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fleet"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// maxMemory bounds the memory of `local up` in bytes: two delivery buffers of 64 MiB (one fills while one is written), the same again
// for the garbage collector, and 192 MiB for request bodies, invocations, conversion and the binary.
const maxMemory = 2*2*64<<20 + 192<<20

// BenchmarkTwoMillionRows puts two million samples through the real binary with the template's buffering. It fails if the peak memory
// exceeds the bound, or if a row is missing. It runs on Linux only, because it reads /proc.
func BenchmarkTwoMillionRows(b *testing.B) {
	const (
		rows     = 2_000_000
		records  = 500
		samples  = 20
		requests = rows / records / samples
	)
	now := time.Now().Truncate(time.Hour)
	batch := make([]types.Record, records)
	for i := range batch {
		pack, err := recordtest.New(uint64(i)).Pack(now, samples)
		if err != nil {
			b.Fatal(err)
		}
		batch[i].Data = pack
	}
	for b.Loop() {
		dir := b.TempDir()
		p := start(b, "up", "--dir", dir, "--listen", "127.0.0.1:0")
		c := client(p.endpoint)
		var heap, total int64
		for range requests {
			a, r := resident(b, p.Process.Pid)
			heap, total = max(heap, a), max(total, r)
			out, err := c.PutRecordBatch(b.Context(), &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String(stream), Records: batch})
			if err != nil || *out.FailedPutCount != 0 {
				b.Fatal(err, out)
			}
		}
		b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows-put/s")
		p.stop(b)
		if n := row(b, dir, "SELECT count(*) FROM samples")[0]; n != int64(rows) {
			b.Fatalf("%d rows, want %d", n, rows)
		}
		b.ReportMetric(float64(heap)/(1<<20), "MiB-own-peak")
		b.ReportMetric(float64(total)/(1<<20), "MiB-resident-peak")
		if heap > maxMemory {
			b.Fatalf("peak memory %d MiB, want at most %d MiB", heap>>20, maxMemory>>20)
		}
	}
}

// BenchmarkTwelveMillionRows puts an hour of 10,000 simulated hosts at 3 s through the real binary and rolls it up. It fails if a row is
// missing or if the rollup does not have all of them. LOCAL_HOSTS says how many hosts.
func BenchmarkTwelveMillionRows(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		to := time.Now().Truncate(time.Hour).Add(-time.Hour) // an hour that is closed
		p := start(b, "up", "--dir", dir, "--listen", "127.0.0.1:0")
		began := time.Now()
		config := aws.Config{Region: "us-east-1", BaseEndpoint: &p.endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
		rows, err := fleet.History(b.Context(), fleet.NewStream(config, stream), fleet.Options{
			Hosts: times(b, "LOCAL_HOSTS", 10_000), Seed: 1, Interval: 3 * time.Second, MaxLatency: 2 * time.Minute, From: to.Add(-time.Hour), To: to,
		})
		if err != nil {
			b.Fatal(err)
		}
		p.stop(b)
		b.ReportMetric(time.Since(began).Seconds(), "s-put-and-deliver")
		b.ReportMetric(float64(rows), "rows")
		if n := row(b, dir, "SELECT count(*) FROM samples")[0]; n != rows {
			b.Fatalf("%d rows, want %d", n, rows)
		}
		var said bytes.Buffer
		rollup := exec.Command(filepath.Join(bin, "local"), "rollup", "--dir", dir)
		rollup.Env, rollup.Stdout, rollup.Stderr = testenv.Environ(b), &said, &said
		began = time.Now()
		if err := rollup.Start(); err != nil {
			b.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- rollup.Wait() }()
		var peak int64 // not that of its resource usage: before the start of the program, that is this process's
		for running := true; running; {
			select {
			case err := <-ended:
				if err != nil {
					b.Fatalf("%v\n%s", err, said.Bytes())
				}
				running = false
			case <-time.After(100 * time.Millisecond):
				_, total := memory(rollup.Process.Pid)
				peak = max(peak, total)
			}
		}
		b.ReportMetric(time.Since(began).Seconds(), "s-rollup")
		b.ReportMetric((rollup.ProcessState.UserTime() + rollup.ProcessState.SystemTime()).Seconds(), "CPU-s-rollup")
		b.ReportMetric(float64(peak)/(1<<20), "MiB-rollup-peak")
		if n := row(b, dir, "SELECT CAST(sum(samples) AS bigint) FROM samples_1m")[0]; n != rows {
			b.Fatalf("%d samples are in minutes, want %d", n, rows)
		}
	}
}

// resident returns the memory of a process in bytes. own is its anonymous memory. total is its peak with the pages of mapped files,
// which the kernel frees when it needs memory.
func resident(b *testing.B, pid int) (own, total int64) {
	b.Helper()
	own, total = memory(pid)
	if own == 0 || total == 0 {
		b.Fatal("no RssAnon or VmHWM")
	}
	return own, total
}

// memory returns the same as resident. Both are 0 if the process has ended.
func memory(pid int) (own, total int64) {
	status, _ := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	for line := range bytes.Lines(status) {
		var kib int64
		if _, err := fmt.Sscanf(string(line), "RssAnon: %d kB", &kib); err == nil {
			own = kib << 10
		}
		if _, err := fmt.Sscanf(string(line), "VmHWM: %d kB", &kib); err == nil {
			total = kib << 10
		}
	}
	return own, total
}

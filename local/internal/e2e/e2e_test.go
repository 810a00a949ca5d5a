// Package e2e tests the binaries as a user runs them: the real local stack, which is killed at random, and the real collector. It
// holds tests only.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// bin is the directory of the binaries under test.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "e2e")
	if err == nil {
		bin = dir
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// testVersion is the version that the binaries under test have from the linker, as those of `make build` have theirs.
const testVersion = "v0.0.0-test"

func build(dir string) error {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "..", "Makefile"))
	if err != nil {
		return err
	}
	variable := regexp.MustCompile(`(?m)^PROGRAM := (\S+)$[\s\S]* -X \$\(PROGRAM\)\.version=\$\(VERSION\)`).FindSubmatch(makefile)
	if variable == nil || bytes.Count(makefile, []byte("go build")) != 1 {
		return errors.New("the Makefile does not build all binaries with -ldflags '-X …=$(VERSION)', in one place")
	}
	for name, pkg := range map[string]string{"local": ".", "edge": "../edge", "dashboard": "../dashboard", "bootstrap": "../functions/cmd/transform"} {
		c := exec.Command("go", "build", "-ldflags", fmt.Sprintf("-X %s.version=%s", variable[1], testVersion), "-o", filepath.Join(dir, name), pkg)
		c.Dir = filepath.Join("..", "..")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// process is a program under test.
type process struct {
	*exec.Cmd
	lines    chan string // of its output; closed when it ended
	endpoint string
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start starts the local stack and waits for its endpoint.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(filepath.Join(bin, "local"), args...), lines: make(chan string, 1000)}
	p.Env = testenv.Environ(t)
	out, err := p.StdoutPipe() // ends with the process
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr = p.Stdout
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case p.lines <- s.Text():
			default: // nobody reads
			}
		}
	}()
	for line := range p.lines {
		if p.endpoint = address.FindString(line); p.endpoint != "" {
			return p
		}
	}
	t.Fatal("local ended without naming its address")
	return nil
}

// kill ends the process as a power failure would, and waits for its end.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	_ = p.Wait()         // its exit code does not matter
}

// stop asks the process to end. It fails the test unless the exit code is 0. It returns the output that was not read before.
func (p *process) stop(t testing.TB) (output string) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for line := range p.lines { // Wait closes the pipe, read or not
		output += line + "\n"
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("local ended: %v\n%s", err, output)
	}
	return output
}

func client(endpoint string) *firehose.Client {
	return firehose.New(firehose.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		Retryer:     aws.NopRetryer{},
	})
}

const stream = "MetricsDashboard-Stream"

// putAll sends records, all of which have to be accepted.
func putAll(t testing.TB, p *process, data ...[]byte) {
	t.Helper()
	var records []types.Record
	for _, d := range data {
		records = append(records, types.Record{Data: d})
	}
	answer, err := client(p.endpoint).PutRecordBatch(t.Context(), &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String(stream), Records: records})
	if err != nil || *answer.FailedPutCount > 0 {
		t.Fatalf("put records: %v, %v", answer, err)
	}
}

// edgeRun returns the command of a collector that delivers to the endpoint. It is not started.
func edgeRun(t testing.TB, endpoint, spool string, args ...string) *exec.Cmd {
	edge := exec.Command(filepath.Join(bin, "edge"), append([]string{
		"run", "--stack", "MetricsDashboard", "--interval", "1s", "--spool-dir", spool,
	}, args...)...)
	edge.Env = testenv.Environ(t, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1")
	return edge
}

// query runs SQL over the lake with DuckDB.
func query(t testing.TB, dir, sql string) panels.Result {
	t.Helper()
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Query(t.Context(), panels.Query{SQL: sql})
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) > 0 {
		t.Errorf("warnings: %v", r.Warnings)
	}
	return r
}

// row runs SQL and returns the first row.
func row(t testing.TB, dir, sql string) (values []any) {
	t.Helper()
	for _, column := range query(t, dir, sql).Data {
		values = append(values, column[0])
	}
	return values
}

// The local stack is killed again and again while a producer puts. It delivers each record that it accepted exactly once. The producer
// does not retry. LOCAL_KILLS says how often the stack is killed.
func TestKilledStackLosesNothing(t *testing.T) {
	dir := t.TempDir()
	accepted, unanswered := map[int]bool{}, map[int]bool{}
	seq := 0
	for round := range times(t, "LOCAL_KILLS", 12) {
		p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--flush-every", "1s")
		c := client(p.endpoint)
		deadline := time.After(time.Duration(300+rand.IntN(1500)) * time.Millisecond)
		dead := make(chan struct{})
		go func() {
			<-deadline
			p.kill()
			close(dead)
		}()
		for alive := true; alive; {
			var records []types.Record
			first := seq
			for range 1 + rand.IntN(20) {
				records = append(records, types.Record{Data: fmt.Appendf(nil,
					`{"ts":%d.5,"session_id":"s","seq":%d,"interval_s":1,"hostname":"h"}`, time.Now().Unix(), seq)})
				seq++
			}
			_, err := c.PutRecordBatch(t.Context(), &firehose.PutRecordBatchInput{
				DeliveryStreamName: aws.String(stream), Records: records,
			})
			for n := first; n < seq; n++ {
				if err == nil {
					accepted[n] = true
				} else {
					unanswered[n] = true
				}
			}
			select {
			case <-dead:
				alive = false
			default:
				if err != nil {
					<-dead
					alive = false
				}
			}
		}
		t.Logf("round %d: %d accepted so far", round, len(accepted))
	}
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0")
	p.stop(t)
	seen := map[int]int{}
	for _, v := range query(t, dir, "SELECT seq FROM samples").Data[0] {
		seen[int(v.(int64))]++
	}
	for n, times := range seen {
		if times != 1 {
			t.Errorf("sample %d was delivered %d times", n, times)
		}
		if !accepted[n] && !unanswered[n] {
			t.Errorf("sample %d was never put", n)
		}
	}
	for n := range accepted {
		if seen[n] == 0 {
			t.Errorf("sample %d was accepted and not delivered", n)
		}
	}
	if len(accepted) < 100 {
		t.Errorf("only %d samples were accepted", len(accepted))
	}
}

// The demo prints each stage and, when it is stopped, delivers what is left.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "demo", "--dir", dir, "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0")
	out, slow := "", time.After(time.Minute)
	for stages := []string{"first samples arrived", "first object", "first row"}; len(stages) > 0; {
		select {
		case line, alive := <-p.lines:
			out += line + "\n"
			if strings.Contains(line, stages[0]) {
				stages = stages[1:]
			}
			if !alive {
				t.Fatalf("the demo ended and did not say %q:\n%s", stages[0], out)
			}
		case <-slow:
			t.Fatalf("the demo does not say %q:\n%s", stages[0], out)
		}
	}
	out += p.stop(t)
	row := row(t, dir, `SELECT count(*), count(DISTINCT seq), min(cpu_pct) BETWEEN 0 AND 100, max(cpu_pct) BETWEEN 0 AND 100,
		min(seq), max(seq), count(DISTINCT hostname) FROM samples`)
	n, distinct := row[0].(int64), row[1].(int64)
	if n < 4 || n != distinct || row[2] != true || row[3] != true || row[4] != int64(0) || row[5] != n-1 || row[6] != int64(1) {
		t.Errorf("rows %v\n%s", row, out)
	}
}

// The real collector finds the stream by the parameters of the local stack. The samples that it took before an interrupt arrive.
func TestEdgeDelivers(t *testing.T) {
	for _, transform := range []string{"", filepath.Join(bin, "bootstrap")} {
		t.Run("transform "+filepath.Base(transform), func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"up", "--dir", dir, "--listen", "127.0.0.1:0"}
			if transform != "" {
				args = append(args, "--transform", transform)
			}
			p := start(t, args...)
			edge := edgeRun(t, p.endpoint, filepath.Join(dir, ".edge"), "--tag", "team=core")
			log, err := edge.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := edge.Start(); err != nil {
				t.Fatal(err)
			}
			for s := bufio.NewScanner(log); s.Scan(); {
				if strings.Contains(s.Text(), "first sample taken") {
					break
				}
			}
			if err := edge.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(log)
			if err := errors.Join(err, edge.Wait()); err != nil {
				t.Fatalf("edge ended: %v\n%s", err, rest)
			}
			p.stop(t)
			row := row(t, dir, "SELECT count(*), min(tags['team']), count(cpu_count) FROM samples")
			if n := row[0].(int64); n < 1 || row[1] != "core" || row[2] != n {
				t.Errorf("rows %v\n%s", row, rest)
			}
		})
	}
}

// The local stack takes metrics of an OpenTelemetry Collector. The transform runs as the real executable.
func TestOTLP(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--transform", filepath.Join(bin, "bootstrap"))
	document := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"web-1"}}]},"scopeMetrics":[{"metrics":[
		{"name":"system.cpu.load_average.1m","gauge":{"dataPoints":[{"timeUnixNano":"%d","asDouble":1.5}]}},
		{"name":"system.disk.io","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"%d","timeUnixNano":"%[1]d",
			"asInt":"6000","attributes":[{"key":"device","value":{"stringValue":"sda"}},{"key":"direction","value":{"stringValue":"read"}}]}]}}]}]}]}`,
		time.Now().UnixNano(), time.Now().Add(-time.Minute).UnixNano())
	putAll(t, p, []byte(document))
	p.stop(t)
	if row := row(t, dir, "SELECT hostname, load1, round(disk_read_bytes_per_s), disks[1].device FROM samples_once"); fmt.Sprint(row) != "[web-1 1.5 100 sda]" {
		t.Errorf("row %v", row)
	}
}

// The error prefix keeps the bytes of each kind of bad record. The transform runs as the real executable.
func TestBadRecordsAreKept(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--transform", filepath.Join(bin, "bootstrap"))
	bad := []string{"", "\x00\xff", `{"ts":1}`, `{"ts":"x"}`, fmt.Sprintf(`{"ts":%d,"procs":"many"}`, time.Now().Unix())}
	var records [][]byte
	for _, b := range append(bad, fmt.Sprintf(`{"ts":%d,"hostname":"good"}`, time.Now().Unix())) {
		records = append(records, []byte(b))
	}
	putAll(t, p, records...)
	p.stop(t)
	if row := row(t, dir, "SELECT count(*), min(hostname) FROM samples"); row[0] != int64(1) || row[1] != "good" {
		t.Errorf("rows %v", row)
	}
	kept := map[string]bool{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/errors/") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		for line := range bytes.Lines(data) {
			var f struct{ RawData []byte }
			err = errors.Join(err, json.Unmarshal(line, &f))
			kept[string(f.RawData)] = true
		}
		return err
	})
	if err != nil || len(kept) != len(bad) {
		t.Errorf("%d records are kept, want %d (%v)", len(kept), len(bad), err)
	}
	for _, b := range bad {
		if !kept[b] {
			t.Errorf("record %q is not kept", b)
		}
	}
}

// The local stack delivers with each committed template of the CDK app.
func TestTemplates(t *testing.T) {
	for _, name := range []string{"default.json", "testdata/minimal.json", "testdata/everything.json", "testdata/platform.json"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", filepath.Join("..", "template", name))
			c := client(p.endpoint)
			streams, err := c.ListDeliveryStreams(t.Context(), &firehose.ListDeliveryStreamsInput{})
			if err != nil || len(streams.DeliveryStreamNames) != 1 {
				t.Fatal(streams, err)
			}
			if _, err := c.PutRecord(t.Context(), &firehose.PutRecordInput{
				DeliveryStreamName: &streams.DeliveryStreamNames[0],
				Record:             &types.Record{Data: fmt.Appendf(nil, `{"ts":%d,"hostname":"h","cpu_pct":7.5}`, time.Now().Unix())},
			}); err != nil {
				t.Fatal(err)
			}
			p.stop(t)
			if row := row(t, dir, "SELECT count(*), min(cpu_pct) FROM samples"); row[0] != int64(1) || row[1] != 7.5 {
				t.Errorf("rows %v", row)
			}
		})
	}
}

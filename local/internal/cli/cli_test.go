package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
	"github.com/metrics-dashboard/metrics-dashboard/record/program/programtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// output can be read while it is written. It closes seen when it contains the text want.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
	want string
	seen chan struct{}
}

func expect(text string) *output { return &output{want: text, seen: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	had := strings.Contains(o.text.String(), o.want)
	n, err := o.text.Write(b)
	if !had && strings.Contains(o.text.String(), o.want) {
		close(o.seen)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run runs local to its end.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestProgram is what local has in common with the other programs.
func TestProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	programtest.Test(t, "local", Main, programtest.Cases{
		BadValue:       [][]string{{"up", "--flush-every", "soon"}, {"fleet", "--hosts", "0"}, {"demo", "--for", "-1s"}},
		WrongArguments: [][]string{{"up", "extra"}, {"demo", "extra"}, {"fleet", "extra"}, {"version", "1"}},
		Failure:        [][]string{{"up", "--template", file + "/none"}, {"fleet", "--listen", "127.0.0.1:0", "--dir", file}},
	})
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	yaml := write("template.yaml", "Resources:\n")
	function := write("function.json", `{"Resources":{"P":{"Type":"AWS::SSM::Parameter","Properties":{"Name":"n","Type":"String",
		"Value":{"Fn::ImportValue":"x"}}},"S":{"Type":"AWS::KinesisFirehose::DeliveryStream","Properties":{"DeliveryStreamType":"MSKAsSource"}}}}`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	used := listener.Addr().String()
	free := filepath.Join(dir, "lake")
	tests := []struct {
		args string
		code int
		want []string // one line each, in order
	}{
		{"upp", program.Refused, []string{`unknown command "upp"; did you mean up?`}},
		{"fleet --hosts 0 --days 500 --interval 1ms --max-latency 1h --endpoint here", program.Refused, []string{
			"--hosts 0: want 1 to 10000", "--days 500: want 0 to 400", "--interval 1ms: want 1s to 1h", "--max-latency 1h0m0s: want up to 15m",
			`--endpoint "here": want an address`,
		}},
		{"up extra", program.Refused, []string{`local up takes no argument, has "extra"`}},
		{"up --colour", program.Refused, []string{"unknown flag: --colour; see local up --help"}},
		{"fleet --hosts many", program.Refused, []string{`invalid argument "many" for "--hosts" flag: want a whole number; see local fleet --help`}},
		{"fleet --seed -x", program.Refused, []string{`for "--seed" flag: want a whole number of 0 or more; see`}},
		{"demo --for 8", program.Refused, []string{`invalid argument "8" for "--for" flag: want a duration such as 30s, 5m or 24h; see local demo --help`}},
		{"up --allow-remote=perhaps", program.Refused, []string{`for "--allow-remote" flag: want true or false; see`}},
		{"up --flush-every soon", program.Refused, []string{"invalid argument"}},
		{"up --fault a=1 --journal-max 1 --flush-every 1ms --log-level loud --listen 4566", program.Refused, []string{
			"--log-level loud: want debug, info, warn or error", `--fault a=1: "a=1": want throttle`, "--journal-max 1: want a size",
			"--flush-every 1ms: want 1s to 15m0s", `--listen: "4566": want host:port`,
		}},
		{"up --listen 0.0.0.0:0", program.Refused, []string{"reachable from other machines: add --allow-remote"}},
		{"up --template " + dir + "/nobody", program.Failed, []string{"--template: open " + dir + "/nobody: no such file"}},
		{"up --template " + yaml, program.Failed, []string{yaml + ": not a CloudFormation template in JSON (a YAML template must be"}},
		{"up --template " + function, program.Failed, []string{
			"--template " + function + ": Resources.P.Properties.Value: the local stack does not know Fn::ImportValue",
			"Resources.S.Properties: ExtendedS3DestinationConfiguration is missing",
			`Resources.S.Properties.DeliveryStreamType: "MSKAsSource": the local stack supports only DirectPut`,
		}},
		{"up --listen 127.0.0.1:0 --dir " + yaml, program.Failed, []string{yaml + ": not a directory"}},
		{"up --dir " + free + " --listen " + used, program.Failed, []string{"listen on " + used + ": the port is in use"}},
		{"up --dir " + free + " --listen 127.0.0.1:99999", program.Failed, []string{"listen on 127.0.0.1:99999: "}},
		{"up --dir " + free + " --listen 127.0.0.1:0 --transform " + yaml, program.Failed, []string{"--transform " + yaml + ": start"}},
		{"demo --for -1s", program.Refused, []string{"--for -1s: want a duration such as 40s"}},
		{"demo --interval 1500ms", program.Refused, []string{"--interval 1.5s: want 1s to 1h in whole seconds"}},
		{"demo --dashboard 0.0.0.0:1", program.Refused, []string{"--dashboard: "}},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			code, stdout, stderr := run(t, strings.Fields(test.args)...)
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if code != test.code || stdout != "" || len(lines) != len(test.want) {
				t.Fatalf("exit code %d, %d lines, want %d and %d\n%s%s", code, len(lines), test.code, len(test.want), stdout, stderr)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, "local: ") || !strings.Contains(line, test.want[i]) {
					t.Errorf("have %s, want %s", line, test.want[i])
				}
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"up", "--help"}, {"demo", "--help"}} {
		if code, stdout, stderr := run(t, args...); code != program.OK || !strings.Contains(stdout, "Usage:") || stderr != "" {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

// local up prints what runs, and stops when it is asked to.
func TestUp(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	stdout, stderr := expect("export AWS_ENDPOINT_URL="), &output{seen: make(chan struct{})}
	done := make(chan int)
	go func() {
		done <- Main(ctx, []string{"up", "--dir", dir, "--listen", "127.0.0.1:0", "--flush-every", "10s", "--fault", "latency=1ms"}, strings.NewReader(""), stdout, stderr)
	}()
	select {
	case <-stdout.seen:
	case code := <-done:
		t.Fatalf("exit code %d before it was up\n%s%s", code, stdout, stderr)
	}
	stop()
	if code := <-done; code != program.OK {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{
		`Local stack MetricsDashboard on http://127\.0\.0\.1:[1-9]\d*\n`, `stream +MetricsDashboard-Stream\n`,
		`objects +` + regexp.QuoteMeta(dir) + `/metricsdashboard-.*/analytics\n`,
		`at most 10s from a record to its object \(--flush-every\); the template has 205 KiB or 1m0s`,
		`parameters +/metrics-dashboard/MetricsDashboard/\n`, `faults +latency=1ms, seed 1\n`, `Stopping: 0 records`, `Took 0 records`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout.String()) {
			t.Errorf("no %s in\n%s", want, stdout)
		}
	}
}

// The name of the stack comes from the name of the template's file, unless --stack gives it.
func TestStackName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Fleet.template.json")
	data, err := os.ReadFile("../template/testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ stack, want string }{{"", "Fleet"}, {"Other", "Other"}} {
		f := stackFlags{template: path, stack: test.stack}
		if s, err := f.read(); err != nil || s.Name != test.want || s.Streams[0].Name != test.want+"-Stream" {
			t.Errorf("have %s, %v, want %s", s.Name, err, test.want)
		}
	}
}

func TestRollupWithoutSamples(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := run(t, "rollup", "--dir", dir)
	if want := "local: there are no samples in " + dir + ": "; code != 0 || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
}

func TestCounted(t *testing.T) {
	for n, want := range map[int64]string{0: "0 rows", 1: "1 row", 1234567: "1,234,567 rows"} {
		if got := counted(n, "row"); got != want {
			t.Errorf("have %s, want %s", got, want)
		}
	}
}

// TestDemoEdge runs the demo without a collector, with one that fails, and with one that sends nothing.
func TestDemoEdge(t *testing.T) {
	testenv.Clean(t)
	demo := []string{"demo", "--dir", filepath.Join(t.TempDir(), "lake"), "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"}
	t.Setenv("PATH", t.TempDir())
	if code, _, stderr := run(t, demo...); code != program.Failed || !strings.Contains(stderr, "run `make build`") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	edge := func(script string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "edge"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
	}
	edge("echo first; echo it broke: $2 $3 >&2; exit 9")
	code, _, stderr := run(t, demo...)
	want := "local: the collector ended by itself: exit status 9; its last lines:\nlocal: first\nlocal: it broke: --stack MetricsDashboard\n"
	if code != program.Failed || !strings.HasSuffix(stderr, want) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	// This one sends nothing, and stops when it is asked to.
	edge("trap 'exit 0' TERM; while :; do /bin/sleep 0.05; done")
	code, stdout, stderr := run(t, append(demo, "--for", time.Second.String())...)
	if code != program.Failed || !strings.Contains(stderr, "no row arrived in the lake within 1s") ||
		!strings.Contains(stdout, "waiting for the first samples") || !strings.Contains(stdout, "Dashboard on http://127.0.0.1:") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// If a port is given with --dashboard and is in use, the demo fails: it takes another port only for its default.
func TestDemoPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "edge"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	code, _, stderr := run(t, "demo", "--dir", filepath.Join(dir, "lake"), "--listen", "127.0.0.1:0", "--dashboard", listener.Addr().String())
	if code != program.Failed || !strings.Contains(stderr, "--dashboard "+listener.Addr().String()+": the port is in use") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// A history of a fleet fills the lake up to now and ends with what shows it. A second one says that it adds to the first. With
// --endpoint it goes to a running stack; here there is none.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	args := []string{"fleet", "--hosts", "3", "--days", "1", "--interval", "5m", "--dir", dir}
	began := time.Now()
	code, stdout, stderr := run(t, args...)
	put := regexp.MustCompile(`Put (\d+) samples in `).FindStringSubmatch(stdout)
	// A day is 288 intervals. At most one hour has passed since the last whole one.
	if code != program.OK || !strings.Contains(stdout, "Simulating 3 hosts for 1 day, a sample every 5m0s.") || len(put) != 2 ||
		!strings.Contains(stdout, "delivered "+put[1]+" rows in ") || !strings.Contains(stdout, "dashboard --lake "+dir+"\nand open http://127.0.0.1:8080/?dashboard=hosts") ||
		strings.Contains(stderr, "already has samples") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	} else if n, err := strconv.Atoi(put[1]); err != nil || n < 3*288 || n > 3*(288+12) {
		t.Errorf("%d samples, want those of a day and of at most an hour (%v)", n, err)
	}
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	newest, ok, err := l.Newest(t.Context(), time.Now().Add(time.Minute))
	// On the page, hosts report. A simulated machine may be off just now.
	if hosts, silent := reporting(t, l); hosts != 3 || silent > 1 {
		t.Errorf("the page shows %d hosts, and %d of them as silent", hosts, silent)
	}
	if err := errors.Join(err, l.Close()); err != nil || !ok || newest.Before(began.Add(-5*time.Minute-time.Second)) {
		t.Errorf("the newest sample is of %v, the run began at %v (%v)", newest, began, err)
	}
	if code, _, stderr := run(t, args...); code != program.OK || !strings.Contains(stderr, "already has samples, and this run adds to them") {
		t.Errorf("the second run: exit %d: %s", code, stderr)
	}
	code, _, stderr = run(t, append(args, "--endpoint", "http://127.0.0.1:1")...)
	if code != program.Failed || !strings.Contains(stderr, "connection refused") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// reporting returns how many hosts the page counts now, and how many of them as silent.
func reporting(t *testing.T, l *lake.Lake) (hosts, silent int64) {
	t.Helper()
	p, ok := panels.Find("overview-fleet")
	if !ok {
		t.Fatal("there is no such panel")
	}
	now := time.Now()
	q, err := panels.Bind(p, panels.Params{Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: time.Minute, Series: 1, Delay: time.Minute}, l.Form(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Query(t.Context(), q)
	if err != nil || r.Rows() != 1 {
		t.Fatalf("%d rows, %v", r.Rows(), err)
	}
	hosts, _ = r.Data[0][0].(int64)
	silent, _ = r.Data[1][0].(int64)
	return hosts, silent
}

// A history arrives whole although it has more hours than a delivery buffer has partitions, and is older than the template accepts.
func TestLongFleet(t *testing.T) {
	code, stdout, stderr := run(t, "fleet", "--hosts", "1", "--days", "30", "--interval", "1h", "--dir", t.TempDir())
	if code != program.OK || !regexp.MustCompile(`delivered 72[01] rows in `).MatchString(stdout) || strings.Contains(stdout, "error prefix") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, _, stderr = run(t, "fleet", "--hosts", "1", "--days", "30", "--dir", t.TempDir(), "--endpoint", "http://127.0.0.1:1")
	if code != program.Refused || !strings.Contains(stderr, "--days 30 with --endpoint: the running stack refuses samples older than 14 days") ||
		!strings.Contains(stderr, "want --days 13 or less") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// The command fails if samples end under the error prefix.
func TestFleetThatIsNotDelivered(t *testing.T) {
	dir := t.TempDir()
	table := regexp.MustCompile(`("Name": "hostname",\s+"Type": ")string"`)
	broken := table.ReplaceAll(template.Default(), []byte(`${1}int"`))
	if bytes.Equal(broken, template.Default()) {
		t.Fatal("the template has no column hostname")
	}
	path := filepath.Join(dir, "MetricsDashboard.template.json")
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "fleet", "--hosts", "1", "--days", "1", "--interval", "1h", "--dir", filepath.Join(dir, "lake"), "--template", path)
	if code != program.Failed || !regexp.MustCompile(`not all samples are in the lake: 2[45] records under the error prefix`).MatchString(stderr) {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

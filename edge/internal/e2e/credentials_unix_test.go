// Unix only: it asks the collector to stop by a signal.

//go:build unix

package e2e

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// writeKey writes a credentials file as programs that rotate keys do: the new file replaces the old one.
func writeKey(t *testing.T, path, id string) {
	t.Helper()
	text := "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = secret\n"
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestRotatedCredentials: within a minute after its credentials file was rewritten, and without a signal, the real binary delivers with
// the new keys. No sample is lost.
func TestRotatedCredentials(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	s.Key = "KEYONE"
	h := httptest.NewServer(s)
	defer h.Close()
	file := filepath.Join(t.TempDir(), "credentials")
	writeKey(t, file, "KEYONE")
	c := exec.Command(build(t), "run", "--stream", "the-stream", "--region", "eu-north-1", "--spool-dir", t.TempDir(),
		"--interval", "1s", "--max-latency", "1s")
	c.Env = testenv.Environ(t, "AWS_ENDPOINT_URL="+h.URL, "AWS_SHARED_CREDENTIALS_FILE="+file, "AWS_EC2_METADATA_DISABLED=true")
	out, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	logged := make(chan struct{})
	denied := make(chan struct{}) // closed when the log says that delivery fails
	go func() {
		defer close(logged)
		said := sync.OnceFunc(func() { close(denied) })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "delivery is failing") {
				said()
			}
		}
	}()
	within := func(what string, done <-chan struct{}) {
		t.Helper()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("not within a minute: %s", what)
		}
	}
	within("delivery with the first key", s.Arrived)
	s.Mu.Lock()
	s.Key = "KEYTWO" // the first key is expired
	s.Mu.Unlock()
	within("a request with the first key is refused", denied)
	for len(s.Arrived) > 0 { // from earlier deliveries
		<-s.Arrived
	}
	writeKey(t, file, "KEYTWO")
	within("delivery with the second key", s.Arrived)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-logged
	if err := c.Wait(); err != nil {
		t.Errorf("edge ended: %v", err)
	}
	for _, want := range []string{"ExpiredTokenException", "signing with other credentials", "delivery works again", "undelivered=0 dropped=0"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("log has %q %d times:\n%s", want, n, &log)
		}
	}
}

// TestCheckNamesTheEndpoint: if the endpoint cannot be reached, the check names the one that was asked. Here a proxy refuses every
// connection.
func TestCheckNamesTheEndpoint(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards asked
	asked := map[string]bool{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Host] = true
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	path := build(t)
	for name, c := range map[string]struct {
		variables  []string
		endpoint   string
		unproxied  bool
		discovered bool
	}{
		"usual":      {variables: []string{"AWS_REGION=us-east-1"}, endpoint: "firehose.us-east-1.amazonaws.com"},
		"discovery":  {variables: []string{"AWS_REGION=us-east-1"}, endpoint: "ssm.us-east-1.amazonaws.com", discovered: true},
		"FIPS":       {variables: []string{"AWS_REGION=us-east-1", "AWS_USE_FIPS_ENDPOINT=true"}, endpoint: "firehose-fips.us-east-1.amazonaws.com"},
		"dual stack": {variables: []string{"AWS_REGION=us-east-1", "AWS_USE_DUALSTACK_ENDPOINT=true"}, endpoint: "firehose.us-east-1.api.aws"},
		"China":      {variables: []string{"AWS_REGION=cn-north-1"}, endpoint: "firehose.cn-north-1.amazonaws.com.cn"},
		"an endpoint of one's own": {
			variables: []string{"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=http://127.0.0.1:9"}, endpoint: "127.0.0.1:9", unproxied: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"check", "--stream", "s", "--spool-dir", t.TempDir()}
			if c.discovered {
				args[1], args[2] = "--stack", "S"
			}
			cmd := exec.Command(path, args...)
			cmd.Env = testenv.Environ(t, append([]string{
				"HTTPS_PROXY=" + proxy.URL, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_EC2_METADATA_DISABLED=true",
			}, c.variables...)...)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "does the machine reach "+c.endpoint+"?") {
				t.Errorf("exit code %d, %v:\n%s", code, err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			if asked[c.endpoint+":443"] == c.unproxied {
				t.Errorf("the proxy was asked for %v", asked)
			}
		})
	}
}

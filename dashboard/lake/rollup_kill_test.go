package lake_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

const killAt, killIn = "ROLLUP_KILL_AT", "ROLLUP_KILL_IN"

// killedAfter is when the killed runs of the test happen.
var killedAfter = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// TestRollUntilKilled is the run that TestKilledRollup starts in a process of its own. The process kills itself after a step.
func TestRollUntilKilled(t *testing.T) {
	at, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		t.SkipNow() // it is not a test by itself
	}
	r, err := lake.OpenRoller(os.Getenv(killIn), 1)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	r.OnStep(func(step string) {
		if n++; n > at {
			fmt.Println("killed after step", step)
			if err := self.Kill(); err != nil {
				t.Error(err)
			}
			select {}
		}
	})
	if err := r.Run(t.Context(), killedAfter, func(lake.Rolled) {}); err != nil {
		t.Fatal(err)
	}
}

// A run that is killed with SIGKILL after any step leaves no answer that differs from that of whole runs. The next run makes up for it.
func TestKilledRollup(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 22, 0, 0, 0, time.UTC)
	samples := laketest.Samples(2, from, from.Add(time.Hour), time.Minute)
	laketest.Write(t, dir, samples)
	whole := answers(t, copyOf(t, dir), killedAfter)
	steps := 0
	for at := 0; ; at++ {
		lakeDir := copyOf(t, dir)
		child := exec.CommandContext(t.Context(), self, "-test.run=^TestRollUntilKilled$")
		child.Env = testenv.Environ(t, killAt+"="+strconv.Itoa(at), killIn+"="+lakeDir)
		out, err := child.CombinedOutput()
		if err == nil {
			break // there are no more steps
		}
		if !strings.Contains(string(out), "killed after step") {
			t.Fatalf("%v: %s", err, out)
		}
		steps++
		step := strings.TrimSpace(string(out))
		l := open(t, lakeDir)
		for _, r := range panels.Rollups() {
			rows := len(rollupRows(t, l, r, "hostname, t, samples"))
			want := len(whole[r.Name])
			if rows != 0 && rows != want {
				t.Errorf("%s: %s has %d rows, want none or %d", step, r.Name, rows, want)
			}
		}
		// The next run also removes what is so old that no run can be writing it.
		if got := answers(t, lakeDir, time.Now().Add(2*time.Hour)); fmt.Sprint(got) != fmt.Sprint(whole) {
			t.Errorf("%s: the next run's rows are\n%v, want\n%v", step, got, whole)
		}
		err = filepath.WalkDir(lakeDir, func(path string, _ os.DirEntry, err error) error {
			if strings.HasSuffix(path, ".tmp") {
				t.Errorf("%s: left %s", step, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if steps != 15 {
		t.Errorf("%d steps of three periods, want five of each", steps)
	}
}

// answers rolls up a lake and returns the rows of its rollups.
func answers(t *testing.T, dir string, now time.Time) map[string][][]any {
	t.Helper()
	rollUp(t, dir, now)
	l := open(t, dir)
	all := map[string][][]any{}
	for _, r := range panels.Rollups() {
		all[r.Name] = rollupRows(t, l, r, "hostname, t, samples, last_ts, round(cpu_pct, 9), cpu_pct_max")
	}
	return all
}

// copyOf copies a lake.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
	function "github.com/metrics-dashboard/metrics-dashboard/functions/alerts"
)

// begin is when the tests begin. A context has a real deadline, so it is the real time.
var begin = time.Now().UTC().Truncate(time.Second)

// bucket is S3 over its protocol, with conditional writes. Its requests, and other steps of a run, can be made to fail.
type bucket struct {
	content []byte
	etag    int

	step, dieAt int
	after       bool // whether the step that dies has an effect
	dead        bool
}

// dies reports whether a step fails, and whether it has an effect. After a step failed, each one does until the next run.
func (b *bucket) dies() (fails, effect bool) {
	if b.dead {
		return true, false
	}
	b.step++
	if b.step == b.dieAt {
		b.dead = true
		return true, b.after
	}
	return false, true
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fails, effect := b.dies()
	status := http.StatusOK
	var answer []byte
	tag := func() string { return fmt.Sprintf(`"%d"`, b.etag) }
	switch {
	case !effect:
	case r.Method == http.MethodGet && b.etag == 0:
		status, answer = http.StatusNotFound, []byte("<Error><Code>NoSuchKey</Code></Error>")
	case r.Method == http.MethodGet:
		answer = b.content
	case r.Header.Get("If-None-Match") == "*" && b.etag > 0, r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != tag():
		status, answer = http.StatusPreconditionFailed, []byte("<Error><Code>PreconditionFailed</Code></Error>")
	default:
		b.content, _ = io.ReadAll(r.Body)
		b.etag++
	}
	if fails {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", tag())
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// world is all that a run uses.
type world struct {
	*bucket
	state function.State
	got   []alerts.Message
	now   alerts.Now
	look  error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{bucket: &bucket{}}
	server := httptest.NewServer(w.bucket)
	t.Cleanup(server.Close)
	w.state = function.State{Key: "alerts/state.json", Bucket: objects.New(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, "lake")}
	return w
}

var errDied = errors.New("the process died")

func (w *world) Send(_ context.Context, m alerts.Message) error {
	fails, effect := w.dies()
	if effect {
		w.got = append(w.got, m)
	}
	if fails {
		return errDied
	}
	return nil
}

func (w *world) run(ctx context.Context) error {
	w.dead = false
	return function.New(function.Options{
		Look: func(context.Context, time.Time, time.Time) (alerts.Now, error) {
			if fails, _ := w.dies(); fails {
				return alerts.Now{}, errDied
			}
			return w.now, w.look
		},
		Store: w.state, Receiver: w, Now: func() time.Time { return w.now.At }, Log: slog.New(slog.DiscardHandler),
	})(ctx)
}

// openAt returns the problems of hosts that are open some minutes after begin.
func openAt(minute int, hosts ...string) alerts.Now {
	now := alerts.Now{At: begin.Add(time.Duration(minute) * time.Minute), Heard: map[string]time.Time{"a": begin, "b": begin}}
	for _, h := range hosts {
		now.Problems = append(now.Problems, alerts.Problem{Host: h, Name: "CPU", Severity: alerts.Warning, Since: begin})
	}
	return now
}

// A run that dies at any step, of S3, Athena or SNS, loses no message; the next ones send at most one twice, with the same id.
func TestDiesAtEachStep(t *testing.T) {
	story := []alerts.Now{openAt(0, "a"), openAt(5, "a", "b"), openAt(10, "b"), openAt(15, "b"), openAt(20, "b")}
	for step := 1; ; step++ {
		for _, after := range []bool{false, true} {
			w := newWorld(t)
			w.dieAt, w.after = step, after
			for _, w.now = range story {
				_ = w.run(t.Context()) // the run that dies fails
			}
			if w.step < step {
				if step < 20 {
					t.Errorf("the story has only %d steps", w.step)
				}
				return
			}
			ids := map[string]bool{}
			var known []string
			for _, m := range w.got {
				if ids[m.ID] {
					continue
				}
				ids[m.ID] = true
				for _, c := range m.Changes {
					if slices.Contains(known, c.Problem.Host) == (c.Event == alerts.Raised) {
						t.Errorf("step %d: %s %s, and known is %q", step, c.Event, c.Problem.Host, known)
					}
					if c.Event == alerts.Raised {
						known = append(known, c.Problem.Host)
					} else {
						known = slices.DeleteFunc(known, func(h string) bool { return h == c.Problem.Host })
					}
				}
			}
			if !slices.Equal(known, []string{"b"}) || len(w.got) > len(ids)+1 {
				t.Errorf("step %d, with effect %v: known is %q after %d messages of which %d differ", step, after, known, len(w.got), len(ids))
			}
		}
	}
}

// If the query fails, no message says that problems are over, and Lambda counts an error.
func TestQueryFails(t *testing.T) {
	w := newWorld(t)
	w.now = openAt(0, "a")
	if err := w.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.now, w.look = openAt(5), errors.New("throttled")
	if err := w.run(t.Context()); err == nil || !strings.Contains(err.Error(), "ask for the problems of all hosts: throttled") || len(w.got) != 1 {
		t.Errorf("%v after %d messages", err, len(w.got))
	}
}

// A run beside another that sends a message ends without an error.
func TestBesideAnother(t *testing.T) {
	w := newWorld(t)
	w.now = openAt(0, "a")
	w.dieAt, w.after = 4, true // read, ask, write, send
	if err := w.run(t.Context()); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), begin.Add(10*time.Minute))
	defer cancel()
	if w.now = openAt(1, "a", "b"); w.run(ctx) != nil || len(w.got) != 1 {
		t.Errorf("a run within the other's time sent %d messages, want 1", len(w.got))
	}
}

func TestNewerState(t *testing.T) {
	w := newWorld(t)
	w.content, w.etag, w.now = []byte(`{"version":9}`), 1, openAt(0, "a")
	if err := w.run(t.Context()); !errors.Is(err, alerts.ErrNewer) || len(w.got) != 0 || string(w.content) != `{"version":9}` {
		t.Errorf("%v, %d messages, the state is %s", err, len(w.got), w.content)
	}
}

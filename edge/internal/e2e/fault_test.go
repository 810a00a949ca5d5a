package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
)

// TestFaults runs a collector at its defaults for two hours. In the first hour the endpoint has a fault.
func TestFaults(t *testing.T) {
	all := func(code string) func(int) string { return func(int) string { return code } }
	for name, c := range map[string]struct {
		fault func(n int, w http.ResponseWriter, r *http.Request) cloudtest.Outcome
		dial  error
		// duplicates says that some are expected: the collector does not learn that records were accepted.
		duplicates bool
		spool      int64 // size limit in bytes per sample, for a spool that is too small
		dropped    bool
		said       string
	}{
		"every other record fails": {said: "InternalFailure", fault: func(n int, _ http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Outcome{RefuseRecord: func(i int) string {
				if (n+i)%2 == 0 {
					return "InternalFailure"
				}
				return ""
			}}
		}},
		"all records are throttled": {said: "throttled", fault: func(int, http.ResponseWriter, *http.Request) cloudtest.Outcome {
			return cloudtest.Outcome{RefuseRecord: all("ServiceUnavailableException")}
		}},
		"throttled": {said: "throttled", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Fail(w, http.StatusBadRequest, "ServiceUnavailableException")
		}},
		"server errors": {said: "StatusCode: 503", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			w.WriteHeader(http.StatusServiceUnavailable)
			return cloudtest.Outcome{Answered: true}
		}},
		"resets": {said: "EOF", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			cloudtest.HangUp(w)
			return cloudtest.Outcome{Answered: true}
		}},
		"resets after it was taken": {said: "EOF", duplicates: true, fault: func(n int, _ http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Outcome{Silent: n%2 == 0}
		}},
		"slow": {fault: func(int, http.ResponseWriter, *http.Request) cloudtest.Outcome {
			time.Sleep(25 * time.Second)
			return cloudtest.Outcome{}
		}},
		"no answer": {said: "deadline exceeded", fault: func(_ int, _ http.ResponseWriter, r *http.Request) cloudtest.Outcome {
			<-r.Context().Done()
			return cloudtest.Outcome{Answered: true}
		}},
		"short answers": {said: "delivery stream the-stream answered with 0 results for 1 records", duplicates: true, fault: func(n int, _ http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Outcome{Short: n % 2}
		}},
		"rubbish": {said: "deserialization failed", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			_, _ = w.Write([]byte("<html>welcome to the hotel</html>"))
			return cloudtest.Outcome{Answered: true}
		}},
		"expired credentials": {said: "ExpiredTokenException", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Fail(w, http.StatusBadRequest, "ExpiredTokenException")
		}},
		"everything is refused as invalid": {said: "refused as invalid", fault: func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Fail(w, http.StatusBadRequest, "InvalidArgumentException")
		}},
		"no such host": {said: "no such host", dial: &net.DNSError{Err: "no such host", Name: "firehose.test", IsNotFound: true}},
		"no such host, longer than the spool": {
			said: "no such host", spool: 3000, dropped: true,
			dial: &net.DNSError{Err: "no such host", Name: "firehose.test", IsNotFound: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Fault = c.fault
				if c.dial != nil {
					w.dial = func() error { return c.dial }
				}
				m := w.start(setup{padding: int(c.spool)})
				time.Sleep(time.Hour)
				w.Mu.Lock()
				w.Fault, w.dial = nil, nil
				w.Mu.Unlock()
				time.Sleep(time.Hour)
				m.end()
				if n := w.check(m); n > 0 != c.duplicates {
					t.Errorf("%d duplicates", n)
				}
				s := m.queue.Stats()
				if s.Lines != 0 || s.Dropped > 0 != c.dropped || m.sampler.Taken() < 2400 || m.shipper.Stats().Unusable > 0 {
					t.Errorf("%d taken, %+v", m.sampler.Taken(), s)
				}
				if !strings.Contains(w.log.String(), c.said) || strings.Count(w.log.String(), "\n") > 250 {
					t.Errorf("it says:\n%.3000s", w.log.String())
				}
			})
		})
	}
}

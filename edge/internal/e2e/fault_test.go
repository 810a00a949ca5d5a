package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// refuse answers a request with an error of the service.
func refuse(w http.ResponseWriter, status int, code string) outcome {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, code)
	return outcome{answered: true}
}

// TestFaults runs a collector at its defaults for two hours, the first of which the endpoint spends in a way of its own.
func TestFaults(t *testing.T) {
	all := func(code string) func(int) string { return func(int) string { return code } }
	for name, c := range map[string]struct {
		fault func(n int, w http.ResponseWriter, r *http.Request) outcome
		dial  error
		// duplicates says that some are to be expected: the collector did not hear of what was taken.
		duplicates bool
		spool      int64 // bytes a sample takes, for a spool that is too small
		dropped    bool
		said       string
	}{
		"every other record fails": {said: "InternalFailure", fault: func(n int, _ http.ResponseWriter, _ *http.Request) outcome {
			return outcome{refused: func(i int) string {
				if (n+i)%2 == 0 {
					return "InternalFailure"
				}
				return ""
			}}
		}},
		"all records are throttled": {said: "throttled", fault: func(int, http.ResponseWriter, *http.Request) outcome {
			return outcome{refused: all("ServiceUnavailableException")}
		}},
		"throttled": {said: "throttled", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			return refuse(w, http.StatusBadRequest, "ServiceUnavailableException")
		}},
		"server errors": {said: "StatusCode: 503", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			w.WriteHeader(http.StatusServiceUnavailable)
			return outcome{answered: true}
		}},
		"resets": {said: "EOF", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			hangUp(w)
			return outcome{answered: true}
		}},
		"resets after it was taken": {said: "EOF", duplicates: true, fault: func(n int, _ http.ResponseWriter, _ *http.Request) outcome {
			return outcome{silent: n%2 == 0}
		}},
		"slow": {fault: func(int, http.ResponseWriter, *http.Request) outcome {
			time.Sleep(25 * time.Second)
			return outcome{}
		}},
		"no answer": {said: "deadline exceeded", fault: func(_ int, _ http.ResponseWriter, r *http.Request) outcome {
			<-r.Context().Done()
			return outcome{answered: true}
		}},
		"short answers": {said: "wrong answer: 0 results for 1 records", duplicates: true, fault: func(n int, _ http.ResponseWriter, _ *http.Request) outcome {
			return outcome{results: n % 2}
		}},
		"rubbish": {said: "deserialization failed", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			_, _ = w.Write([]byte("<html>welcome to the hotel</html>"))
			return outcome{answered: true}
		}},
		"expired credentials": {said: "ExpiredTokenException", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			return refuse(w, http.StatusBadRequest, "ExpiredTokenException")
		}},
		"everything is refused as invalid": {said: "refused as invalid", fault: func(_ int, w http.ResponseWriter, _ *http.Request) outcome {
			return refuse(w, http.StatusBadRequest, "InvalidArgumentException")
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
				w.fault = c.fault
				if c.dial != nil {
					w.dial = func() error { return c.dial }
				}
				m := w.start(setup{padding: int(c.spool)})
				time.Sleep(time.Hour)
				w.mu.Lock()
				w.fault, w.dial = nil, nil
				w.mu.Unlock()
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

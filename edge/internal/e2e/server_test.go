package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// id identifies a sample.
type id struct {
	session string
	seq     int64
}

// request is one that the server took records of.
type request struct {
	at      time.Time
	path    string
	samples []id
	// unanswered says that the collector cannot know that they were taken.
	unanswered bool
}

// server speaks the protocol of Firehose and remembers what it took. Its faults are the test's.
type server struct {
	t testing.TB
	// fault is asked for each request, counted from 0. It may answer it, or change what becomes of it.
	fault func(n int, w http.ResponseWriter, r *http.Request) outcome

	mu       sync.Mutex
	requests int
	accepted []request
	billed   int64 // bytes, each record rounded up to 5,120
	arrived  chan struct{}
	forget   bool // what was taken, for long runs
}

// outcome is what becomes of a request.
type outcome struct {
	answered bool                 // the fault did, and nothing is taken
	refused  func(i int) string   // error code of a record; "" where it is taken
	poison   func(seq int64) bool // samples that a request is refused as invalid for
	silent   bool                 // what is taken, the collector does not hear of
	results  int                  // this many results fewer than records
}

func newServer(t testing.TB) *server { return &server{t: t, arrived: make(chan struct{}, 1)} }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Records []struct{ Data []byte } }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return // it was killed
	}
	s.mu.Lock()
	n, fault := s.requests, s.fault
	s.requests++
	s.mu.Unlock()
	var o outcome
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if fault != nil {
		if o = fault(n, w, r); o.answered {
			return
		}
	}
	if o.poison != nil {
		for _, rec := range in.Records {
			for _, i := range s.expand(rec.Data) {
				if o.poison(i.seq) {
					refuse(w, http.StatusBadRequest, "InvalidArgumentException")
					return
				}
			}
		}
	}
	taken := request{at: time.Now(), path: r.URL.Path, unanswered: o.silent || o.results > 0}
	var results []string
	failed, billed := 0, int64(0)
	for i, rec := range in.Records {
		code := ""
		if o.refused != nil {
			code = o.refused(i)
		}
		if code != "" {
			failed++
			results = append(results, fmt.Sprintf(`{"ErrorCode":%q,"ErrorMessage":"no"}`, code))
			continue
		}
		results = append(results, fmt.Sprintf(`{"RecordId":"%d"}`, i))
		taken.samples = append(taken.samples, s.expand(rec.Data)...)
		billed += int64((len(rec.Data) + 5119) / 5120 * 5120)
	}
	s.mu.Lock()
	if !s.forget {
		s.accepted = append(s.accepted, taken)
	}
	s.billed += billed
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	if o.silent {
		hangUp(w)
		return
	}
	fmt.Fprintf(w, `{"FailedPutCount":%d,"RequestResponses":[%s]}`, failed,
		bytes.Join(bytesOf(results[:max(0, len(results)-o.results)]), []byte(",")))
}

func bytesOf(texts []string) [][]byte {
	var all [][]byte
	for _, t := range texts {
		all = append(all, []byte(t))
	}
	return all
}

// hangUp resets the connection.
func hangUp(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

func (s *server) expand(data []byte) (ids []id) {
	var r record.PackReader
	lines, err := r.AppendLines(nil, data)
	if err != nil {
		s.t.Errorf("a record is no pack: %v", err)
	}
	for line := range bytes.Lines(lines) {
		sample, err := record.ParseSample(line)
		if err != nil {
			s.t.Errorf("a line is no sample: %v", err)
		}
		ids = append(ids, id{sample.SessionID, sample.Seq})
	}
	return ids
}

// counts is how often each sample was taken.
func (s *server) counts() map[id]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[id]int{}
	for _, r := range s.accepted {
		for _, i := range r.samples {
			counts[i]++
		}
	}
	return counts
}

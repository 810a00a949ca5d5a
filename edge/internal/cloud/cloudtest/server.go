// Package cloudtest is a fake SSM and Firehose for edge's tests. A [Server] answers as the test says and remembers the records that it
// accepted. It does not enforce limits and does not deliver. Module local does both.
package cloudtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Operations of the server.
const (
	GetParameters = "AmazonSSM.GetParameters"
	PutRecords    = "Firehose_20150804.PutRecordBatch"
)

// ID identifies a sample.
type ID struct {
	Session string
	Seq     int64
}

// Put is a request to put records, with the samples that were accepted.
type Put struct {
	At   time.Time
	Path string
	IDs  []ID
	// Unanswered says that the collector cannot know that they were accepted.
	Unanswered bool
}

// Outcome says how to answer a request. The zero value accepts all records.
type Outcome struct {
	Answered     bool                    // the answer is written already; no record is accepted
	RefuseRecord func(record int) string // error code of a record; "" to accept it
	Poison       func(seq int64) bool    // whether a sample makes the whole request invalid
	Silent       bool                    // accept the records, but send no answer
	Short        int                     // leave out this many results at the end
}

// Server is the two services. A test may change its fields.
type Server struct {
	TB      testing.TB
	Arrived chan struct{} // has an element if samples were accepted since the test looked

	Mu sync.Mutex // guards all fields below

	// Answers.
	Raw        map[string]string // whole answers, by operation; an answer with a __type is an error
	Parameters map[string]string // values of the parameters of the stack Fleet, by name
	Stream     string            // the only stream that exists; if empty, all exist
	Fault      func(n int, w http.ResponseWriter, r *http.Request) Outcome
	Skew       time.Duration // how far the client's clock is ahead of the server's
	Key        string        // the only access key that is accepted; if empty, all are

	// What to keep.
	DropPuts    bool // do not keep Puts, for long runs
	KeepSamples bool // keep Samples

	// What happened so far.
	Asked         int // requests for parameters
	Requests      int // requests to put records
	UnknownStream int // requests to put records on a stream that does not exist
	Denied        int // requests signed with an unknown key
	Puts          []Put
	Samples       []record.Sample
	Billed        int64           // bytes, each record rounded up to 5,120
	Scopes        map[string]bool // services and regions in signatures, such as "ssm in us-east-1"
}

// New returns a server.
func New(tb testing.TB) *Server {
	return &Server{TB: tb, Arrived: make(chan struct{}, 1), Scopes: map[string]bool{}}
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := new(bytes.Buffer)
	if _, err := body.ReadFrom(r.Body); err != nil {
		return // the client was killed
	}
	operation := r.Header.Get("X-Amz-Target")
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	s.Mu.Lock()
	w.Header().Set("Date", time.Now().Add(-s.Skew).UTC().Format(http.TimeFormat))
	raw, scripted := s.Raw[operation]
	known := s.signedLocked(r)
	n := s.Requests
	switch operation {
	case GetParameters:
		s.Asked++
	case PutRecords:
		s.Requests++
	default:
		s.TB.Errorf("a request for operation %q, which the server does not have", operation)
	}
	s.Mu.Unlock()
	switch {
	case !known:
		Fail(w, http.StatusBadRequest, "ExpiredTokenException")
	case scripted:
		if strings.Contains(raw, "__type") {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, raw)
	case operation == GetParameters:
		s.parameters(w, body.Bytes())
	default:
		s.put(n, w, r, body.Bytes())
	}
}

// signedLocked notes service and region of a request's signature. It returns whether its key is accepted.
func (s *Server) signedLocked(r *http.Request) bool {
	// AWS4-HMAC-SHA256 Credential=id/20260203/us-east-1/ssm/aws4_request, …
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope := strings.Split(credential, "/")
	if len(scope) > 3 {
		s.Scopes[scope[3]+" in "+scope[2]] = true
	}
	if s.Key != "" && scope[0] != s.Key {
		s.Denied++
		return false
	}
	return true
}

func (s *Server) parameters(w http.ResponseWriter, body []byte) {
	var in struct{ Names []string }
	if err := json.Unmarshal(body, &in); err != nil {
		s.TB.Errorf("GetParameters: %v", err)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var found, missing []string
	for _, name := range in.Names {
		if value, ok := s.Parameters[strings.TrimPrefix(name, record.ParameterPath("Fleet"))]; ok {
			found = append(found, fmt.Sprintf(`{"Name":%q,"Type":"String","Value":%q}`, name, value))
		} else {
			missing = append(missing, strconv.Quote(name))
		}
	}
	fmt.Fprintf(w, `{"Parameters":[%s],"InvalidParameters":[%s]}`, strings.Join(found, ","), strings.Join(missing, ","))
}

func (s *Server) put(n int, w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		s.TB.Errorf("PutRecordBatch: %v", err)
	}
	s.Mu.Lock()
	fault, stranger := s.Fault, s.Stream != "" && in.DeliveryStreamName != s.Stream
	if stranger {
		s.UnknownStream++
	}
	s.Mu.Unlock()
	if stranger {
		Fail(w, http.StatusBadRequest, "ResourceNotFoundException")
		return
	}
	var o Outcome
	if fault != nil {
		if o = fault(n, w, r); o.Answered {
			return
		}
	}
	accepted := Put{At: time.Now(), Path: r.URL.Path, Unanswered: o.Silent || o.Short > 0}
	var samples []record.Sample
	var results []string
	var failed, billed int
	for i, rec := range in.Records {
		some := s.expand(rec.Data)
		for _, sample := range some {
			if o.Poison != nil && o.Poison(sample.Seq) {
				Fail(w, http.StatusBadRequest, "InvalidArgumentException")
				return
			}
		}
		if o.RefuseRecord != nil {
			if code := o.RefuseRecord(i); code != "" {
				failed++
				results = append(results, fmt.Sprintf(`{"ErrorCode":%q,"ErrorMessage":"no"}`, code))
				continue
			}
		}
		results = append(results, fmt.Sprintf(`{"RecordId":"%d"}`, i))
		samples = append(samples, some...)
		billed += (len(rec.Data) + record.BilledStep - 1) / record.BilledStep * record.BilledStep
	}
	for _, sample := range samples {
		accepted.IDs = append(accepted.IDs, ID{sample.SessionID, sample.Seq})
	}
	s.accept(accepted, samples, billed)
	if o.Silent {
		HangUp(w)
		return
	}
	fmt.Fprintf(w, `{"FailedPutCount":%d,"RequestResponses":[%s]}`, failed,
		strings.Join(results[:max(0, len(results)-o.Short)], ","))
}

func (s *Server) accept(p Put, samples []record.Sample, billed int) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if !s.DropPuts {
		s.Puts = append(s.Puts, p)
	}
	if s.KeepSamples {
		s.Samples = append(s.Samples, samples...)
	}
	s.Billed += int64(billed)
	if len(p.IDs) == 0 {
		return
	}
	select {
	case s.Arrived <- struct{}{}:
	default:
	}
}

func (s *Server) expand(data []byte) (samples []record.Sample) {
	var r record.PackReader
	lines, err := r.AppendLines(nil, data)
	if err != nil {
		s.TB.Errorf("a record is not a pack: %v", err)
	}
	for line := range bytes.Lines(lines) {
		sample, err := record.ParseSample(line)
		if err != nil {
			s.TB.Errorf("a line is not a sample: %v", err)
		}
		samples = append(samples, sample)
	}
	return samples
}

// Counts returns how often each sample was accepted.
func (s *Server) Counts() map[ID]int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	counts := map[ID]int{}
	for _, p := range s.Puts {
		for _, id := range p.IDs {
			counts[id]++
		}
	}
	return counts
}

// Fail answers the request with an error of the service.
func Fail(w http.ResponseWriter, status int, code string) Outcome {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":%q,"message":"text"}`, code)
	return Outcome{Answered: true}
}

// HangUp closes the connection without an answer.
func HangUp(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

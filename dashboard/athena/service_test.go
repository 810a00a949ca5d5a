package athena_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// call is one request of the protocol, awsjson 1.1.
type call struct {
	operation string
	body      map[string]any
}

func (c call) text(key string) string {
	s, _ := c.body[key].(string)
	return s
}

// service speaks Athena's protocol. answer returns the answer to a call: a value to send as JSON, a refusal, or text to send as
// it is.
type service struct {
	url    string
	mu     sync.Mutex // guards calls
	calls  []call
	answer func(c call) any
}

// refusal is an error of the service.
type refusal struct {
	status        int
	code, message string
}

func serve(t *testing.T, answer func(c call) any) *service {
	t.Helper()
	s := &service{answer: answer}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := call{operation: r.Header.Get("X-Amz-Target"), body: map[string]any{}}
		c.operation = c.operation[strings.LastIndexByte(c.operation, '.')+1:]
		switch err := json.NewDecoder(r.Body).Decode(&c.body); {
		case errors.Is(err, io.ErrUnexpectedEOF): // the client gave up while it sent the request, for example because its time was over
			return
		case err != nil:
			t.Errorf("%s: %v", c.operation, err)
		}
		s.mu.Lock()
		s.calls = append(s.calls, c)
		a := s.answer(c)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		var err error
		switch a := a.(type) {
		case refusal:
			w.WriteHeader(a.status)
			err = json.NewEncoder(w).Encode(map[string]string{"__type": a.code, "message": a.message})
		case string:
			_, err = fmt.Fprint(w, a)
		default:
			err = json.NewEncoder(w).Encode(a)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// made returns the calls of an operation.
func (s *service) made(operation string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []call
	for _, c := range s.calls {
		if c.operation == operation {
			found = append(found, c)
		}
	}
	return found
}

func (s *service) config() aws.Config {
	return aws.Config{
		Region: "eu-north-1", BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}
}

var target = athena.Target{Region: "eu-north-1", Workgroup: "W", Database: "metrics", Table: "samples"}

func (s *service) engine(t *testing.T, change ...func(*athena.Target, *athena.Options)) *athena.Engine {
	t.Helper()
	to, o := target, athena.Options{Poll: time.Millisecond}
	for _, f := range change {
		f(&to, &o)
	}
	e, err := athena.New(s.config(), to, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// table is an answer: its columns, as name and type, and its rows. nil is NULL.
type table struct {
	columns [][2]string
	rows    [][]any
	scanned int64
	reused  bool
	kind    string // DML by default
}

func (a table) execution(state, reason string) map[string]any {
	kind := a.kind
	if kind == "" {
		kind = "DML"
	}
	return map[string]any{"QueryExecution": map[string]any{
		"QueryExecutionId": "q-1", "StatementType": kind,
		"Status": map[string]any{"State": state, "StateChangeReason": reason},
		"Statistics": map[string]any{
			"DataScannedInBytes": a.scanned, "ResultReuseInformation": map[string]any{"ReusedPreviousResult": a.reused},
		},
	}}
}

// page is one page of an answer: the rows of a range, before row 0 the header, and the index of the next row as token.
func (a table) page(from, to int) map[string]any {
	var info, rows []any
	cells := func(values []any) map[string]any {
		data := []any{}
		for _, v := range values {
			if v == nil {
				data = append(data, map[string]any{})
			} else {
				data = append(data, map[string]any{"VarCharValue": v})
			}
		}
		return map[string]any{"Data": data}
	}
	header := []any{}
	for _, c := range a.columns {
		info = append(info, map[string]any{"Name": c[0], "Label": c[0], "Type": c[1]})
		header = append(header, c[0])
	}
	if from == 0 && a.kind == "" {
		rows = append(rows, cells(header))
	}
	to = min(to, len(a.rows))
	for _, r := range a.rows[from:to] {
		rows = append(rows, cells(r))
	}
	answer := map[string]any{"ResultSet": map[string]any{"Rows": rows, "ResultSetMetadata": map[string]any{"ColumnInfo": info}}}
	if to < len(a.rows) {
		answer["NextToken"] = fmt.Sprint(to)
	}
	return answer
}

// answering gives every query the states queued, running and succeeded, and then the same answer.
func answering(a table) func(c call) any {
	asked := 0
	return func(c call) any {
		switch c.operation {
		case "StartQueryExecution":
			asked = 0
			return map[string]any{"QueryExecutionId": "q-1"}
		case "GetQueryExecution":
			asked++
			return a.execution([]string{"QUEUED", "RUNNING", "SUCCEEDED"}[min(asked, 3)-1], "")
		case "GetQueryResults":
			from, err := strconv.Atoi(c.text("NextToken"))
			size := 1000
			if err != nil {
				size-- // the header is one of the rows of the first page
			}
			return a.page(from, from+size)
		}
		return refusal{400, "UnknownOperationException", c.operation}
	}
}

func bound(t *testing.T, id string, change ...func(*panels.Params)) panels.Query {
	t.Helper()
	return boundFor(t, panels.Athena(`"metrics"."samples"`), id, change...)
}

func boundFor(t *testing.T, form panels.Form, id string, change ...func(*panels.Params)) panels.Query {
	t.Helper()
	p, ok := panels.Find(id)
	if !ok {
		t.Fatalf("no panel %s", id)
	}
	params := panels.Params{
		Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: 15 * time.Second, Series: 12, Delay: time.Minute, Host: "o'neil",
	}
	for _, f := range change {
		f(&params)
	}
	q, err := panels.Bind(p, params, form)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

var now = time.Date(2026, 2, 3, 12, 30, 0, 0, time.UTC)

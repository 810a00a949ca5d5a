package athena_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

func TestQueriesThatEndWithoutAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		state, reason string
		want          string
	}{
		"failed":      {"FAILED", "SYNTAX_ERROR: line 1:8: Column 'cpu' cannot be resolved", "query q-1 failed: SYNTAX_ERROR: line 1:8: Column 'cpu'"},
		"scan limit":  {"CANCELLED", "Bytes scanned limit was exceeded", "athenaScanLimitGb"},
		"scan, too":   {"FAILED", "Bytes scanned limit was exceeded", "choose a shorter time range"},
		"cancelled":   {"CANCELLED", "Query cancelled by user", "query q-1 was cancelled in Athena: Query cancelled by user"},
		"no reason":   {"FAILED", "", "query q-1 failed: Athena gives no reason"},
		"exhausted":   {"FAILED", "Query exhausted resources at this scale factor", "exhausted resources"},
		"no such key": {"FAILED", "HIVE_CANNOT_OPEN_SPLIT: …", "HIVE_CANNOT_OPEN_SPLIT"},
	} {
		s := serve(t, func(call call) any {
			if call.operation == "GetQueryExecution" {
				return table{}.execution(c.state, c.reason)
			}
			return map[string]any{"QueryExecutionId": "q-1"}
		})
		e := s.engine(t)
		_, err := e.Query(t.Context(), panels.Query{SQL: "SELECT 1"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
		if n := len(s.made("GetQueryResults")) + len(s.made("StopQueryExecution")); n != 0 || e.Spent() != (panels.Cost{}) {
			t.Errorf("%s: %d more calls, spent %+v", name, n, e.Spent())
		}
	}
}

func TestCancelledQueryIsStopped(t *testing.T) {
	for name, when := range map[string]string{"while it starts": "StartQueryExecution", "while it runs": "GetQueryExecution"} {
		ctx, cancel := context.WithCancel(t.Context())
		s := serve(t, func(c call) any {
			if c.operation == when {
				cancel()
			}
			if c.operation == "GetQueryExecution" {
				return table{}.execution("RUNNING", "")
			}
			return map[string]any{"QueryExecutionId": "q-7"}
		})
		_, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v", name, err)
		}
		if stops := s.made("StopQueryExecution"); len(stops) != 1 || stops[0].text("QueryExecutionId") != "q-7" {
			t.Errorf("%s: stopped %v", name, stops)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := serve(t, answering(table{}))
	if _, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"}); !errors.Is(err, context.Canceled) || len(s.calls) != 0 {
		t.Errorf("cancelled before: %v, %d calls", err, len(s.calls))
	}
}

func TestTimeoutStopsTheQueryAndSaysIfThatFails(t *testing.T) {
	s := serve(t, func(c call) any {
		switch c.operation {
		case "StartQueryExecution":
			return map[string]any{"QueryExecutionId": "q-7"}
		case "StopQueryExecution":
			return refusal{400, "AccessDeniedException", "not authorized to perform: athena:StopQueryExecution"}
		}
		return table{}.execution("QUEUED", "")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stop query q-7, which still runs and may cost money") {
		t.Errorf("error is %v", err)
	}
}

func TestThrottledRequestsAreRepeated(t *testing.T) {
	usual := answering(table{columns: [][2]string{{"n", "bigint"}}, rows: [][]any{{"1"}}})
	left := 2
	s := serve(t, func(c call) any {
		if c.operation == "StartQueryExecution" && left > 0 {
			left--
			return refusal{400, "TooManyRequestsException", "Rate exceeded"}
		}
		return usual(c)
	})
	if r, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT 1"}); err != nil || r.Rows() != 1 {
		t.Errorf("%v, %v", r, err)
	}
	tokens := map[string]bool{}
	for _, c := range s.made("StartQueryExecution") {
		tokens[c.text("ClientRequestToken")] = true
	}
	if len(s.made("StartQueryExecution")) != 3 || len(tokens) != 1 {
		t.Errorf("%d starts with %d tokens: a repeated one must not start a second query", len(s.made("StartQueryExecution")), len(tokens))
	}
}

func TestRefusedRequests(t *testing.T) {
	for code, c := range map[string]struct{ message, want string }{
		"InvalidRequestException":     {"WorkGroup W is not found.", "deploy it again or choose another with --stack"},
		"ExpiredTokenException":       {"The security token included in the request is expired", "sign in again (aws sso login)"},
		"AccessDeniedException":       {"User: x is not authorized to perform: athena:StartQueryExecution", "README.md says"},
		"UnrecognizedClientException": {"The security token included in the request is invalid.", "check AWS_PROFILE"},
		"TooManyRequestsException":    {"You have exceeded the limit for the number of queries", "try again in a minute"},
	} {
		s := serve(t, func(call) any { return refusal{400, code, c.message} })
		_, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT 1"})
		if err == nil || !strings.HasPrefix(err.Error(), "start a query in the workgroup W in eu-north-1: ") || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "https response error") {
			t.Errorf("%s: error is %v, want %q", code, err, c.want)
		}
	}
}

// TestQueryThatReadsTooMuchIsStopped: a query is stopped once it has read more than it may.
func TestQueryThatReadsTooMuchIsStopped(t *testing.T) {
	for limit, want := range map[int64]string{0: "", 5e6: "", 4_999_999: "has read 5.0 MB, and it may read 5.0 MB: choose a shorter time range"} {
		s := serve(t, answering(table{columns: [][2]string{{"n", "bigint"}}, rows: [][]any{{"1"}}, scanned: 5e6}))
		_, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT 1", MaxScan: limit})
		stops := len(s.made("StopQueryExecution"))
		if want == "" && (err != nil || stops != 0) || want != "" && (err == nil || !strings.Contains(err.Error(), want) || stops != 1) {
			t.Errorf("limit %d: stopped %d times, %v", limit, stops, err)
		}
	}
}

// TestSinkThatHasEnough: once the sink has enough rows, no further page of the answer is fetched.
func TestSinkThatHasEnough(t *testing.T) {
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{"1"}
	}
	s := serve(t, answering(table{columns: [][2]string{{"n", "bigint"}}, rows: rows}))
	if _, err := s.engine(t).Stream(t.Context(), panels.Query{SQL: "SELECT 1"}, &few{most: 3}); err != nil {
		t.Error(err)
	}
	if pages := len(s.made("GetQueryResults")); pages != 1 {
		t.Errorf("%d pages fetched, want 1", pages)
	}
}

// few takes so many rows.
type few struct{ most, rows int }

func (*few) Begin([]panels.Column) error { return nil }

func (f *few) Row([]any) error {
	if f.rows++; f.rows >= f.most {
		return panels.ErrEnough
	}
	return nil
}

// TestOwnQueryWithinARange: a text that a person wrote reads the samples of the range only, by partition and by time.
func TestOwnQueryWithinARange(t *testing.T) {
	r := panels.Range{From: now.Truncate(time.Hour), To: now.Truncate(time.Hour).Add(time.Hour)}
	s := serve(t, answering(table{columns: [][2]string{{"n", "bigint"}}, rows: [][]any{{"1"}}}))
	e := s.engine(t)
	for _, relation := range []string{panels.Samples, panels.Once, panels.OTel} {
		q := e.Own("SELECT count(*) FROM "+relation, r)
		if !strings.Contains(q.SQL, `FROM "metrics"."samples" WHERE year BETWEEN '2026' AND '2026'`) || !strings.Contains(q.SQL, "hour BETWEEN '12' AND '12'") || q.Range != r {
			t.Errorf("%s: %s", relation, q.SQL)
		}
	}
}

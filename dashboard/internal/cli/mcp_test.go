package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// assistantOf starts `dashboard mcp` and connects a client of the SDK to its standard input and output.
func assistantOf(t *testing.T, args ...string) *mcp.ClientSession {
	t.Helper()
	inReader, inWriter := io.Pipe()
	outReader, outWriter := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(context.WithoutCancel(t.Context()), append([]string{"mcp"}, args...), inReader, outWriter, &stderr)
		if err := outWriter.Close(); err != nil {
			t.Error(err)
		}
	}()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.IOTransport{Reader: outReader, Writer: inWriter}, nil)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() {
		_ = session.Close() // closes standard input, which ends the program
		if code := <-done; code != 0 || stderr.Len() > 0 {
			t.Errorf("ended with %d: %s", code, stderr.String())
		}
	})
	return session
}

type answer struct {
	From, To   string
	Zone       string
	Columns    []struct{ Name, Type string }
	Rows       [][]any
	Truncated  bool
	Dashboards []struct {
		ID     string
		Panels []struct{ ID, Question string }
	}
}

// call calls a tool. It returns the structured answer, or the error that the tool reports.
func call(t *testing.T, s *mcp.ClientSession, tool string, arguments any) (a answer, failure string) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return a, err.Error()
	}
	if r.IsError {
		return a, r.Content[0].(*mcp.TextContent).Text
	}
	text, err := json.Marshal(r.StructuredContent)
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, ""
}

// atFixture is the time range of fixture.
var atFixture = map[string]any{"from": "2026-02-03T04:00:00Z", "to": "2026-02-03T04:01:00Z"}

func with(base map[string]any, more ...any) map[string]any {
	m := map[string]any{}
	for k, v := range base {
		m[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

func TestAssistant(t *testing.T) {
	s := assistantOf(t, "--lake", fixture(t), "--row-limit", "7", "--zone", "Asia/Kolkata")
	tools, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
		if !tool.Annotations.ReadOnlyHint || tool.Description == "" || tool.OutputSchema == nil {
			t.Errorf("tool %s: %+v", tool.Name, tool)
		}
	}
	if got := fmt.Sprint(names); got != "[describe_columns list_dashboards query run_panel]" {
		t.Errorf("tools %s", got)
	}

	list, failure := call(t, s, "list_dashboards", nil)
	if failure != "" || len(list.Dashboards) < 9 || list.Dashboards[0].ID != "overview" || list.Dashboards[0].Panels[0].Question == "" {
		t.Errorf("dashboards: %s %+v", failure, list)
	}
	columns, failure := call(t, s, "describe_columns", nil)
	if failure != "" || len(columns.Columns) != len(record.Columns()) || columns.Columns[0].Name != "ts" {
		t.Errorf("columns: %s %+v", failure, columns)
	}
	hosts, failure := call(t, s, "run_panel", with(atFixture, "panel", "hosts-summary"))
	if failure != "" || len(hosts.Rows) != 2 || hosts.Truncated || hosts.Columns[0].Name != "host" {
		t.Errorf("hosts-summary: %s %+v", failure, hosts)
	}
	one, failure := call(t, s, "run_panel", with(atFixture, "panel", "hosts-summary", "host", hosts.Rows[0][0]))
	if failure != "" || len(one.Rows) != 1 {
		t.Errorf("one host: %s %+v", failure, one)
	}
	// The samples of 04:00 are of the night before in New York. Answers say the zone.
	for _, c := range []struct{ zone, want string }{
		{"", "Asia/Kolkata 2026-02-03T09:30:00+05:30 9"}, {"UTC", "UTC 2026-02-03T04:00:00Z 4"}, {"America/New_York", "America/New_York 2026-02-02T23:00:00-05:00 23"},
	} {
		hours, failure := call(t, s, "run_panel", with(atFixture, "panel", "patterns-hour", "zone", c.zone))
		if failure != "" || fmt.Sprint(hours.Zone, " ", hours.From, " ", hours.Rows[0][0]) != c.want {
			t.Errorf("in the zone %q: %s %+v, want %s", c.zone, failure, hours, c.want)
		}
	}
	rows, failure := call(t, s, "query", with(atFixture, "sql", "SELECT hostname, ts FROM samples ORDER BY ts"))
	if failure != "" || len(rows.Rows) != 7 || !rows.Truncated || rows.From != "2026-02-03T04:00:00Z" || rows.Zone != "UTC" || rows.To != "2026-02-03T05:00:00Z" {
		t.Errorf("query: %s %+v", failure, rows)
	}
	count, failure := call(t, s, "query", with(atFixture, "sql", "SELECT count(*), 12345678901234567890::HUGEINT, event_time FROM samples_once GROUP BY 3 ORDER BY 3 LIMIT 1"))
	if failure != "" || fmt.Sprint(count.Rows) != "[[2 12345678901234567890 2026-02-03T04:00:00Z]]" {
		t.Errorf("query: %s %+v", failure, count)
	}
	// The samples of another time are not there.
	none, failure := call(t, s, "query", map[string]any{"sql": "SELECT count(*) FROM samples", "from": "2026-02-03T03:00:00Z", "to": "2026-02-03T04:00:00Z"})
	if failure != "" || fmt.Sprint(none.Rows) != "[[0]]" {
		t.Errorf("another time: %s %+v", failure, none)
	}
	for name, c := range map[string]struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		"no such panel": {"run_panel", with(atFixture, "panel", "nope"), "list_dashboards lists them"},
		"no panel":      {"run_panel", atFixture, "panel"},
		"bad range":     {"run_panel", map[string]any{"panel": "hosts-summary", "range": "5w"}, "range must be"},
		"no such zone":  {"run_panel", with(atFixture, "panel", "hosts-summary", "zone", "Berlin"), "no time zone \"Berlin\""},
		"half a range":  {"query", map[string]any{"sql": "SELECT 1", "from": "2026-02-03T03:00:00Z"}, "go together"},
		"unknown input": {"query", map[string]any{"sql": "SELECT 1", "file": "/etc/passwd"}, "file"},
		"no SQL":        {"query", map[string]any{}, "sql"},
		"not a query":   {"query", map[string]any{"sql": "DROP VIEW samples"}, "only queries"},
		"syntax":        {"query", map[string]any{"sql": "SELEC 1"}, "syntax error"},
		"no such tool":  {"drop", map[string]any{}, "drop"},
	} {
		if _, failure := call(t, s, c.tool, c.arguments); !strings.Contains(failure, c.want) {
			t.Errorf("%s: %q, want %q", name, failure, c.want)
		}
	}
}

// TestAssistantReadsNoFiles: no query of an assistant reads a file, the environment or a setting, or writes.
func TestAssistantReadsNoFiles(t *testing.T) {
	lake := fixture(t)
	note := filepath.Join(lake, "note.csv")
	if err := os.WriteFile(note, []byte("secret\nxyzzy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XYZZY", "xyzzy")
	s := assistantOf(t, "--lake", lake)
	for _, sql := range []string{
		"SELECT * FROM read_csv('%s')", "SELECT * FROM read_text('%s')", "SELECT * FROM read_blob('%s')", "SELECT * FROM '%s'", "SELECT * FROM glob('%s*')",
		"COPY samples TO '%s'", "COPY (SELECT 1) TO '%s.parquet'", "ATTACH '%s' AS x", "INSTALL httpfs", "LOAD httpfs", "LOAD '%s'", "SELECT getenv('XYZZY')",
		"SET enable_external_access = true", "SELECT * FROM duckdb_settings()", "EXPORT DATABASE '%s.d'", "IMPORT DATABASE '%s'", "PRAGMA database_list",
		"SELECT 1; COPY samples TO '%s'", "SELECT * FROM read_csv('https://127.0.0.1:1/x')", "SELECT * FROM query('SELECT * FROM read_text(''%s'')')",
		"CREATE TABLE x AS SELECT 1", "INSERT INTO samples SELECT * FROM samples", "DELETE FROM samples",
	} {
		if strings.Contains(sql, "%s") {
			sql = fmt.Sprintf(sql, note)
		}
		a, failure := call(t, s, "query", with(atFixture, "sql", sql))
		if failure == "" || strings.Contains(failure+fmt.Sprint(a.Rows), "xyzzy") {
			t.Errorf("%s: %+v %s", sql, a.Rows, failure)
		}
	}
	text, err := os.ReadFile(note)
	entries, listErr := os.ReadDir(lake)
	if err != nil || listErr != nil || string(text) != "secret\nxyzzy\n" || len(entries) != 2 {
		t.Errorf("files changed: %v %v %q %v", err, listErr, text, entries)
	}
}

func TestAssistantLimits(t *testing.T) {
	s := assistantOf(t, "--lake", fixture(t), "--scan-limit-gb", "0.000001")
	for _, c := range []struct {
		tool      string
		arguments map[string]any
	}{{"query", with(atFixture, "sql", "SELECT count(*) FROM samples")}, {"run_panel", with(atFixture, "panel", "hosts-summary")}} {
		if _, failure := call(t, s, c.tool, c.arguments); !strings.Contains(failure, "choose a shorter time range") {
			t.Errorf("%s reads more than it may: %q", c.tool, failure)
		}
	}
	s = assistantOf(t, "--lake", fixture(t), "--row-limit", "10000")
	if a, failure := call(t, s, "query", map[string]any{"sql": "SELECT repeat('x', 1000) FROM range(5000)"}); failure != "" || !a.Truncated || len(a.Rows) > 300 {
		t.Errorf("a long answer: %s, %d rows", failure, len(a.Rows))
	}
	s = assistantOf(t, "--lake", fixture(t), "--time-limit", "100ms")
	if _, failure := call(t, s, "query", map[string]any{"sql": "SELECT count(*) FROM range(1000000) a, range(1000000) b"}); !strings.Contains(failure, "longer than 100ms") {
		t.Errorf("a slow query: %q", failure)
	}
	for _, args := range [][]string{{"--row-limit", "0"}, {"--row-limit", "10001"}, {"--scan-limit-gb", "0"}, {"--scan-limit-gb", "NaN"}, {"--time-limit", "0s"}, {"--delay", "-1s"}, {"--zone", "Local"}} {
		if code, _, stderr := run(t, "", append([]string{"mcp", "--lake", fixture(t)}, args...)...); code != 2 || !strings.Contains(stderr, args[0]) {
			t.Errorf("%v: code %d, %s", args, code, stderr)
		}
	}
}

// TestAssistantLimitsOnAthena: a query that reads more than --scan-limit-gb is stopped in Athena, and a query that reads more than the
// workgroup allows is cancelled there. In both cases the assistant is told so, and gets no rows.
func TestAssistantLimitsOnAthena(t *testing.T) {
	for name, c := range map[string]struct {
		state, reason string
		scanned       int64
		want          []string // what the assistant is told; empty if it gets rows
		stopped       bool
	}{
		"as much as it may read":  {state: "SUCCEEDED", scanned: 500_000_000},
		"more than it may read":   {state: "RUNNING", scanned: 512_300_000, stopped: true, want: []string{"has read 512.3 MB, and it may read 500.0 MB", "choose a shorter time range"}},
		"more than the workgroup": {state: "CANCELLED", reason: "Query cancelled! : Bytes scanned limit was exceeded", want: []string{"Bytes scanned limit was exceeded", "athenaScanLimitGb"}},
	} {
		var running, stopped, fetched atomic.Int64
		aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			answer := `{}`
			switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
			case "GetParameters":
				if body, err := io.ReadAll(r.Body); err != nil || strings.Contains(string(body), record.ParameterRules) {
					break // the stack has no rules of its own
				}
				path := record.ParameterPath("S")
				answer = `{"Parameters":[{"Name":"` + path + `athena-workgroup","Value":"W"},{"Name":"` + path + `glue-database-name","Value":"metrics"},` +
					`{"Name":"` + path + `glue-table-name","Value":"samples"}]}`
			case "StartQueryExecution":
				running.Store(0)
				answer = `{"QueryExecutionId":"q-1"}`
			case "GetQueryExecution": // it runs for a moment in each case
				state, scanned := c.state, c.scanned
				switch running.Add(1) {
				case 1:
					state, scanned = "RUNNING", min(scanned, 500_000_000)
				case 2:
				default:
					state = "SUCCEEDED" // it should have been stopped
				}
				answer = fmt.Sprintf(`{"QueryExecution":{"QueryExecutionId":"q-1","StatementType":"DML","Status":{"State":%q,"StateChangeReason":%q},"Statistics":{"DataScannedInBytes":%d}}}`,
					state, c.reason, scanned)
			case "GetQueryResults":
				fetched.Add(1)
				answer = `{"ResultSet":{"ResultSetMetadata":{"ColumnInfo":[{"Name":"n","Type":"bigint"}]},"Rows":[{"Data":[{"VarCharValue":"n"}]},{"Data":[{"VarCharValue":"7"}]}]}}`
			case "StopQueryExecution":
				stopped.Add(1)
			default:
				t.Errorf("%s: an unexpected call %s", name, operation)
			}
			_, _ = io.WriteString(w, answer)
		}))
		t.Cleanup(aws.Close)
		testenv.Clean(t)
		for name, value := range map[string]string{"AWS_ENDPOINT_URL": aws.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"} {
			t.Setenv(name, value)
		}
		s := assistantOf(t, "--athena", "--stack", "S", "--region", "eu-west-1", "--scan-limit-gb", "0.5")
		for tool, arguments := range map[string]map[string]any{
			"query":     {"sql": "SELECT count(*) AS n FROM samples"},
			"run_panel": with(atFixture, "panel", "hosts-summary"),
		} {
			stopped.Store(0)
			fetched.Store(0)
			a, failure := call(t, s, tool, arguments)
			if len(c.want) == 0 && (failure != "" || fmt.Sprint(a.Rows) != "[[7]]") {
				t.Errorf("%s, %s: %+v %s", name, tool, a.Rows, failure)
			}
			for _, want := range c.want {
				if !strings.Contains(failure, want) || fetched.Load() != 0 {
					t.Errorf("%s, %s: %q, %d pages fetched, want %q and no page", name, tool, failure, fetched.Load(), want)
				}
			}
			if (stopped.Load() == 1) != c.stopped || stopped.Load() > 1 {
				t.Errorf("%s, %s: stopped %d times", name, tool, stopped.Load())
			}
		}
	}
}

package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/program/programtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

func fixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	from := time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)
	laketest.Write(t, dir, laketest.Samples(2, from, from.Add(time.Minute), 3*time.Second))
	return dir
}

func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Main(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestQueryOutputs(t *testing.T) {
	lake := fixture(t)
	const awkward = `SELECT 1 AS a, 'x,"y' || chr(10) || chr(27) AS "b c", NULL AS n, 1.5::DOUBLE AS d, map{'k': 'v'} AS m, true AS t,
		TIMESTAMP '2026-02-03 04:05:06' AS ts, 12345678901234567890::HUGEINT AS h`
	const nested = `SELECT sensors AS s, {'b "1"': [{'z': 1, 'a': NULL}], 'a': 1.5::DECIMAL(3,1)} AS o, map{'k': {'y': 1, 'x': 2}} AS m, NULL::INTEGER[] AS n,
		[1, NULL]::INTEGER[] AS l FROM (SELECT [{'name': 'cpu "0"', 'celsius': 41.5::DOUBLE}, {'name': 'disk', 'celsius': NULL}, NULL] AS sensors)`
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nested values in a table": {
			[]string{nested},
			"s                                                           o                              m                    n     l\n" +
				"-                                                           -                              -                    -     -\n" +
				`[{"name":"cpu \"0\"","celsius":41.5},{"name":"disk"},null]  {"b \"1\"":[{"z":1}],"a":1.5}  {"k":{"y":1,"x":2}}  NULL  [1,null]` + "\n",
		},
		"nested values in CSV": {
			[]string{"--format", "csv", nested},
			"s,o,m,n,l\n" + `"[{""name"":""cpu \""0\"""",""celsius"":41.5},{""name"":""disk"",""celsius"":null},null]",` +
				`"{""b \""1\"""":[{""z"":1,""a"":null}],""a"":1.5}","{""k"":{""y"":1,""x"":2}}",,"[1,null]"` + "\n",
		},
		"nested values in JSON": {
			[]string{"--format=json", nested},
			`{"s":[{"name":"cpu \"0\"","celsius":41.5},{"name":"disk","celsius":null},null],"o":{"b \"1\"":[{"z":1,"a":null}],"a":1.5},` +
				`"m":{"k":{"y":1,"x":2}},"n":null,"l":[1,null]}` + "\n",
		},
		"table": {
			[]string{"SELECT count(*) AS n, count(DISTINCT seq) AS seqs, min(hour) AS hour FROM samples"},
			"n   seqs  hour\n-   ----  ----\n40  20    04\n",
		},
		"csv": {
			[]string{"--format", "csv", awkward},
			"a,b c,n,d,m,t,ts,h\n1,\"x,\"\"y\n\x1b\",,1.5,\"{\"\"k\"\":\"\"v\"\"}\",true,2026-02-03 04:05:06,12345678901234567890\n",
		},
		"json": {
			[]string{"--format=json", awkward},
			`{"a":1,"b c":"x,\"y\n\u001b","n":null,"d":1.5,"m":{"k":"v"},"t":true,"ts":"2026-02-03T04:05:06Z","h":12345678901234567890}` + "\n",
		},
		"control characters in a table": {
			[]string{awkward},
			"a  b c         n     d    m          t     ts                   h\n-  ---         -     -    -          -     --                   -\n" +
				"1  x,\"y\\n\\x1b  NULL  1.5  {\"k\":\"v\"}  true  2026-02-03 04:05:06  12345678901234567890\n",
		},
		"no rows": {[]string{"--format", "csv", "SELECT seq FROM samples WHERE false"}, "seq\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, "", append([]string{"query", "--lake", lake}, c.args...)...)
			if code != 0 || stderr != "" || stdout != c.want {
				t.Errorf("code %d, stderr %q, stdout\n%s\nwant\n%s", code, stderr, stdout, c.want)
			}
		})
	}
}

func TestQueryOfTheIssue(t *testing.T) {
	code, stdout, stderr := run(t, "", "query", "--lake", fixture(t), "SELECT count(*), count(DISTINCT seq), min(cpu_pct), max(cpu_pct) FROM samples")
	if code != 0 || stderr != "" || !regexp.MustCompile(`(?m)^40 +20 +\d+(\.\d+)? +\d+(\.\d+)?$`).MatchString(stdout) {
		t.Errorf("code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
}

func TestQueryFromStandardInput(t *testing.T) {
	code, stdout, stderr := run(t, "-- a comment\nSELECT count(*) AS n\nFROM samples;\n", "query", "--lake", fixture(t), "--format", "csv", "-")
	if code != 0 || stdout != "n\n40\n" {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestQueryWarnsOfBrokenFiles(t *testing.T) {
	lake := fixture(t)
	hour := filepath.Join(lake, laketest.Prefix, "year=2026", "month=02", "day=03", "hour=04")
	if err := os.WriteFile(filepath.Join(hour, "half.parquet"), []byte("PAR1 and then the power went"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "", "query", "--lake", lake, "--format", "csv", "SELECT count(*) AS n FROM samples")
	if code != 0 || stdout != "n\n40\n" || !strings.Contains(stderr, "half.parquet") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// A directory without folders of samples is a new lake, or was mistyped. A command answers, and says that there are no samples.
func TestNoSamples(t *testing.T) {
	full := fixture(t)
	for name, args := range map[string][]string{
		"query":  {"query", "SELECT count(*) FROM samples"},
		"panel":  {"panels", "hosts-summary"},
		"mcp":    {"mcp"},
		"failed": {"failed", "ls"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			code, _, stderr := run(t, "", append(args, "--lake", dir)...)
			if want := "dashboard: there are no samples in " + dir + ": no folder in it has a name such as year=2026;"; code != 0 || strings.Count(stderr, want) != 1 {
				t.Errorf("code %d, stderr %q, want %q", code, stderr, want)
			}
			if code, _, stderr := run(t, "", append(args, "--lake", full)...); code != 0 || stderr != "" {
				t.Errorf("with samples: code %d, stderr %q", code, stderr)
			}
		})
	}
}

// TestProgram is what dashboard has in common with the other programs.
func TestProgram(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	programtest.Test(t, "dashboard", cli.Main, programtest.Cases{
		BadValue:       [][]string{{"--delay", "soon"}, {"serve", "--listen", "localhost"}, {"query", "--format", "xml", "SELECT 1"}},
		WrongArguments: [][]string{{"serve", "more"}, {"query"}, {"query", "SELECT", "1"}, {"panels", "a", "b"}, {"version", "1"}, {"failed", "ls", "more"}, {"failed", "nope"}},
		Failure:        [][]string{{"--lake", missing}, {"query", "--lake", missing, "SELECT 1"}, {"panels", "--lake", missing, "hosts-summary"}},
	})
}

func TestErrorsAreOneLine(t *testing.T) {
	lake := fixture(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := busy.Close(); err != nil {
			t.Error(err)
		}
	})
	missing := filepath.Join(t.TempDir(), "missing")
	at := []string{"panels", "--lake", lake, "--from", "2026-02-03T04:00:00Z", "--to", "2026-02-03T04:01:00Z"}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"missing lake":       {[]string{"query", "--lake", missing, "SELECT 1"}, 1, missing + " does not exist"},
		"missing lake, page": {[]string{"--lake", missing}, 1, missing + " does not exist"},
		"syntax":             {[]string{"query", "--lake", lake, "SELEC 1"}, 1, `Parser Error: syntax error at or near "SELEC"`},
		"no such column":     {[]string{"query", "--lake", lake, "SELECT cpu FROM samples"}, 1, `Binder Error: Referenced column "cpu" not found`},
		"not a query":        {[]string{"query", "--lake", lake, "DROP VIEW samples"}, 1, "only queries"},
		"two queries":        {[]string{"query", "--lake", lake, "SELECT 1; SELECT 2"}, 1, "one query at a time"},
		"fails on the way":   {[]string{"query", "--lake", lake, "SELECT error('x') FROM samples"}, 1, "x"},
		"empty SQL":          {[]string{"query", "--lake", lake, "  "}, 2, "SQL is empty"},
		"no SQL":             {[]string{"query", "--lake", lake}, 2, "want one argument"},
		"unquoted SQL":       {[]string{"query", "--lake", lake, "SELECT", "1"}, 2, "in quotes"},
		"bad format":         {[]string{"query", "--lake", lake, "--format", "xml", "SELECT 1"}, 2, "table, csv, json, parquet"},
		"unknown flag":       {[]string{"query", "--nope"}, 2, "unknown flag: --nope"},
		"unknown command":    {[]string{"nope"}, 2, `unknown command "nope"`},
		"port in use":        {[]string{"serve", "--lake", lake, "--listen", busy.Addr().String()}, 1, busy.Addr().String() + ": the port is in use"},
		"reachable address":  {[]string{"serve", "--lake", lake, "--listen", "0.0.0.0:0"}, 2, "--token-file"},
		"every address":      {[]string{"--lake", lake, "--listen", ":0"}, 2, "--token-file"},
		"no port":            {[]string{"--lake", lake, "--listen", "localhost"}, 2, "want host:port"},
		"no such panel":      {[]string{"panels", "--lake", lake, "nope"}, 2, `no panel "nope"`},
		"two panels":         {[]string{"panels", "--lake", lake, "a", "b"}, 2, "one panel at a time"},
		"bad range":          {[]string{"panels", "--range", "5w", "hosts-summary"}, 2, "range must be"},
		"bad metric":         {[]string{"panels", "--metric", "x", "patterns-week"}, 2, "want one of cpu_pct"},
		"mistyped env":       {append(at, "--env", "prodd", "hosts-summary"), 2, "--env prodd: no sample has it; did you mean prod"},
		"panel of no lake":   {[]string{"panels", "--lake", missing, "hosts-summary"}, 1, missing + " does not exist"},
		"two equal columns":  {[]string{"query", "--lake", lake, "--format", "parquet", "SELECT 1 AS a, 2 AS a"}, 1, "two columns are called"},
		"negative delay":     {[]string{"--lake", lake, "--delay", "-1s"}, 2, "--delay"},
		"both, page":         {[]string{"--athena", "--lake", lake}, 2, "--lake is for files, not for --athena: leave out one of them"},
		"both, query":        {[]string{"query", "--athena", "--lake", lake, "SELECT 1"}, 2, "--lake is for files, not for --athena"},
		"both, panels":       {[]string{"panels", "--lake", lake, "--athena", "hosts-summary"}, 2, "--lake is for files, not for --athena"},
		"memory of Athena":   {[]string{"serve", "--athena", "--memory-limit", "1GB"}, 2, "--memory-limit is for files"},
		"stack of files":     {[]string{"query", "--stack", "S", "SELECT 1"}, 2, "--stack needs --athena"},
		"region of files":    {[]string{"--region", "eu-west-1"}, 2, "--region needs --athena"},
		"reuse of files":     {[]string{"panels", "--reuse", "1m", "hosts-summary"}, 2, "--reuse needs --athena"},
		"reuse by seconds":   {[]string{"query", "--athena", "--reuse", "90s", "SELECT 1"}, 2, "--reuse 1m30s: want whole minutes"},
		"replay, no stream":  {[]string{"failed", "replay", "--lake", lake}, 2, "--endpoint is missing"},
		"replay, both":       {[]string{"failed", "replay", "--s3", "--endpoint", "http://127.0.0.1:1"}, 2, "leave out one of them"},
		"replay elsewhere":   {[]string{"failed", "replay", "--lake", lake, "--endpoint", "http://example.org"}, 2, "want the address that local up prints"},
		"replay, bad choice": {[]string{"failed", "replay", "--s3", "--in-doubt", "maybe"}, 2, "keep, check, resend, skip"},
		"replay, no rate":    {[]string{"failed", "replay", "--s3", "--max-rate", "0"}, 2, "more than 0"},
		"failed, both":       {[]string{"failed", "ls", "--s3", "--lake", lake}, 2, "--lake is for a directory"},
		"failed, bad time":   {[]string{"failed", "ls", "--lake", lake, "--from", "yesterday"}, 2, "want a date such as 2026-02-03"},
		"failed, no range":   {[]string{"failed", "ls", "--lake", lake, "--from", "2026-02-03", "--to", "2026-02-03"}, 2, "is not before"},
		"failed, no lake":    {[]string{"failed", "ls", "--lake", missing}, 1, missing + " does not exist"},
		"show, no number":    {[]string{"failed", "show", "--lake", lake, "errors/x"}, 2, "the number of the record"},
		"show, not there":    {[]string{"failed", "show", "--lake", lake, "errors/x#0"}, 1, "there is no object errors/x"},
		"export to nowhere":  {[]string{"failed", "export", "--lake", lake}, 2, "--out is missing"},
		"reuse for weeks":    {[]string{"query", "--athena", "--reuse", "169h", "SELECT 1"}, 2, "at most 168h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, "", c.args...)
			if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("code %d, want %d; stdout %q; stderr %q, want one line with %q", code, c.code, stdout, stderr, c.want)
			}
		})
	}
}

func TestAthenaNeedsARegionAndAStack(t *testing.T) {
	ssm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"Parameters":[]}`)
	}))
	t.Cleanup(ssm.Close)
	testenv.Clean(t)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": ssm.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"} {
		t.Setenv(name, value)
	}
	for want, args := range map[string][]string{
		"no AWS region: pass --region or set AWS_REGION":                                     {"query", "--athena", "SELECT 1"},
		"there is no stack S in eu-west-1 (no parameters below /metrics-dashboard/S/)":       {"query", "--athena", "--stack", "S", "--region", "eu-west-1", "SELECT 1"},
		"there is no stack MetricsDashboard in eu-west-2":                                    {"panels", "--athena", "--region", "eu-west-2", "hosts-summary"},
		"there is no stack MetricsDashboard in eu-west-3 (no parameters below /metrics-dash": {"--athena", "--region", "eu-west-3"},
	} {
		code, stdout, stderr := run(t, "", args...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: code %d, stdout %q, stderr %q, want one line with %q", args, code, stdout, stderr, want)
		}
	}
}

func TestPanelOnce(t *testing.T) {
	lake := fixture(t)
	from := time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)
	laketest.Write(t, lake, laketest.Samples(1, from, from.Add(time.Minute), 3*time.Second)) // of the first host again
	args := []string{"panels", "--lake", lake, "--from", "2026-02-03T04:00:00Z", "--to", "2026-02-03T04:01:00Z", "--format", "json", "hosts-summary"}
	for want, extra := range map[string][]string{`"samples":40`: nil, `"samples":20`: {"--once"}} {
		code, stdout, stderr := run(t, "", append(args, extra...)...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%v: code %d, stderr %q, stdout %s, want %s", extra, code, stderr, stdout, want)
		}
	}
	_, text, _ := run(t, "", append(args, "--once", "--sql")...)
	code, stdout, stderr := run(t, text, "query", "--lake", lake, "--format", "json", "-")
	if code != 0 || strings.Contains(stdout, `"samples":40`) || !strings.Contains(text, "FROM samples_once\n") {
		t.Errorf("code %d, stderr %q, stdout %s of %s", code, stderr, stdout, text)
	}
}

// lines hands out what is written line by line.
type lines struct{ c chan string }

func (l lines) Write(p []byte) (int, error) {
	l.c <- string(p)
	return len(p), nil
}

func TestServe(t *testing.T) {
	for _, args := range [][]string{{}, {"serve"}} {
		ctx, cancel := context.WithCancel(t.Context())
		stderr := lines{make(chan string, 10)}
		done := make(chan int, 1)
		go func() {
			done <- cli.Main(ctx, append(args, "--lake", fixture(t), "--listen", "127.0.0.1:0"), strings.NewReader(""), io.Discard, stderr)
		}()
		address := regexp.MustCompile(`http://[0-9.:]+/`).FindString(<-stderr.c)
		for path, want := range map[string]string{"": "<title>Overview", "healthz": "ok", "api/panels/overview-cpu?range=1h": `"columns"`} {
			r, err := http.Get(address + path)
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(content), want) {
				t.Errorf("%s: %s %v %.100s", path, r.Status, err, content)
			}
		}
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("ended with %d: %s", code, <-stderr.c)
		}
	}
}

func TestHelpShowsAllFlags(t *testing.T) {
	code, stdout, _ := run(t, "", "--help")
	for _, want := range []string{"--lake", "--listen", "--token-file", "--delay", "query", "serve"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("help lacks %s:\n%s", want, stdout)
		}
	}
}

func TestPanelsAreListed(t *testing.T) {
	code, stdout, stderr := run(t, "", "panels", "--format", "csv")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\nhosts-summary,Hosts,Summary,table,") ||
		!strings.Contains(stdout, "\ndelivery-gaps,(no page),Samples and gaps,table,") {
		t.Errorf("code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
	n := 1 + len(panels.Questions())
	for _, d := range panels.All() {
		n += len(d.Panels)
	}
	if got := strings.Count(stdout, "\n"); got != n {
		t.Errorf("%d lines, want %d", got, n)
	}
}

// A host that no sample has is refused with the names that are nearest. A host that is silent in the range is not mistyped.
func TestMistypedHost(t *testing.T) {
	lake := fixture(t)
	args := []string{"panels", "--lake", lake, "--from", "2026-02-03T04:00:00Z", "--to", "2026-02-03T04:01:00Z"}
	_, list, _ := run(t, "", append(args, "--format", "csv", "filters-hosts")...)
	host, _, _ := strings.Cut(strings.Split(list, "\n")[1], ",")
	code, _, stderr := run(t, "", append(args, "--host", host+"x", "overview-now")...)
	if code != 2 || !strings.Contains(stderr, "--host "+host+"x: no sample has it; did you mean "+host) {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	if code, _, stderr = run(t, "", append(args, "--host", "quite-another-name", "overview-now")...); code != 2 || !strings.Contains(stderr, "filters-hosts lists all") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	if code, stdout, stderr := run(t, "", append(args, "--host", host, "hosts-summary")...); code != 0 || !strings.Contains(stdout, host) || !strings.Contains(stdout, " %") {
		t.Errorf("code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
	later := []string{"panels", "--lake", lake, "--from", "2026-02-09T04:00:00Z", "--to", "2026-02-09T04:01:00Z", "--host"}
	laketest.Write(t, lake, laketest.Samples(1, time.Date(2026, 2, 9, 4, 0, 0, 0, time.UTC), time.Date(2026, 2, 9, 4, 1, 0, 0, time.UTC), 3*time.Second))
	silent, _, _ := strings.Cut(strings.Split(list, "\n")[2], ",")
	if code, _, stderr := run(t, "", append(later, silent, "hosts-summary")...); code != 0 {
		t.Errorf("a silent host: code %d, stderr %q", code, stderr)
	}
}

// TestPanelAndItsSQL runs a panel, and the text that --sql prints, and expects the same.
func TestPanelAndItsSQL(t *testing.T) {
	lake := fixture(t)
	for _, id := range []string{"hosts-summary", "hosts-cpu", "patterns-week", "anomalies-map", "filters-tags", "overview-attention"} {
		args := []string{"panels", "--lake", lake, "--from", "2026-02-03T04:00:00Z", "--to", "2026-02-03T04:01:00Z", "--format", "csv", id}
		code, direct, stderr := run(t, "", args...)
		if code != 0 || stderr != "" || !strings.Contains(direct, "\n") {
			t.Fatalf("%s: code %d, stderr %q, stdout\n%s", id, code, stderr, direct)
		}
		_, text, _ := run(t, "", append(args, "--sql")...)
		code, pasted, stderr := run(t, text, "query", "--lake", lake, "--format", "csv", "-")
		if code != 0 || pasted != direct {
			t.Errorf("%s: code %d, stderr %q, stdout\n%s\nwant\n%s", id, code, stderr, pasted, direct)
		}
	}
}

// Rules from a file hold for what commands print. A bad file is refused with all that is wrong in it.
func TestAlertRules(t *testing.T) {
	lake := fixture(t)
	rules := func(text string) string {
		path := filepath.Join(t.TempDir(), "rules.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := rules(`{"overrides": [{"problems": ["CPU"], "hosts": {"role": ["it's"]}, "warn": 91.5}]}`)
	_, sql, _ := run(t, "", "panels", "--sql", "--alert-rules", good, "problems-now")
	if !strings.Contains(sql, "91.5e0") || !strings.Contains(sql, "node_role = 'it''s'") {
		t.Errorf("the query does not have the rules:\n%s", sql)
	}
	if code, _, stderr := run(t, "", "panels", "--lake", lake, "--from", "2026-02-03T04:00", "--to", "2026-02-03T04:10", "--alert-rules", good, "problems-now"); code != 0 {
		t.Errorf("code %d: %s", code, stderr)
	}
	bad := rules(`{"overrides": [{"problems": ["cpu"], "warn": 200}, {"color": 1}]}`)
	for _, command := range [][]string{{"panels", "--sql", "problems-now"}, {"panels", "--lake", lake, "problems-now"}, {"serve", "--lake", lake}, {"mcp", "--lake", lake}} {
		code, _, stderr := run(t, "", append(command, "--alert-rules", bad)...)
		if code != 1 || !strings.Contains(stderr, `overrides[0].problems[0]: there is no problem "cpu"`) || !strings.Contains(stderr, "overrides[1].color: there is no such key") {
			t.Errorf("%v: code %d, %s", command, code, stderr)
		}
	}
	if code, _, stderr := run(t, "", "panels", "--lake", lake, "--alert-rules", good+".missing", "problems-now"); code != 1 || !strings.Contains(stderr, "--alert-rules: open") {
		t.Errorf("code %d: %s", code, stderr)
	}
}

func TestParquetIsReadBack(t *testing.T) {
	lake := fixture(t)
	const text = `SELECT 'x' || chr(10) AS "b, c", 1 AS a, 1.5::DOUBLE AS d, 2.25::DECIMAL(9,2) AS e, true AS t, NULL AS n, -12345678901234567890::HUGEINT AS h,
		TIMESTAMP '2026-02-03 04:05:06.789' AS ts, DATE '1969-12-31' AS day, map{'k': 'v'} AS m UNION ALL
		SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`
	code, stdout, stderr := run(t, "", "query", "--lake", lake, "--format", "parquet", text)
	if code != 0 || stderr != "" {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	path := filepath.Join(lake, "result.parquet")
	if err := os.WriteFile(path, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	got := readBack(t, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '"+path+"'")
	want := "b, c|a|d|e|t|n|h|ts|day|m\nx\n|1|1.5|2.25|true|NULL|-12345678901234567890|2026-02-03 04:05:06.789+00|1969-12-31|{\"k\":\"v\"}\n" +
		strings.Repeat("NULL|", 9) + "NULL\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	code, all, stderr := run(t, "", "query", "--lake", lake, "--format", "parquet", "SELECT * FROM samples")
	if err := os.WriteFile(path, []byte(all), 0o600); err != nil || code != 0 {
		t.Fatal(err, code, stderr)
	}
	const sums = "SELECT count(*) AS n, count(DISTINCT seq) AS s, CAST(round(sum(cpu_pct), 6) AS VARCHAR) AS c, " +
		"CAST(min(event_time) AS TIMESTAMP)::VARCHAR AS e, min(hour) AS h FROM "
	_, a, stderr := run(t, "", "query", "--lake", lake, "--format", "csv", sums+"samples")
	b := strings.ReplaceAll(readBack(t, sums+"'"+path+"'"), "|", ",")
	if a != b || !strings.Contains(a, "\n40,20,") {
		t.Errorf("copied %q, lake %q, stderr %q", b, a, stderr)
	}
}

// readBack runs a query in a DuckDB that may read all files, and writes the rows as text.
func readBack(t *testing.T, query string) string {
	t.Helper()
	db := laketest.DuckDB(t)
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(columns, "|") + "\n"
	values, pointers := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = "NULL"
			if v.Valid {
				words[i] = v.String
			}
		}
		text += strings.Join(words, "|") + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}

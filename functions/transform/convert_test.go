package transform_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// otlpDocument is a document with the uptime of web-1 at these times, in Unix seconds.
func otlpDocument(times ...int64) string {
	var points []string
	for _, at := range times {
		points = append(points, fmt.Sprintf(`{"timeUnixNano":"%d000000000","asDouble":%d}`, at, at-1000))
	}
	return `{"resourceMetrics":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"web-1"}}]},"scopeMetrics":[{"metrics":[` +
		`{"name":"system.uptime","gauge":{"dataPoints":[` + strings.Join(points, ",") + `]}},` +
		`{"name":"system.network.io","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[]}}]}]}]}`
}

// A document of OTLP becomes samples, beside samples of the collector in the same record, and also within a pack. What it lacks is logged.
func TestOTLP(t *testing.T) {
	text := `{"ts":1770094829,"hostname":"edge"}` + "\n" + otlpDocument(1770094830, 1770094831) + "\n"
	for name, data := range map[string]string{"plain": text, "pack": pack(t, text)} {
		t.Run(name, func(t *testing.T) {
			tr, log := newTransformer(&stream{})
			answers := handle(t, tr, event(data))
			if answers[0].Result != transform.OK {
				t.Fatalf("%s: %s", answers[0].Result, log)
			}
			got := documents(t, answers[0].Data)
			if len(got) != 3 || got[0]["hostname"] != "edge" || got[1]["uptime_s"] != 1770093830.0 || got[2]["event_time"] != "2026-02-03T05:00:31.000Z" {
				t.Errorf("samples: %v", got)
			}
			if !strings.Contains(log.String(), "values left out") || !strings.Contains(log.String(), "add the processor cumulativetodelta") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// A gzip of a single document, without a line end, is what Fluent Bit sends with `compression gzip`.
func TestOTLPAsGzip(t *testing.T) {
	tr, log := newTransformer(&stream{})
	if answers := handle(t, tr, event(pack(t, otlpDocument(1770094830)))); answers[0].Result != transform.OK || len(documents(t, answers[0].Data)) != 1 {
		t.Errorf("%s: %s", answers[0].Result, log)
	}
}

// A document with collections of two hours is put back as packs of samples, as any other record. What it lacks is logged once, unless the
// record fails: the packs do not say it.
func TestOTLPOfTwoHours(t *testing.T) {
	s := &stream{}
	tr, log := newTransformer(s)
	if answers := handle(t, tr, event(otlpDocument(1770091200, 1770094830))); answers[0].Result != transform.Dropped || len(s.put) != 2 {
		t.Fatalf("%s, %d packs: %s", answers[0].Result, len(s.put), log)
	}
	const missing = "add the processor cumulativetodelta"
	if strings.Count(log.String(), missing) != 1 || !strings.Contains(log.String(), "values left out") {
		t.Errorf("log: %s", log)
	}
	synctest.Test(t, func(t *testing.T) {
		failing, log := newTransformer(&stream{reject: func(int, int) bool { return true }})
		if answers := handle(t, failing, event(otlpDocument(1770091200, 1770094830))); answers[0].Result != transform.ProcessingFailed || strings.Contains(log.String(), missing) {
			t.Errorf("%s: %s", answers[0].Result, log)
		}
	})
	for i, p := range s.put {
		if answers := handle(t, tr, event(string(p))); answers[0].Result != transform.OK || len(documents(t, answers[0].Data)) != 1 {
			t.Errorf("pack %d: %s", i, log)
		}
	}
}

func TestOTLPThatIsRefused(t *testing.T) {
	two := otlpDocument(1770094830, 1770094831)
	for document, want := range map[string]string{
		// The places are those in the record, not those in the text with the samples.
		two + ` {"ts":1}`:                          fmt.Sprintf("document 2, which begins at byte %d of the text: ts", len(two)+1),
		two + "\n" + two + `{"ts":1770094829`:      fmt.Sprintf("document 3, which begins at byte %d of the text", 2*len(two)+1),
		`{"ts":1770094829}` + otlpDocument(1):      "document 2, which begins at byte 17 of the text: ts",
		`{"ts":1770094829}{"ts":"x"}` + "\n" + two: "document 2, which begins at byte 17 of the text: ts",
		`{"ts":1770094829} {"resourceMetrics":[]}`: "document 2, which begins at byte 18 of the text: the document has no metric for which",
		`{"resourceMetrics":[]`:                    "document 1, which begins at byte 0 of the text",
		otlpDocument(1):                            "ts",
	} {
		tr, log := newTransformer(&stream{})
		if answers := handle(t, tr, event(document)); answers[0].Result != transform.ProcessingFailed || !strings.Contains(log.String(), want) {
			t.Errorf("%s: %s, want a log with %q: %s", document, answers[0].Result, want, log)
		}
	}
	// The name of the member in a value does not make a sample a document of OTLP.
	tr, log := newTransformer(&stream{})
	if answers := handle(t, tr, event(`{"ts":1770094829,"tags":{"x":"resourceMetrics"},"node_role":"\"resourceMetrics\""}`)); answers[0].Result != transform.OK {
		t.Errorf("%s: %s", answers[0].Result, log)
	}
}

// TestOTLPOfACollector: all that a real collector wrote is delivered.
func TestOTLPOfACollector(t *testing.T) {
	collections, err := os.ReadFile("otlp/testdata/collections.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	text, err := new(record.PackReader).AppendLines(nil, collections)
	if err != nil {
		t.Fatal(err)
	}
	tr := transform.New(transform.Options{Stream: &stream{}, Now: func() time.Time { return time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC) }})
	answers := handle(t, tr, event(string(text)))
	lines := strings.Count(string(text), "\n")
	if got := documents(t, answers[0].Data); answers[0].Result != transform.OK || len(got) != lines {
		t.Errorf("%s, %d samples of %d documents", answers[0].Result, len(got), lines)
	}
}

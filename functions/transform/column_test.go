package transform_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// A number that is not plausible is left out and logged. The sample, its other values and the other samples are delivered.
func TestImplausibleNumbersAreLeftOut(t *testing.T) {
	for member, left := range map[string]string{
		`"cpu_pct":100`:                                "",
		`"cpu_pct":100.00000000000001`:                 "",
		`"cpu_pct":0`:                                  "",
		`"cpu_pct":1e308`:                              "cpu_pct is 1e308, want -1..101",
		`"cpu_pct":1e200`:                              "cpu_pct is 1e200, want -1..101",
		`"cpu_pct":1e999`:                              "cpu_pct is 1e999, want -1..101",
		`"cpu_pct":-1e308`:                             "cpu_pct is -1e308, want -1..101",
		`"cpu_pct":250`:                                "cpu_pct is 250, want -1..101",
		`"CPU_PCT":250`:                                "cpu_pct is 250, want -1..101",
		`"cpu_pct":"1e308"`:                            `cpu_pct is \"1e308\", want -1..101`,
		`"cpu_pct":"1e308d"`:                           `cpu_pct is \"1e308d\", want -1..101`,
		`"cpu_pct":"NaN"`:                              `cpu_pct is \"NaN\", want -1..101`,
		`"cpu_pct":" \u002dInfinity"`:                  `cpu_pct is \" \\u002dInfinity\", want -1..101`,
		`"cpu_pct":"0x1p1000"`:                         `cpu_pct is \"0x1p1000\", want -1..101`,
		`"cpu_pct":"12"`:                               "",
		`"cpu_pct":"x"`:                                "", // not a number: the conversion refuses the record
		`"cpu_pct":null`:                               "",
		`"cpu_pct":{"x":1e308}`:                        "",
		`"ram_total_bytes":9223372036854775807`:        "ram_total_bytes is 9223372036854775807, want 0..1e+18",
		`"ram_total_bytes":"0x7fffffffffffffff"`:       `ram_total_bytes is \"0x7fffffffffffffff\", want 0..1e+18`,
		`"ram_total_bytes":1099511627776`:              "",
		`"net_bytes_sent_per_s":-5`:                    "net_bytes_sent_per_s is -5, want 0..1e+15",
		`"net_packets_recv_per_s":1e13`:                "net_packets_recv_per_s is 1e13, want 0..1e+12",
		`"load1":1e8`:                                  "load1 is 1e8, want 0..1e+07",
		`"procs":4e9`:                                  "procs is 4e9, want 0..1e+09",
		`"uptime_s":1e12`:                              "uptime_s is 1e12, want 0..1e+11",
		`"seq":9223372036854775807`:                    "",
		`"hostname":"1e308"`:                           "",
		`"unknown":1e308`:                              "",
		`"cpu_pct":"` + strings.Repeat("9", 400) + `"`: `cpu_pct is \"` + strings.Repeat("9", 39) + `, want -1..101`,
	} {
		tr, log := newTransformer(&stream{})
		got := handle(t, tr, event(`{"ts":1770094830,"load5":0.5}{"a":"b",`+member+`,"ts":1770094830,"load5":0.25}`, `{"ts":1770094830}`))
		rows := documents(t, got[0].Data)
		if got[0].Result != transform.OK || got[1].Result != transform.OK || len(rows) != 2 || rows[0]["load5"] != 0.5 || rows[1]["load5"] != 0.25 ||
			rows[1]["a"] != "b" {
			t.Fatalf("%s: %s %s", member, got[0].Result, got[0].Data)
		}
		key, _, _ := strings.Cut(member, ":")
		if kept := strings.Contains(string(got[0].Data), key+":"); kept != (left == "") {
			t.Errorf("%s: kept %v: %s", member, kept, got[0].Data)
		}
		if left == "" && strings.Contains(log.String(), "left out") ||
			left != "" && !strings.Contains(log.String(), fmt.Sprintf(`msg="values left out" record_id=r0 reasons=1 first="%s"`, left)) {
			t.Errorf("%s: log %s, want %s", member, log, left)
		}
	}
}

// All columns with a range are checked. The log has one line for a record, no matter how many numbers are left out.
func TestEachQuantityIsChecked(t *testing.T) {
	var line strings.Builder
	n := 0
	for _, c := range record.SampleColumns() {
		if _, ok := c.Range(); ok && c.Name != "ts" {
			fmt.Fprintf(&line, `,"%s":1e200`, c.Name)
			n++
		}
	}
	tr, log := newTransformer(&stream{})
	got := handle(t, tr, event(pack(t, `{"ts":1770094830`+line.String()+`}`, `{"ts":1770094830`+line.String()+`}`)))[0]
	if got.Result != transform.OK || strings.Contains(string(got.Data), "1e200") || len(documents(t, got.Data)) != 2 {
		t.Errorf("%s: %s", got.Result, got.Data)
	}
	if !strings.Contains(log.String(), fmt.Sprintf("reasons=%d ", 2*n)) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%d columns have a range; log %s", n, log)
	}
}

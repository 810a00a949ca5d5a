package transform_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// For any event, each record has exactly one answer, each accepted sample is delivered exactly once and in the right hour, at once
// or after it was put back, and no response is too large.
func TestEveryAcceptedSampleComesOutOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &stream{}
		tr, _ := newTransformer(s)
		ids := 0
		accepted := map[int]record.Hour{}
		var event transform.Event
		event.DeliveryStreamARN = arn
		for i := range rapid.IntRange(0, 12).Draw(rt, "records") {
			var lines []string
			bad := rapid.IntRange(0, 5).Draw(rt, "bad") == 0
			mine := map[int]record.Hour{}
			for range rapid.IntRange(1, 8).Draw(rt, "samples") {
				ts := 1770091200 + rapid.Float64Range(0, 4*3600).Draw(rt, "ts")
				if rapid.IntRange(0, 3).Draw(rt, "spread") > 0 {
					ts = 1770094830
				}
				size := rapid.SampledFrom([]int{0, 0, 10, 1000, 50_000, 400_000}).Draw(rt, "size")
				ts = math.Round(ts*1e4) / 1e4 // finer than a millisecond, so that rounding shows
				line := fmt.Sprintf(`{"id":%d,"ts":%.4f,"f":"%s"}`, ids, ts, strings.Repeat("f", size))
				lines = append(lines, line)
				mine[ids] = record.HourOf(ts)
				ids++
			}
			if bad {
				at := rapid.IntRange(0, len(lines)-1).Draw(rt, "at")
				lines[at] = rapid.SampledFrom([]string{`{`, `{"ts":"x"}`, `{}`, `7`, `{"ts":1}`, "\xff"}).Draw(rt, "what")
			} else {
				for id, hour := range mine {
					accepted[id] = hour
				}
			}
			data := strings.Join(lines, rapid.SampledFrom([]string{"\n", ""}).Draw(rt, "separator"))
			if len(data) > 1_000_000 || rapid.Bool().Draw(rt, "packed") {
				data = pack(t, data)
			}
			event.Records = append(event.Records, transform.Record{RecordID: fmt.Sprintf("%d\"%c", i, 'é'), Data: []byte(data)})
		}
		out := map[int]int{}
		for round := 0; len(event.Records) > 0; round++ {
			if round > 30 {
				rt.Fatalf("records are put back for ever")
			}
			r, err := tr.Handle(t.Context(), event)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			checkAnswers(rt, event, r)
			for _, a := range r.Records {
				for _, row := range documents(rt, a.Data) {
					id := int(row["id"].(float64))
					out[id]++
					want := accepted[id].Partition().Map()
					if fmt.Sprint(a.Metadata.PartitionKeys) != fmt.Sprint(want) {
						rt.Fatalf("sample %d in %v, want %v", id, a.Metadata.PartitionKeys, want)
					}
				}
			}
			event.Records = nil
			for i, p := range s.put {
				event.Records = append(event.Records, transform.Record{RecordID: fmt.Sprint("back", i), Data: p})
			}
			s.put = nil
		}
		for id := range accepted {
			if out[id] != 1 {
				rt.Fatalf("sample %d came out %d times", id, out[id])
			}
		}
		if len(out) != len(accepted) {
			rt.Fatalf("%d samples came out, %d were accepted", len(out), len(accepted))
		}
	})
}

package transform

import (
	"bytes"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

func newWalk() *batch { return &batch{scratch: &scratch{walker: jsonscan.NewWalker(meaning)}} }

// What walk takes, scan takes with the same end and ts.
func checkWalk(t *testing.T, b *batch, data []byte) (taken bool) {
	t.Helper()
	end, raw := b.walk(data)
	wantEnd, wantRaw, members, err := b.scan(data)
	if raw == nil {
		return false
	}
	if wantEnd > maxDocument || err != nil || end != wantEnd || !bytes.Equal(raw, wantRaw) || members != nil {
		t.Fatalf("%q: end %d, ts %s; want end %d, ts %s, %d members, %v", data, end, raw, wantEnd, wantRaw, len(members), err)
	}
	return true
}

func TestWalk(t *testing.T) {
	b := newWalk()
	for line := range bytes.Lines(recordtest.GoldenLines) {
		for _, data := range [][]byte{line, bytes.ReplaceAll(line, []byte(`,"`), []byte(` , "`))} {
			for range 2 { // unknown at first, then as remembered
				if !checkWalk(t, b, data) {
					t.Errorf("not taken: %s", data)
				}
			}
		}
	}
	for _, data := range []string{
		``, `{}`, `[]`, `1`, `{"a":1}`, `{"ts":"1"}`, `{"ts":null}`, `{"ts":1,"ts":2}`, `{"ts":1,"TS":2}`, `{"ts":1,"date":""}`,
		`{"DATE":1,"ts":1}`, `{"ts":1`, `{"ts":1,}`, `{"ts":01}`, `{"ts":1,"a":}`, `{"ts":1,"a":[}`,
	} {
		if checkWalk(t, b, []byte(data)) {
			t.Errorf("taken: %s", data)
		}
	}
}

func FuzzWalk(f *testing.F) {
	for line := range bytes.Lines(recordtest.GoldenLines) {
		f.Add([]byte(`{"ts":1}`), line)
	}
	f.Add([]byte(`{"ts":1,"minute":"00"}`), []byte(`{"Ts":1,"a":{}}{"ts":2}`))
	f.Fuzz(func(t *testing.T, before, data []byte) {
		b := newWalk()
		checkWalk(t, b, before)
		checkWalk(t, b, data)
		checkWalk(t, b, before)
	})
}

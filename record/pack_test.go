package record_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// TestPackSize: a pack of one machine is smaller than one gzip stream with the same codes for all lines.
func TestPackSize(t *testing.T) {
	var w record.PackWriter
	var lines []byte
	host, at := recordtest.New(9), time.UnixMilli(1770094800123)
	for i := range 40 {
		s := host.Sample(at.Add(time.Duration(i) * 3 * time.Second))
		line := s.AppendJSON(nil)
		if err := w.Add(line, record.HourOf(s.TS)); err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	pack, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	gz, err := gzip.NewWriterLevel(&plain, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gz.Write(lines); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d with one code", len(pack), plain.Len())
	if len(pack) > plain.Len()*99/100 {
		t.Errorf("a pack has %d bytes, want at most 99 %% of %d", len(pack), plain.Len())
	}
}

func TestPackRoundTrip(t *testing.T) {
	var w record.PackWriter
	var r record.PackReader
	host, at := recordtest.New(1), time.UnixMilli(1770094800123)
	for range 2 { // the second round runs on reused memory
		w.Reset()
		var want []byte
		for i := range 20 {
			s := host.Sample(at.Add(time.Duration(i) * 3 * time.Second))
			line := s.AppendJSON(nil)
			want = append(append(want, line...), '\n')
			if err := w.Add(line, record.HourOf(s.TS)); err != nil {
				t.Fatal(err)
			}
		}
		pack, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		first := bytes.Clone(pack)
		if again, err := w.Bytes(); err != nil || !bytes.Equal(again, first) {
			t.Errorf("equal lines give other bytes (%v)", err)
		}
		got, err := r.AppendLines(nil, first)
		if err != nil || !bytes.Equal(got, want) || w.Count() != 20 || w.RawBytes() != len(want) || !record.IsPack(first) {
			t.Fatalf("read %d bytes, %v; want %d", len(got), err, len(want))
		}
		t.Logf("20 samples: %d bytes, packed %d", len(want), len(first))
	}
}

func TestPackRefuses(t *testing.T) {
	var w record.PackWriter
	hour := record.HourOf(1770094800)
	if err := w.Add([]byte(`{}`), hour); err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]byte(`{}`), hour+1); !errors.Is(err, record.ErrPackHour) {
		t.Errorf("another hour: %v", err)
	}
	if err := w.Add(make([]byte, record.MaxPackBytes), hour); !errors.Is(err, record.ErrPackTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if w.Count() != 1 || w.Hour() != hour {
		t.Errorf("a refused line changed the pack: %d lines", w.Count())
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPackReaderBound(t *testing.T) {
	var r record.PackReader
	bomb := gzipped(t, make([]byte, record.MaxPackBytes+1))
	if got, err := r.AppendLines([]byte("kept"), bomb); !errors.Is(err, record.ErrPackTooLarge) || string(got) != "kept" {
		t.Errorf("bomb of %d bytes: %v", len(bomb), err)
	}
	many := bytes.Repeat(gzipped(t, make([]byte, 1<<20)), 17) // a bomb of many gzip members
	if _, err := r.AppendLines(nil, many); !errors.Is(err, record.ErrPackTooLarge) {
		t.Errorf("bomb of many members: %v", err)
	}
	if got, err := r.AppendLines(nil, gzipped(t, make([]byte, record.MaxPackBytes))); err != nil || len(got) != record.MaxPackBytes {
		t.Errorf("at the bound: %d bytes, %v", len(got), err)
	}
}

func TestPackReaderDamaged(t *testing.T) {
	var r record.PackReader
	whole := gzipped(t, []byte(strings.Repeat(`{"ts":1}`, 100)))
	for n := range whole {
		if _, err := r.AppendLines(nil, whole[:n]); err == nil {
			t.Errorf("cut to %d of %d bytes: no error", n, len(whole))
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	if _, err := r.AppendLines(nil, flipped); err == nil {
		t.Error("wrong checksum: no error")
	}
}

func BenchmarkPackWrite(b *testing.B) {
	var w record.PackWriter
	fill(b, &w, 20)
	b.ReportAllocs()
	b.SetBytes(int64(w.RawBytes()))
	for b.Loop() {
		if _, err := w.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPackRead(b *testing.B) {
	var w record.PackWriter
	var r record.PackReader
	fill(b, &w, 20)
	pack, err := w.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	var lines []byte
	b.ReportAllocs()
	b.SetBytes(int64(w.RawBytes()))
	for b.Loop() {
		if lines, err = r.AppendLines(lines[:0], pack); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(tb testing.TB, w *record.PackWriter, n int) {
	tb.Helper()
	host, at := recordtest.New(1), time.UnixMilli(1770094800123)
	for i := range n {
		s := host.Sample(at.Add(time.Duration(i) * 3 * time.Second))
		if err := w.Add(s.AppendJSON(nil), record.HourOf(s.TS)); err != nil {
			tb.Fatal(err)
		}
	}
}

package ship

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// linesOf returns n lines of one machine, one per interval.
func linesOf(n int, start time.Time, interval time.Duration) [][]byte {
	host := recordtest.New(7)
	lines := make([][]byte, n)
	for i := range lines {
		s := host.Sample(start.Add(time.Duration(i) * interval))
		lines[i] = s.AppendJSON(nil)
	}
	return lines
}

var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

func expand(t *testing.T, data []byte) [][]byte {
	t.Helper()
	var r record.PackReader
	text, err := r.AppendLines(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

func TestPacksHoldThePrefixByHour(t *testing.T) {
	const interval = 3 * time.Second
	for name, c := range map[string]struct {
		start time.Time
		n     int
		tail  tail
		all   bool
	}{
		"one":                      {noon, 1, tailCut, true},
		"a minute":                 {noon, 21, tailCut, true},
		"over the hour":            {noon.Add(-30 * time.Second), 21, tailCut, false},
		"over the hour, at a stop": {noon.Add(-30 * time.Second), 21, tailKeep, true},
		"six minutes":              {noon, 121, tailCut, false},
		"six minutes, at the end":  {noon, 121, tailKeep, true},
		"a backlog":                {noon.Add(-10 * time.Minute), 1000, tailWait, false},
		"a backlog, all of it":     {noon.Add(-10 * time.Minute), 1000, tailKeep, true},
	} {
		t.Run(name, func(t *testing.T) {
			lines := linesOf(c.n, c.start, interval)
			var p packer
			packs, err := p.pack(lines, c.tail)
			if err != nil {
				t.Fatal(err)
			}
			done := 0
			for i, pk := range packs {
				if len(pk.data) > maxSteps*step {
					t.Errorf("pack %d has %d bytes", i, len(pk.data))
				}
				got := expand(t, pk.data)
				if len(got) != pk.lines {
					t.Fatalf("pack %d says %d lines, holds %d", i, pk.lines, len(got))
				}
				ts, _ := TSOf(got[0])
				slices.SortFunc(got, func(a, b []byte) int { // lines with details go first
					at, _ := TSOf(a)
					bt, _ := TSOf(b)
					return cmp.Compare(at, bt)
				})
				for _, line := range got {
					if !bytes.Equal(line, lines[done]) {
						t.Fatalf("line %d is not the one given", done)
					}
					if at, _ := TSOf(line); record.HourOf(at) != record.HourOf(ts) {
						t.Fatalf("pack %d holds two hours", i)
					}
					done++
				}
			}
			if done < 1 || c.all != (done == c.n) {
				t.Errorf("%d of %d lines are packed", done, c.n)
			}
		})
	}
}

// TestCutsAreAtFullSteps: a pack that is cut almost fills its last step, unless the next line is a long one: details.
func TestCutsAreAtFullSteps(t *testing.T) {
	lines := linesOf(3000, noon, time.Second)
	var p packer
	packs, err := p.pack(lines, tailWait)
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for i, pk := range packs {
		perLine := len(pk.data) / pk.lines
		done += pk.lines
		long := done < len(lines) && bytes.Contains(lines[done], []byte(`"filesystems"`))
		if left := (step - len(pk.data)%step) % step; left > 2*perLine && !long {
			t.Errorf("pack %d of %d lines and %d bytes leaves %d of its last step", i, pk.lines, len(pk.data), left)
		}
	}
	if len(packs) < 2 {
		t.Errorf("3000 lines make %d packs", len(packs))
	}
}

// TestBill packs the samples of an hour and counts what Firehose would bill.
func TestBill(t *testing.T) {
	for name, c := range map[string]struct {
		latency time.Duration
		most    float64 // billed bytes per sample
	}{
		"a minute":     {time.Minute, 260},
		"default":      {record.MaxLatency, 140},
		"five minutes": {5 * time.Minute, 125},
	} {
		t.Run(name, func(t *testing.T) {
			const interval = 3 * time.Second
			lines := linesOf(4*1200, noon.Add(17*time.Second), interval)
			var p packer
			billed, samples, rounds := 0, 0, 0
			for head := 0; head < len(lines); {
				n := min(len(lines), head+int(c.latency/interval)+1)
				packs, err := p.pack(lines[head:n], tailCut)
				if err != nil {
					t.Fatal(err)
				}
				rounds++
				for _, pk := range packs {
					billed += (len(pk.data) + step - 1) / step * step
					samples += pk.lines
					head += pk.lines
				}
			}
			got := float64(billed) / float64(samples)
			hours := float64(samples) * interval.Hours()
			t.Logf("%.1f billed bytes per sample, %.1f requests per hour", got, float64(rounds)/hours)
			if got > c.most || float64(rounds)/hours > 60 {
				t.Errorf("%.1f billed bytes per sample and %.1f requests per hour, want at most %v and 60",
					got, float64(rounds)/hours, c.most)
			}
		})
	}
}

// TestLongLinesGoFirst: the lines with details are neighbours in a pack. Both kinds keep their order. The first line has details, too.
func TestLongLinesGoFirst(t *testing.T) {
	lines := linesOf(6, noon, time.Second)
	for _, i := range [...]int{2, 4} {
		lines[i] = append(lines[i][:len(lines[i])-1], `,"note":"`+strings.Repeat("x", 3*len(lines[i]))+`"}`...)
	}
	var p packer
	packs, err := p.pack(lines, tailCut)
	if err != nil || len(packs) != 1 || packs[0].lines != len(lines) {
		t.Fatalf("packs are %v, %v", packs, err)
	}
	var r record.PackReader
	got, err := r.AppendLines(nil, packs[0].data)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for _, i := range [...]int{0, 2, 4, 1, 3, 5} {
		want = append(append(want, lines[i]...), '\n')
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the pack's lines are\n%s\nwant\n%s", got, want)
	}
}

func TestLinesThatAreNotSamples(t *testing.T) {
	good := linesOf(3, noon, time.Second)
	lines := [][]byte{[]byte("rubbish"), good[0], good[1], []byte(`{"ts":x}`), []byte(`{"ts":1`), good[2]}
	var p packer
	packs, err := p.pack(lines, tailCut)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pk := range packs {
		got = append(got, fmt.Sprint(pk.lines, pk.data != nil))
	}
	if fmt.Sprint(got) != "[1 false 2 true 1 false 1 false 1 true]" {
		t.Errorf("packs are %v", got)
	}
}

func TestOneLineLargerThanAnyBound(t *testing.T) {
	s := record.Sample{TS: record.TS(noon), Hostname: "h", Tags: map[string]string{}}
	host := recordtest.New(3)
	for i := range 2000 { // hardly compressible
		x := host.Sample(noon)
		s.Tags[fmt.Sprintf("k%d", i)] = fmt.Sprintf("%v%v%v", x.CPUPct, x.NetBytesRecvPerS, x.DiskReadBytesPerS)
	}
	line := s.AppendJSON(nil)
	var p packer
	packs, err := p.pack([][]byte{line, line}, tailCut)
	if err != nil || len(packs) == 0 || packs[0].lines < 1 || len(packs[0].data) > record.MaxRecordBytes {
		t.Fatalf("%d packs, %v", len(packs), err)
	}
	if !bytes.Equal(expand(t, packs[0].data)[0], line) {
		t.Error("the line is not as it was")
	}
}

func TestTodoFitsARequest(t *testing.T) {
	of := func(n, size int) []pack {
		packs := make([]pack, n)
		for i := range packs {
			packs[i].data = make([]byte, size)
		}
		return append([]pack{{data: []byte{1}, done: true}, {lines: 1}}, packs...)
	}
	for _, c := range []struct{ n, size, want int }{
		{1, 10, 1}, {500, 10, 500}, {501, 10, 500}, {5, 1_000_000, 4}, {4, MaxRequestBytes / 4, 4}, {1, MaxRequestBytes + 1, 1},
	} {
		if got := len(todo(of(c.n, c.size), false)); got != c.want {
			t.Errorf("of %d records of %d bytes %d fit, want %d", c.n, c.size, got, c.want)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	for _, n := range []int{21, 101, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			lines := linesOf(n, noon, 3*time.Second)
			var p packer
			b.ReportAllocs()
			for range b.N {
				if _, err := p.pack(lines, tailCut); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTSOf(t *testing.T) {
	for line, want := range map[string]float64{`{"ts":1770094830.5,"seq":1}`: 1770094830.5, `{"ts":1770094830}`: 1770094830} {
		if ts, ok := TSOf([]byte(line)); !ok || ts != want {
			t.Errorf("%s: %v, %v", line, ts, ok)
		}
	}
	for _, line := range []string{`{"ts":1_0}`, `{"ts":0x1p4}`, `{"ts":"1"}`, `{"ts":1`, `{"seq":1,"ts":1}`, ``} {
		if ts, ok := TSOf([]byte(line)); ok {
			t.Errorf("%s: %v", line, ts)
		}
	}
}

package cost_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/cost"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
	"github.com/metrics-dashboard/metrics-dashboard/record/program/programtest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"hosts100":   {"--hosts", "100", "--interval", "3s"},
		"hosts10000": {"--hosts", "10000"},
		"hosts5":     {"--hosts=5", "--interval=10s", "--max-latency=5m", "--crawls=30", "--stored-months=1", "--athena-gib=1"},
		"help":       {"--help"},
	} {
		var stdout, stderr bytes.Buffer
		if code := cost.Main(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != program.OK {
			t.Fatalf("%s: exit code %d: %s", name, code, &stderr)
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, stdout.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stdout.Bytes(), want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, &stdout, want)
		}
	}
}

// The bill, calculated by hand: 100 hosts at 3 s take 87.6 million samples in 730 hours. A pack is billed as 5,120 bytes,
// and 37 samples of 136 bytes fit into it, which is a little less than two minutes. A host sends 33 packs an hour.
func TestBillByHand(t *testing.T) {
	lines := map[string]cost.Line{}
	for _, l := range cost.Default().Estimate() {
		lines[l.Name] = l
	}
	for name, want := range map[string][2]float64{
		"Firehose: ingest, in steps of 5,120 bytes": {
			100 * 730 * 33 * 5120 / math.Pow(2, 30) * 0.029, 87.6e6 * 5120 / math.Pow(2, 30) * 0.029,
		},
		"Firehose: conversion to Parquet": {
			100 * 730 * 33 * 5120 / math.Pow(2, 30) * 0.018, 87.6e6 * 5120 / math.Pow(2, 30) * 0.018,
		},
		"S3: PUTs":      {(8760 + 730) * 0.005 / 1000, (8760 + 730) * 0.005 / 1000},
		"Glue: crawler": {0, 0},
		// 0.2 MB are 1,470.6 packed samples or 184.3 plain ones.
		"Lambda: requests": {87.6e6 / (0.2e6 / 136) * 0.2e-6, 87.6e6 / (0.2e6 / 1085) * 0.2e-6},
	} {
		got := lines[name]
		if math.Abs(got.Packed.USD-want[0]) > 1e-9 || math.Abs(got.Single.USD-want[1]) > 1e-9 {
			t.Errorf("%s is %v and %v, want %v", name, got.Packed.USD, got.Single.USD, want)
		}
	}
}

// The speed of the transform that the estimate assumes is that of the benchmark, or a little less.
func TestTransformRateIsMeasured(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../../BENCHMARKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`transform, one core \| ([0-9,]+) rows/s of packs`).FindSubmatch(text)
	if found == nil {
		t.Fatal("BENCHMARKS.md does not say how many rows of packs the transform takes in a second")
	}
	measured, err := strconv.Atoi(strings.ReplaceAll(string(found[1]), ",", ""))
	if err != nil || measured < cost.TransformRate || measured > 2*cost.TransformRate {
		t.Errorf("the benchmark has %s rows a second, the estimate takes %d", found[1], cost.TransformRate)
	}
}

// The README quotes two numbers of this program: the bill of 100 machines, and the price of one more machine with storage.
func TestReadmeQuotesTheBill(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../../README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, hosts := range []int{100, 10000} {
		f := cost.Default()
		f.Hosts = hosts
		total, _ := cost.Total(f.Estimate())
		quoted := fmt.Sprintf("%.2f USD", total)
		if hosts == 10000 {
			quoted = fmt.Sprintf("%.0f USD", total)
		}
		if !strings.Contains(string(text), quoted) {
			t.Errorf("README.md does not say that %d machines cost %s a month", hosts, quoted)
		}
	}
	var b bytes.Buffer
	if err := cost.Print(&b, cost.Default()); err != nil {
		t.Fatal(err)
	}
	further := regexp.MustCompile(`for ever: ([0-9.]+) cents a month`).FindStringSubmatch(b.String())
	if cents, err := strconv.ParseFloat(further[1], 64); err != nil || !strings.Contains(string(text), fmt.Sprintf("%.1f cents", cents)) {
		t.Errorf("README.md does not say that a machine costs %.1f cents with samples kept for 30 days", cents)
	}
	sentence := regexp.MustCompile(`about [0-9]+ cents a month, storage included`).FindString(b.String())
	if sentence == "" || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
		t.Errorf("README.md does not say %q of a machine", sentence)
	}
}

// The goal: a further machine at 3 s costs at most 4 cents a month, with samples kept for 30 days and rollups for ever. It holds for the
// first years of a stack; the rollups of later years add up.
func TestFurtherMachine(t *testing.T) {
	for _, hosts := range []int{100, 10_000} {
		f := cost.Default()
		f.Hosts = hosts
		var b bytes.Buffer
		if err := cost.Print(&b, f); err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`for ever: ([0-9.]+) cents a month after a year, ([0-9.]+) after ten`).FindStringSubmatch(b.String())
		if found == nil {
			t.Fatalf("no price of a further machine in %s", &b)
		}
		year, err := strconv.ParseFloat(found[1], 64)
		ten, tenErr := strconv.ParseFloat(found[2], 64)
		if err != nil || tenErr != nil || year > 4 || ten > 4.5 {
			t.Errorf("%d machines: a further one costs %v cents a month after a year and %v after ten", hosts, year, ten)
		}
	}
}

// The lines of the rollup, calculated by hand: 100 hosts at 3 s have 24 MB of samples an hour. They are read for the minutes and for the
// hours, and a quarter of them again. A day of their hours has less than the 10 MB that Athena bills at least.
func TestRollupByHand(t *testing.T) {
	lines := map[string]cost.Item{}
	for _, l := range cost.Default().Estimate() {
		lines[l.Name] = l.Packed
	}
	rows := 100 * (730.*60*300 + 730*500 + 730./24*1230) / math.Pow(2, 30)
	for name, want := range map[string]float64{
		"Rollup: Athena reads samples and hours":  1.25 * (2*87.6e6*200/math.Pow(2, 30) + 730./24*10/1024) * 5 / 1024,
		"Rollup: S3 storage, Intelligent-Tiering": rows * (0.023 + 2*0.0125 + 9*0.004),
		"Rollup: Lambda": 730 * 30 * 0.25 * 0.0000133334,
	} {
		if got := lines[name].USD; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v USD, want %v", name, got, want)
		}
	}
	few := cost.Default()
	few.Hosts = 1
	for _, l := range few.Estimate() {
		if want := 1.25 * (730 + 2*730./24) * 10 / 1024; strings.HasPrefix(l.Name, "Rollup: Athena") && math.Abs(l.Packed.Quantity-want) > 1e-9 {
			t.Errorf("one host: %v GiB, want %v: Athena bills 10 MB at least", l.Packed.Quantity, want)
		}
	}
}

// docs/growth.md has the tables that the program prints.
func TestGrowthIsInTheDocuments(t *testing.T) {
	f := cost.Default()
	f.Stored = 1
	var b bytes.Buffer
	if err := cost.PrintGrowth(&b, f); err != nil {
		t.Fatal(err)
	}
	file := filepath.FromSlash("../../../docs/growth.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin of what make golden writes -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s lacks the lines around the tables", file)
	}
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("the tables of %s are stale; run make golden", file)
	}
}

// Packing makes the bill smaller at every interval at which several samples fit in a pack.
func TestPackingSaves(t *testing.T) {
	f := cost.Default()
	for _, interval := range []time.Duration{time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second} {
		f.Interval = interval
		l := f.Estimate()[0]
		if saved := l.Single.USD / l.Packed.USD; saved < 1.9 {
			t.Errorf("every %v: ingest costs %.2f packed and %.2f single", interval, l.Packed.USD, l.Single.USD)
		}
	}
	f.Interval = time.Hour
	if l := f.Estimate()[0]; l.Packed.USD != l.Single.USD {
		t.Errorf("every hour: ingest costs %.4f packed and %.4f single, want the same", l.Packed.USD, l.Single.USD)
	}
}

// TestProgram tests what cost has in common with the other programs. Only writing to standard output can fail.
func TestProgram(t *testing.T) {
	programtest.Test(t, "cost", cost.Main, programtest.Cases{
		BadValue:       [][]string{{"--hosts", "many"}, {"--hosts", "0"}, {"--interval", "3"}},
		WrongArguments: [][]string{{"100"}},
	})
}

// failing is a standard output to which nothing can be written.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFailure(t *testing.T) {
	var stderr bytes.Buffer
	code := cost.Main(t.Context(), []string{}, strings.NewReader(""), failing{}, &stderr)
	if want := "cost: print the estimate: file already closed\n"; code != program.Failed || stderr.String() != want {
		t.Errorf("exit code %d, %q, want %q", code, &stderr, want)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		args  []string
		lines int
		names string
	}{
		{[]string{"--hosts", "0"}, 1, "--hosts: 0 is not allowed; want 1-1000000"},
		{[]string{"--interval", "3"}, 1, `"--interval"`},
		{[]string{"--hosts=-1", "--interval=1ms", "--crawls=-1"}, 3, "--crawls: -1 is not allowed; want 0-10000 a month"},
		{[]string{"--host=3"}, 1, "--host"},
		{[]string{"100"}, 1, "100"},
	} {
		var stdout, stderr bytes.Buffer
		if code := cost.Main(t.Context(), c.args, strings.NewReader(""), &stdout, &stderr); code != program.Refused || stdout.Len() > 0 {
			t.Errorf("%v: exit code %d, stdout %q", c.args, code, &stdout)
		}
		if got := stderr.String(); strings.Count(got, "\n") != c.lines || !strings.Contains(got, c.names) {
			t.Errorf("%v: %q, want %d lines with %s", c.args, got, c.lines, c.names)
		}
	}
}

package cost

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// What a panel of one value reads: the columns of the time and of the value, in the pages of other columns nothing.
const (
	panelSampleBytes = 11 // of a sample; measured 7.3 of the local delivery's 134, and Firehose's writer is thought to need half as much again
	panelRowBytes    = 8  // of a row of a rollup: time, name, mean, highest
)

// Limits of one stream and of an account. Sources: Amazon Data Firehose developer guide, "Quota" (us-east-1, us-west-2 and eu-west-1; all
// other regions have the lower numbers); Lambda developer guide, "Lambda quotas"; package stack and functions/rollup for the rest.
const (
	requestsBig, requestsOther = 2000, 1000 // PutRecordBatch a second
	mibBig, mibOther           = 5, 1       // MiB a second
	recordsBig, recordsOther   = 500_000, 100_000
	lambdaAtOnce               = 1000
	ssmRequests                = 40  // GetParameters a second (AWS General Reference, "AWS Systems Manager endpoints and quotas")
	ssmPauseS                  = 600 // mean pause between two requests of a collector (package cloud of edge)
	partGiB                    = 4   // samples that one statement of the rollup reads, if it can be divided
	readerGiB                  = 10  // athenaScanLimitGb
	statementGiB               = 100
)

// quantity is one row of the table of growth.
type quantity struct {
	name string
	of   func(f Fleet) string
}

// perSecond returns a rate of a month as a rate of a second.
func perSecond(v float64) float64 { return v / month.Seconds() }

// hourSamples returns how many samples the fleet takes in an hour.
func (f Fleet) hourSamples() float64 { return f.samples() / month.Hours() }

// hourBytes returns how many bytes of samples an hour has.
func (f Fleet) hourBytes() float64 { return f.hourSamples() * parquetBytes }

// parts returns in how many statements a day of samples is rolled up: of whole hours, of partGiB at most if an hour has less.
func (f Fleet) parts() float64 {
	hours := math.Max(1, math.Floor(partGiB*gib/f.hourBytes()))
	return math.Ceil(24 / math.Min(24, hours))
}

// running returns how many invocations of the transform run at once.
func (f Fleet) running() float64 {
	t := f.packed()
	return perSecond(f.samples()/(TransformRate*cores) + f.invocations(t)*startTime.Seconds())
}

func (f Fleet) panel(span, step time.Duration, bytes float64) float64 {
	return float64(f.Hosts) * span.Seconds() / step.Seconds() * bytes
}

const growthDay = 24 * time.Hour

func quantities() []quantity {
	rate := func(of func(Fleet) float64) func(Fleet) string {
		return func(f Fleet) string { return short(of(f)) }
	}
	bytes := func(of func(Fleet) float64) func(Fleet) string {
		return func(f Fleet) string { return size(of(f)) }
	}
	return []quantity{
		{"samples a second", rate(func(f Fleet) float64 { return perSecond(f.samples()) })},
		{"requests to Firehose a second, a record each", rate(func(f Fleet) float64 { return perSecond(f.packed().records) })},
		{"bytes sent a second", bytes(func(f Fleet) float64 { return perSecond(f.packed().bytes) })},
		{"invocations of the transform a second", rate(func(f Fleet) float64 { return perSecond(f.invocations(f.packed())) })},
		{"… that run at once", rate(Fleet.running)},
		{"objects of samples an hour", rate(func(f Fleet) float64 { return f.objects() / month.Hours() })},
		{"samples an hour, which the hourly statement reads", bytes(Fleet.hourBytes)},
		{"statements that roll up a day", rate(Fleet.parts)},
		{"rows of minutes a day", rate(func(f Fleet) float64 { return float64(f.Hosts) * 1440 })},
		{"lists of objects in a run of the rollup", rate(func(f Fleet) float64 { return (f.rollupRequests() - statements*(filesPerStatement+2)) / runs })},
		{"partitions a year: samples_1m, samples_1h, samples_1d", func(Fleet) string { return "8,760, 365, 365" }},
		{"a panel over 24 hours of samples reads", bytes(func(f Fleet) float64 { return f.panel(growthDay, f.Interval, panelSampleBytes) })},
		{"a panel over 30 days of minutes reads", bytes(func(f Fleet) float64 { return f.panel(30*growthDay, time.Minute, panelRowBytes) })},
		{"a panel over 150 days of hours reads", bytes(func(f Fleet) float64 { return f.panel(150*growthDay, time.Hour, panelRowBytes) })},
		{"a panel over a year of days reads", bytes(func(f Fleet) float64 { return f.panel(365*growthDay, growthDay, panelRowBytes) })},
		{"USD a month", func(f Fleet) string { total, _ := Total(f.Estimate()); return count(math.Round(total*100) / 100) }},
		{"… of that, for each machine", func(f Fleet) string {
			total, _ := Total(f.Estimate())
			return fmt.Sprintf("%.3f", total/float64(f.Hosts))
		}},
	}
}

// short writes a number with as many digits as matter.
func short(v float64) string {
	switch {
	case v < 0.001:
		return "< 0.001"
	case v < 1:
		return fmt.Sprintf("%.2g", v)
	case v < 100:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	return count(v)
}

func size(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if bytes < 1000 {
			return short(math.Round(bytes*10)/10) + " " + unit
		}
		bytes /= 1000
	}
	return short(math.Round(bytes*10)/10) + " TB"
}

// limit is a limit that a fleet can reach.
type limit struct {
	name  string
	hosts float64
	do    string
}

// limits returns the limits in the order in which a growing fleet reaches them.
func (f Fleet) limits() []limit {
	f.Hosts = 10_000
	of := func(name string, most, used float64, do string) limit {
		return limit{name, most / used * float64(f.Hosts), do}
	}
	sent, requests := perSecond(f.packed().bytes)/(1<<20), perSecond(f.packed().records)
	const quota = "Ask for a higher quota, or deploy a second stack. Firehose also raises its limit by itself while it throttles."
	all := []limit{
		of("a day of samples is rolled up in several statements (4 GiB each)", partGiB*gib, 24*f.hourBytes(), "Nothing: the function does so by itself."),
		of("Firehose takes 1 MiB a second (most regions)", mibOther, sent, quota),
		of("Firehose takes 5 MiB a second (us-east-1, us-west-2, eu-west-1)", mibBig, sent, quota),
		of("Firehose takes 1,000 requests a second (most regions)", requestsOther, requests, quota+" A longer `max_latency` helps."),
		of("Firehose takes 2,000 requests a second (us-east-1, us-west-2, eu-west-1)", requestsBig, requests, quota+" A longer `max_latency` helps."),
		of("SSM answers 40 requests a second, by which collectors follow a changed stack or `edge-config`", ssmRequests, float64(f.Hosts)/ssmPauseS,
			"Turn on higher throughput in the settings of SSM's Parameter Store. Until then collectors follow changes later, and send on."),
		of("a panel over 24 hours of all machines' samples reads 10 GiB (`athenaScanLimitGb`)", readerGiB*gib, f.panel(growthDay, f.Interval, panelSampleBytes),
			"Choose fewer hours, or hosts; read minutes; raise the limit."),
		of("an hour of samples has 4 GiB, and cannot be divided into more statements", partGiB*gib, f.hourBytes(), "Watch the duration of the rollup on the ops dashboard. Athena's memory is the limit that follows; it is not known."),
		of("an hour of samples has 100 GiB, the limit of the rollup's workgroup", statementGiB*gib, f.hourBytes(), "A second stack."),
		of("1,000 transforms run at once (an account's quota; a new account may have 10)", lambdaAtOnce, f.running(), "Ask for a higher quota."),
	}
	slices.SortFunc(all, func(a, b limit) int { return int(a.hosts - b.hosts) })
	return all
}

// PrintGrowth writes how a fleet's quantities grow with its machines, and which limits it reaches, as tables in Markdown.
func PrintGrowth(w io.Writer, f Fleet) error {
	var b strings.Builder
	sizes := []int{10, 100, 1000, 10_000, 100_000}
	b.WriteString("| machines |")
	for _, n := range sizes {
		b.WriteString(" " + count(float64(n)) + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(sizes)) + "\n")
	for _, q := range quantities() {
		b.WriteString("| " + q.name + " |")
		for _, n := range sizes {
			f.Hosts = n
			b.WriteString(" " + q.of(f) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n| about so many machines | limit | what to do |\n| --- | --- | --- |\n")
	for _, l := range f.limits() {
		scale := math.Pow(10, math.Floor(math.Log10(l.hosts))-1)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", count(math.Round(l.hosts/scale)*scale), l.name, l.do)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print the growth: %w", err)
	}
	return nil
}

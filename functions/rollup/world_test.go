package rollup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

// world is a bucket, a catalog and an engine that keep what runs do. An object of samples is the list of its samples, each of which is
// a time. An object of a rollup is the list of the samples that its rows were made of. So a test sees which samples an answer has.
type world struct {
	mu         sync.Mutex // guards all fields except the hooks
	now        time.Time
	objects    map[string]object
	partitions map[string]rollup.Partition // by table and values
	arrived    []string                    // keys of objects of samples, in the order in which they came
	scanned    int                         // statements that have run

	// before and after are called around each call, with its name; they may return an error, which the caller gets. after is called
	// when the call has had its effect. The lock is not held.
	before, after hook
}

type hook func(ctx context.Context, call string) error

func none(context.Context, string) error { return nil }

type object struct {
	samples []time.Time
	bytes   int64
	written time.Time
}

const bucket, prefix = "lake", "analytics/"

func newWorld(now time.Time) *world {
	return &world{now: now, objects: map[string]object{}, partitions: map[string]rollup.Partition{}, before: none, after: none}
}

// deliver adds an object of samples to the partition of the first one.
func (w *world) deliver(samples ...time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := prefix + samples[0].Format("year=2006/month=01/day=02/hour=15/") + fmt.Sprintf("o%04d.parquet", len(w.arrived))
	w.objects[key] = object{samples, int64(100 * len(samples)), w.now}
	w.arrived = append(w.arrived, key)
}

func (w *world) roller(change ...func(*rollup.Options)) *rollup.Roller {
	o := rollup.Options{
		Storage: storage{w}, Engine: engine{w}, Catalog: catalog{w}, Log: slog.New(slog.DiscardHandler),
		Bucket: bucket, Prefix: prefix, Table: "samples", Form: panels.Athena(`"metrics"."samples"`),
		Days: 14, Settle: 15 * time.Minute, Now: w.clock,
	}
	for _, f := range change {
		f(&o)
	}
	return rollup.New(o)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// call does something to the world between the two hooks.
func (w *world) call(ctx context.Context, name string, do func() error) error {
	if err := w.before(ctx, name); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.mu.Lock()
	err := do()
	w.mu.Unlock()
	return errors.Join(err, w.after(ctx, name))
}

type (
	storage struct{ *world }
	engine  struct{ *world }
	catalog struct{ *world }
)

func (w storage) List(ctx context.Context, prefix string) (list []rollup.Object, err error) {
	err = w.call(ctx, "List", func() error {
		for key, o := range w.objects {
			if strings.HasPrefix(key, prefix) {
				list = append(list, rollup.Object{Key: key, Bytes: o.bytes, Written: o.written})
			}
		}
		return nil
	})
	return list, err
}

func (w storage) Delete(ctx context.Context, keys []string) error {
	return w.call(ctx, "Delete", func() error {
		for _, key := range keys {
			delete(w.objects, key)
		}
		return nil
	})
}

var bounds = regexp.MustCompile(`ts? >= ([0-9.]+)\s+AND ts? < ([0-9.]+)`)

// rows is an object of a rollup.
func rows(samples []time.Time, written time.Time) object {
	return object{samples, int64(10 * len(samples)), written}
}

// Unload writes the samples of the statement's range into two objects, one by one. A statement over a rollup has the samples that its
// partitions have.
func (w engine) Unload(ctx context.Context, sql, folder string) (cost panels.Cost, err error) {
	found := bounds.FindStringSubmatch(sql)
	if found == nil {
		return cost, fmt.Errorf("no range in %s", sql)
	}
	at := func(i int) time.Time {
		s, _ := strconv.ParseFloat(found[i], 64)
		return time.Unix(int64(s), 0)
	}
	key := strings.TrimPrefix(folder, "s3://"+bucket+"/")
	var samples []time.Time
	table := regexp.MustCompile(`"metrics"."(samples_\w+)"`).FindStringSubmatch(sql)
	err = w.call(ctx, "Unload", func() error {
		for k := range w.objects {
			if strings.HasPrefix(k, key) {
				return fmt.Errorf("%s is not empty", folder)
			}
		}
		read := w.arrived
		if table != nil {
			read = nil
			for name, p := range w.partitions {
				for k := range w.objects {
					if strings.HasPrefix(name, table[1]+" ") && strings.HasPrefix("s3://"+bucket+"/"+k, p.Location) {
						read = append(read, k)
					}
				}
			}
		}
		for _, k := range read {
			for _, s := range w.objects[k].samples {
				if !s.Before(at(1)) && s.Before(at(2)) {
					samples = append(samples, s)
				}
			}
		}
		w.scanned++
		w.objects[key+"a"] = rows(samples[:len(samples)/2], w.now)
		return nil
	})
	if err != nil {
		return cost, err
	}
	return panels.Cost{ScannedBytes: 1}, w.call(ctx, "Unload's second object", func() error {
		w.objects[key+"b"] = rows(samples[len(samples)/2:], w.now)
		return nil
	})
}

func nameOf(table string, values []string) string { return table + " " + strings.Join(values, "-") }

func (w catalog) Partitions(ctx context.Context, table string, months [][2]string) (list []rollup.Partition, err error) {
	err = w.call(ctx, "Partitions", func() error {
		for name, p := range w.partitions {
			if strings.HasPrefix(name, table+" ") && (months == nil || slices.Contains(months, [2]string{p.Values[0], p.Values[1]})) {
				list = append(list, p)
			}
		}
		return nil
	})
	return list, err
}

func (w catalog) Partition(ctx context.Context, table string, values []string) (p rollup.Partition, ok bool, err error) {
	err = w.call(ctx, "Partition", func() error {
		p, ok = w.partitions[nameOf(table, values)]
		return nil
	})
	return p, ok, err
}

func (w catalog) Point(ctx context.Context, table string, p rollup.Partition) error {
	return w.call(ctx, "Point", func() error {
		w.partitions[nameOf(table, p.Values)] = p
		return nil
	})
}

// answer is what a query over the rollups reads: for each partition the samples that its rows were made of.
func (w *world) answer() map[string][]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string][]time.Time{}
	for name, p := range w.partitions {
		var samples []time.Time
		for key, o := range w.objects {
			if strings.HasPrefix("s3://"+bucket+"/"+key, p.Location) {
				samples = append(samples, o.samples...)
			}
		}
		slices.SortFunc(samples, time.Time.Compare)
		all[name] = samples
	}
	return all
}

// possible are the answers that a period may have while objects arrive: the samples of the first one, of the first two, and so on.
func (w *world) possible(name string) (answers [][]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var samples []time.Time
	for _, key := range w.arrived {
		for _, s := range w.objects[key].samples {
			if "samples_1m "+s.Format("2006-01-02-15") == name || "samples_1h "+s.Format(time.DateOnly) == name || "samples_1d "+s.Format(time.DateOnly) == name {
				samples = append(samples, s)
			}
		}
		answer := slices.Clone(samples)
		slices.SortFunc(answer, time.Time.Compare)
		answers = append(answers, answer)
	}
	return answers
}

// check fails if an answer of a period has a part of an object's samples, or samples twice. If all is true, the periods must be these
// and must have all samples.
func (w *world) check(t *testing.T, step string, all bool, periods ...string) {
	t.Helper()
	answers := w.answer()
	for name, got := range answers {
		possible := w.possible(name)
		if all {
			possible = possible[len(possible)-1:]
		}
		if !slices.ContainsFunc(possible, func(p []time.Time) bool { return slices.EqualFunc(p, got, time.Time.Equal) }) {
			t.Errorf("%s: %s has the samples %v", step, name, got)
		}
	}
	if got := slices.Sorted(maps.Keys(answers)); all && !slices.Equal(got, periods) {
		t.Errorf("%s: the periods %v, want %v", step, got, periods)
	}
}

// left are the objects of rollups that no partition points at.
func (w *world) left() (keys []string) {
	for key := range w.objects {
		pointed := strings.HasPrefix(key, prefix)
		for _, p := range w.partitions {
			pointed = pointed || strings.HasPrefix("s3://"+bucket+"/"+key, p.Location)
		}
		if !pointed {
			keys = append(keys, key)
		}
	}
	return keys
}

package collect

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestFilesystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		var looks atomic.Int32
		f := &filesystem{
			mounts: []string{"/"},
			usage: func(context.Context, string) (*psdisk.UsageStat, error) {
				looks.Add(1)
				<-answer
				return &psdisk.UsageStat{Used: 1, Free: 3}, nil
			},
		}
		for i := range 5 {
			var s record.Sample
			if err := f.Collect(t.Context(), Moment{}, &s); err == nil {
				t.Errorf("reading %d has no error", i)
			}
			if _, ok := s.DiskUsedPct.Get(); ok {
				t.Errorf("reading %d has a value", i)
			}
		}
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks are outstanding, want 1", n)
		}
		close(answer)
		synctest.Wait()
		var s record.Sample
		if err := f.Collect(t.Context(), Moment{}, &s); err != nil {
			t.Fatal(err)
		}
		if v := s.DiskUsedPct.Or(-1); v != 25 || s.DiskFreeBytes.Or(-1) != 3 {
			t.Errorf("after it answers disk_used_pct is %v, want 25", v)
		}
	})
}

func TestFullest(t *testing.T) {
	sizes := map[string]*psdisk.UsageStat{"/": {Used: 5, Free: 5}, "/a": {Used: 9, Free: 1}, "/empty": {}}
	f := &filesystem{usage: func(_ context.Context, path string) (*psdisk.UsageStat, error) {
		if u := sizes[path]; u != nil {
			return u, nil
		}
		return nil, errors.New("gone")
	}}
	got, err := f.fullest(t.Context(), []string{"/", "/gone", "/a", "/empty"})
	if err != nil || got.usedPct.Or(0) != 90 || got.free != 1 {
		t.Errorf("fullest is %+v, %v", got, err)
	}
	for _, mounts := range [][]string{{"/gone"}, {"/empty"}, nil} {
		if got, err := f.fullest(t.Context(), mounts); err == nil {
			t.Errorf("fullest of %q is %+v, want an error", mounts, got)
		}
	}
}

func TestFilesystemsAreLookedAtNowAndThen(t *testing.T) {
	used := uint64(1)
	f := &filesystem{
		mounts: []string{"/"},
		usage: func(context.Context, string) (*psdisk.UsageStat, error) {
			return &psdisk.UsageStat{Used: used, Free: 4 - used}, nil
		},
	}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{0, 25}, {3 * time.Second, 25}, {lookAfter, 75}} {
		var s record.Sample
		if err := f.Collect(t.Context(), Moment{Mono: c.at}, &s); err != nil {
			t.Fatal(err)
		}
		if got := s.DiskUsedPct.Or(-1); got != c.want {
			t.Errorf("after %v disk_used_pct is %v, want %v", c.at, got, c.want)
		}
		used = 3
	}
}

package collect

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// disks are filesystems. Calls to some of them hang until the test lets them go.
type disks struct {
	mu    sync.Mutex        // guards the fields below
	used  map[string]uint64 // percent, by mount point
	hang  map[string]chan struct{}
	asked map[string]int
	busy  int // calls that have not returned
}

func (d *disks) usage(_ context.Context, path string) (*psdisk.UsageStat, error) {
	d.mu.Lock()
	used, known := d.used[path]
	hang := d.hang[path]
	d.asked[path]++
	d.busy++
	d.mu.Unlock()
	if hang != nil {
		<-hang
	}
	d.mu.Lock()
	d.busy--
	d.mu.Unlock()
	if !known {
		return nil, errors.New("gone")
	}
	return &psdisk.UsageStat{Total: 100, Used: used, Free: 100 - used}, nil
}

// seen returns how often each filesystem was asked and how many calls have not returned.
func (d *disks) seen() (asked map[string]int, busy int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.asked), d.busy
}

func newDisks(points ...string) (*disks, *filesystem) {
	d := &disks{used: map[string]uint64{}, hang: map[string]chan struct{}{}, asked: map[string]int{}}
	f := newFilesystem(Roots{}, Filter{}, newDetails(Options{}), slog.New(slog.DiscardHandler))
	f.asking.usage, f.listed = d.usage, true
	for i, point := range points {
		d.used[point] = uint64(10 * (i + 1))
		f.mounts = append(f.mounts, mount{point: point, path: point})
	}
	return d, f
}

// problems returns what fails now.
func problems(f *filesystem) (subjects []string) {
	now, _ := retry.Problems(f.Health()...)
	for _, p := range now {
		subjects = append(subjects, p.Subject+": "+p.Error)
	}
	return subjects
}

// TestFilesystemThatHangs: the others are read, for the details too. The one that hangs is named, asked once and left out until it answers.
func TestFilesystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := newDisks("/", "/stuck", "/data")
		release := make(chan struct{})
		d.hang["/stuck"] = release
		for i := range 5 {
			f.details.due = i%2 == 0
			var s record.Sample
			began := time.Now()
			if err := f.Collect(t.Context(), Moment{Mono: time.Duration(i) * lookAfter / 2}, &s); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > answerWithin || i > 0 && took > 0 {
				t.Errorf("reading %d took %v", i, took)
			}
			if s.DiskUsedMount != "/data" || s.DiskUsedPct.Or(0) != 30 {
				t.Errorf("reading %d: %s at %v, want /data at 30", i, s.DiskUsedMount, s.DiskUsedPct.Or(-1))
			}
			if list := s.Filesystems; f.details.due && (len(list) != 2 || list[0].Mount != "/data" || list[1].Mount != "/") {
				t.Errorf("details %d are %+v", i, list)
			}
			if got := problems(f); !slices.Equal(got, []string{"reading filesystem /stuck: does not answer within 1s"}) {
				t.Errorf("problems are %q", got)
			}
		}
		if asked, busy := d.seen(); asked["/stuck"] != 1 || asked["/data"] != 3 || busy != 1 {
			t.Errorf("asked %v, %d calls are outstanding", asked, busy)
		}
		d.used["/stuck"] = 80
		close(release)
		synctest.Wait()
		var s record.Sample
		if runtime.GOOS == "linux" { // other systems list the mounts of this machine
			if err := f.Collect(t.Context(), Moment{Mono: time.Hour}, &s); err == nil {
				t.Error("mounts are listed anew from nowhere")
			}
		}
		f.listedAt, f.listed = time.Hour, true
		if err := f.Collect(t.Context(), Moment{Mono: time.Hour}, &s); err != nil || s.DiskUsedMount != "/stuck" || s.DiskUsedPct.Or(0) != 80 {
			t.Errorf("after it answers: %s at %v, %v", s.DiskUsedMount, s.DiskUsedPct.Or(-1), err)
		}
		if got := problems(f); len(got) != 0 {
			t.Errorf("problems are still %q", got)
		}
	})
}

// TestManyFilesystemsHang: a sample waits for at most two of them, and at most maxHanging calls are outstanding.
func TestManyFilesystemsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		points := strings.Split("/ /a /b /c /d /e /f /g /h /i", " ")
		d, f := newDisks(points...)
		release := make(chan struct{})
		for _, point := range points[1:] {
			d.hang[point] = release
		}
		for i := range 20 {
			var s record.Sample
			began := time.Now()
			err := f.Collect(t.Context(), Moment{Mono: time.Duration(i) * time.Second}, &s)
			if took := time.Since(began); took > 2*answerWithin {
				t.Errorf("reading %d took %v", i, took)
			}
			if _, ok := s.DiskUsedPct.Get(); ok || err == nil {
				t.Errorf("reading %d has a value, though most filesystems were not asked, error %v", i, err)
			}
		}
		if _, busy := d.seen(); busy != maxHanging {
			t.Errorf("%d calls are outstanding, want %d", busy, maxHanging)
		}
		if got := problems(f); len(got) != maxHanging {
			t.Errorf("%d are named: %q", len(got), got)
		}
		close(release)
		synctest.Wait()
		var s record.Sample
		if err := f.Collect(t.Context(), Moment{Mono: 30 * time.Second}, &s); err != nil || s.DiskUsedMount != "/i" {
			t.Errorf("after they answer: %q, %v", s.DiskUsedMount, err)
		}
		if _, busy := d.seen(); busy != 0 || len(f.asking.hanging) != 0 {
			t.Errorf("%d calls, %d walks are left", busy, len(f.asking.hanging))
		}
	})
}

func TestFullest(t *testing.T) {
	sizes := map[string]psdisk.UsageStat{
		"/": {Total: 12, Used: 5, Free: 5, InodesTotal: 100, InodesFree: 20}, "/a": {Total: 10, Used: 9, Free: 1, InodesTotal: 100, InodesFree: 90},
		"/empty": {}, "/again": {Total: 10, Used: 9, Free: 1}, "/wrong": {Total: 10, Used: 1 << 63, Free: 0, InodesTotal: 1, InodesFree: 2},
	}
	answers := func(points ...string) (all []answer) {
		for _, point := range points {
			a := answer{mount: mount{point: point}, err: errors.New("no answer")}
			if u, ok := sizes[point]; ok {
				a.usage, a.err = &u, nil
			}
			all = append(all, a)
		}
		return all
	}
	got, err := fullest(answers("/", "/gone", "/a", "/empty", "/again", "/wrong"))
	if want := (fill{record.Some(90.), 1, "/a", record.Some(80.)}); err != nil || got != want {
		t.Errorf("fullest is %+v, %v, want %+v", got, err, want)
	}
	for _, points := range [][]string{{"/gone"}, {"/empty"}, {"/wrong"}, nil} {
		if got, err := fullest(answers(points...)); err == nil {
			t.Errorf("fullest of %q is %+v, want an error", points, got)
		}
	}
}

func TestFilesystemsAreLookedAtNowAndThen(t *testing.T) {
	d, f := newDisks("/")
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{0, 10}, {3 * time.Second, 10}, {lookAfter, 75}} {
		var s record.Sample
		if err := f.Collect(t.Context(), Moment{Mono: c.at}, &s); err != nil {
			t.Fatal(err)
		}
		if got := s.DiskUsedPct.Or(-1); got != c.want {
			t.Errorf("after %v disk_used_pct is %v, want %v", c.at, got, c.want)
		}
		d.used["/"] = 75
	}
}

func TestChooseMounts(t *testing.T) {
	points := func(all []mount, f Filter) (points []string) {
		for _, m := range chooseMounts(all, f) {
			points = append(points, m.point)
		}
		return points
	}
	local := func(device, point, kind string) mount {
		return mount{point: point, device: device, kind: kind, local: true}
	}
	bind := func(m mount) mount { m.bind = true; return m }
	all := []mount{
		bind(local("8:2", "/var/lib/x", "ext4")),
		local("8:2", "/", "ext4"),
		bind(local("8:2", "/srv", "ext4")),
		local("7:3", "/snap/core/1", "squashfs"),
		local("11:0", "/media", "iso9660"),
		local("8:1", "/boot/efi", "vfat"),
		{point: "/image", device: "7:4", kind: "ext4", local: true, readOnly: true},
		{point: "/net/a", device: "8:9", kind: "ext4", local: true, automatic: true},
		{point: "/trigger", device: "0:50", kind: "autofs"},
		{point: "/home", device: "0:51", kind: "nfs"},
		local("8:3", "/hidden", "ext4"),
		local("8:4", "/hidden", "ext4"),
	}
	for name, c := range map[string]struct {
		filter Filter
		want   []string
	}{
		"default":  {Filter{}, []string{"/", "/boot/efi", "/hidden"}},
		"excluded": {Filter{Exclude: matching("/boot/.*")}, []string{"/", "/hidden"}},
		"included": {Filter{Include: matching("/home|/image|/net/.*|/trigger")}, []string{"/image", "/net/a", "/home"}},
		"both":     {Filter{Include: matching("/.*"), Exclude: matching("/[a-z].*")}, []string{"/"}},
	} {
		if got := points(all, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

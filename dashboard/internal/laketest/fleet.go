package laketest

import (
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// Fleet is a simulated fleet over some days. Its last hours have problems: a memory leak, disks that fill up, a network card that loses
// packets, a runaway process, a gap, a silent machine. Two equal fleets give the same rows.
type Fleet struct {
	Hosts    int
	From, To time.Time // To is not included
	Interval time.Duration
	Seed     uint64
	Recent   time.Duration // details older than that are only in the first minute of an hour, which saves time; 0 keeps all
	// Machine is the n-th machine; nil means one of the fleet that is described above.
	Machine func(n int) simulation.Machine
}

// WriteFleet writes a fleet below dir and returns the number of rows. Each processor simulates some of the hosts and writes a
// file of its own for each hour.
func WriteFleet(t TB, dir string, f Fleet) (rows int64) {
	t.Helper()
	shares := make([]int64, min(f.Hosts, runtime.GOMAXPROCS(0)))
	var group errgroup.Group
	for i := range shares {
		group.Go(func() (err error) {
			shares[i], err = f.write(dir, i, len(shares))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("write a fleet below %s: %v", dir, err)
	}
	for _, n := range shares {
		rows += n
	}
	return rows
}

// write writes every step-th host, beginning with the first.
func (f Fleet) write(dir string, first, step int) (rows int64, err error) {
	fleet := simulation.Fleet{Seed: f.Seed, Start: f.From, About: f.To.Sub(f.From)}
	machine := f.Machine
	if machine == nil {
		machine = f.machine
	}
	var hosts []*simulation.Host
	for n := first; n < f.Hosts; n += step {
		hosts = append(hosts, fleet.New(n, machine(n)))
	}
	var file *table
	var hour record.Hour
	for t := f.From; t.Before(f.To); t = t.Add(f.Interval) {
		if h := record.HourOf(record.TS(t)); file == nil || h != hour {
			if file != nil {
				if err := file.close(); err != nil {
					return rows, err
				}
			}
			hour = h
			if file, err = create(filepath.Join(hourDir(dir, h), fmt.Sprintf("fleet-%d.parquet", first)), nil); err != nil {
				return rows, err
			}
		}
		for _, host := range hosts {
			s, ok := host.Sample(t, f.Interval)
			if !ok {
				continue
			}
			if f.Recent > 0 && t.Before(f.To.Add(-f.Recent)) && t.Minute() > 0 {
				s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
			}
			if err := file.write(&s); err != nil {
				return rows, err
			}
			rows++
		}
	}
	if file == nil {
		return 0, nil
	}
	return rows, file.close()
}

// machine returns the n-th machine: mostly web servers, with workers in staging.
func (f Fleet) machine(n int) simulation.Machine {
	roles := [...]simulation.Role{
		simulation.Web, simulation.Web, simulation.Web, simulation.Web, simulation.DB,
		simulation.DB, simulation.Worker, simulation.Worker, simulation.Cache, simulation.Edge,
	}
	role, before := roles[n%len(roles)], 0
	for _, r := range roles[:n%len(roles)] {
		if r == role {
			before++
		}
	}
	each := 0 // machines of the role in ten
	for _, r := range roles {
		if r == role {
			each++
		}
	}
	m := simulation.Machine{
		Name: fmt.Sprintf("%s-%02d", role, n/len(roles)*each+before+1), Role: role,
		Env:  []string{"prod", "prod", "prod", "staging", "dev"}[n/2%5],
		Tags: map[string]string{"team": []string{"core", "data", "edge"}[n%3], "rack": fmt.Sprintf("r%02d", n/6)},
	}
	if n%10 == 2 {
		m.Story = simulation.FillingUp
	}
	episode := func(event simulation.Event, from, to time.Duration) {
		m.Episodes = []simulation.Episode{{Event: event, From: f.To.Add(from), To: f.To.Add(to)}}
	}
	switch n {
	case 1:
		episode(simulation.Leak, -24*time.Hour, 12*time.Hour)
	case 4:
		episode(simulation.Runaway, -90*time.Minute, time.Hour)
	case 6:
		episode(simulation.Silence, -40*time.Minute, time.Hour)
	case 8:
		episode(simulation.Silence, -1700*time.Second, -1100*time.Second)
	case 9:
		episode(simulation.NetErrors, -10*24*time.Hour, time.Hour)
	}
	return m
}

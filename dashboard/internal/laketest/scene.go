package laketest

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// Scene returns the samples of six machines over the given time, oldest first. They have problems: a runaway process, a memory leak, a busy
// disk, a gap, and a machine that is silent in the last quarter.
func Scene(from, to time.Time, interval time.Duration) []record.Sample {
	between := func(event simulation.Event, begin, end float64) []simulation.Episode {
		at := func(part float64) time.Time { return from.Add(time.Duration(float64(to.Sub(from)) * part)) }
		return []simulation.Episode{{Event: event, From: at(begin), To: at(end)}}
	}
	core, data := map[string]string{"team": "core", "rack": "r07"}, map[string]string{"team": "data", "rack": "r12"}
	fleet := simulation.Fleet{Seed: 1, Start: from, About: to.Sub(from)}
	var hosts []*simulation.Host
	for n, m := range []simulation.Machine{
		{Name: "web-01", Role: simulation.Web, Env: "prod", Tags: core},
		{Name: "web-02", Role: simulation.Web, Env: "staging", Tags: core, Episodes: between(simulation.Leak, 0, 1)},
		{Name: "db-01", Role: simulation.DB, Env: "prod", Tags: core, Episodes: between(simulation.Job, .2, .35)},
		{Name: "worker-01", Role: simulation.Worker, Env: "staging", Tags: data, Episodes: between(simulation.Runaway, .6, 1)},
		{Name: "worker-02", Role: simulation.Worker, Env: "prod", Tags: data, Episodes: between(simulation.Silence, .75, 1)},
		{Name: "cache-01", Role: simulation.Cache, Env: "prod", Tags: data, Episodes: between(simulation.Silence, .42, .5)},
	} {
		hosts = append(hosts, fleet.New(n, m))
	}
	var samples []record.Sample
	for t := from; t.Before(to); t = t.Add(interval) {
		for _, h := range hosts {
			if s, ok := h.Sample(t, interval); ok {
				samples = append(samples, s)
			}
		}
	}
	return samples
}

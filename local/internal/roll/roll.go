// Package roll keeps the rollups of a lake up to date while a local stack runs. It does so once an hour, as the stack's function does in
// the cloud. Above the level Debug it logs something only if a run fails, or if a rollup lacks samples of a file that cannot be read. It uses
// one thread and bounded memory, and delivery does not wait for it.
package roll

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

const (
	// first is how long after the start the first run is. A demo of some seconds needs none.
	first = time.Minute
	// after is how long after the end of an hour its run is. A minute more than [lake.Settle], so that the hour is due.
	after = lake.Settle + time.Minute
)

// Start begins to roll up the lake below dir, until ctx ends or stop is called. stop interrupts a run and waits for its end.
func Start(ctx context.Context, dir string, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		loop(ctx, log, func(ctx context.Context) error { return once(ctx, dir, log) })
	}()
	return func() {
		cancel()
		<-done
	}
}

// loop calls run after some time and then after each hour.
func loop(ctx context.Context, log *slog.Logger, run func(context.Context) error) {
	for wait := first; ; wait = untilNext(time.Now()) {
		if pause.For(ctx, wait) != nil {
			return
		}
		if err := run(ctx); err != nil && ctx.Err() == nil {
			log.Warn("the rollups of the lake are not up to date", slog.Any("error", err))
		}
	}
}

// untilNext is how long it takes until the next hour's samples are there.
func untilNext(now time.Time) time.Duration {
	next := now.Truncate(time.Hour).Add(after)
	if !next.After(now) {
		next = next.Add(time.Hour)
	}
	return next.Sub(now)
}

// once rolls up what is due. DuckDB and its memory live as long as that.
func once(ctx context.Context, dir string, log *slog.Logger) (err error) {
	const threads = 1
	roller, err := lake.OpenRoller(dir, threads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, roller.Close()) }()
	return roller.Run(ctx, time.Now(), func(d lake.Rolled) {
		for _, w := range d.Warnings {
			log.Warn("a rollup was made without some samples", slog.String("rollup", d.Rollup.Table()), slog.Time("start", d.Start), slog.String("warning", w))
		}
		log.Debug("rolled up", slog.String("rollup", d.Rollup.Table()), slog.Time("start", d.Start), slog.Int64("rows", d.Rows))
	})
}

package cli

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// engine is what commands need of DuckDB and of Athena alike.
type engine interface {
	server.Engine
	// Own is the query that a person wrote, ready to run.
	Own(sql string) panels.Query
	// Stream runs a query and hands its rows to sink as they come.
	Stream(ctx context.Context, q panels.Query, sink panels.Sink) (panels.Notes, error)
	Close() error
}

// source is an open engine, with the settings of a server over it.
type source struct {
	engine
	settings server.Options
}

// sourceOptions say where the samples are: in files here or in the table of a deployed stack.
type sourceOptions struct {
	lake   string
	memory string

	athena bool
	stack  string
	region string
	reuse  time.Duration
}

// Flags that belong to one of the engines.
var (
	lakeFlags   = []string{"lake", "memory-limit"}
	athenaFlags = []string{"stack", "region", "reuse"}
)

// defaultStack is the name that a plain `cdk deploy` gives.
const defaultStack = "MetricsDashboard"

const defaultReuse = 5 * time.Minute

func (o *sourceOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.lake, "lake", defaultLake, "directory of the lake, of a bucket in it or of the table's prefix")
	f.StringVar(&o.memory, "memory-limit", "", "memory for queries, such as 2GB (default 80% of the machine's)")
	f.BoolVar(&o.athena, "athena", false, "query the deployed stack by Athena, which costs by the bytes read, instead of files by DuckDB")
	f.StringVar(&o.stack, "stack", defaultStack, "with --athena: name of the stack")
	f.StringVar(&o.region, "region", "", "with --athena: region of the stack (default that of the environment or profile)")
	f.DurationVar(&o.reuse, "reuse", defaultReuse,
		"with --athena: take the answer of the same query again, free of charge, if it is not older; whole minutes, 0 for never")
}

// check refuses flags of the other engine.
func (o *sourceOptions) check(cmd *cobra.Command) error {
	refused, hint := athenaFlags, "--%s goes with --athena"
	if o.athena {
		refused, hint = lakeFlags, "--%s goes with files, not with --athena: leave out one of them"
	}
	for _, name := range refused {
		if cmd.Flags().Changed(name) {
			return program.Refusef(hint, name)
		}
	}
	if o.athena && (o.reuse < 0 || o.reuse > athena.MaxReuse || o.reuse%time.Minute != 0) {
		return program.Refusef("--reuse %v: want whole minutes, at most %v, or 0", o.reuse, athena.MaxReuse)
	}
	return nil
}

func (o *sourceOptions) open(ctx context.Context) (source, error) {
	if o.athena {
		return o.openAthena(ctx)
	}
	l, err := lake.Open(o.lake, lake.Options{MemoryLimit: o.memory})
	if err != nil {
		return source{}, err
	}
	return source{engine: l, settings: server.Options{Source: l.Dir()}}, nil
}

const (
	// stepOfAthena is what a page's time is rounded to, so that all who ask within it ask the same and share an answer.
	stepOfAthena = time.Minute
	// refreshOfAthena is how often a page asks by itself: Firehose does not deliver more often by default either.
	refreshOfAthena = 5 * time.Minute
	// timeoutOfAthena leaves room for waiting in Athena's queue, within what the server takes for an answer.
	timeoutOfAthena = 100 * time.Second
	// queriesOfAthena is how many queries of a page run at once. They wait for Athena, not for this machine.
	queriesOfAthena = 8
)

func (o *sourceOptions) openAthena(ctx context.Context) (source, error) {
	cfg, err := athena.Configure(ctx, o.region)
	if err != nil {
		return source{}, err
	}
	e, table, err := engineOf(ctx, cfg, o)
	if err != nil {
		return source{}, err
	}
	return source{engine: e, settings: server.Options{
		Source: e.Source(), Table: table, Spent: e.Spent,
		Step: stepOfAthena, Refresh: refreshOfAthena, Timeout: timeoutOfAthena, Queries: queriesOfAthena,
	}}, nil
}

func engineOf(ctx context.Context, cfg aws.Config, o *sourceOptions) (*athena.Engine, string, error) {
	target, err := athena.Find(ctx, cfg, o.stack)
	if err != nil {
		return nil, "", err
	}
	e, err := athena.New(cfg, target, athena.Options{Reuse: o.reuse})
	return e, target.Name(), err
}

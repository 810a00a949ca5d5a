package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// engine is what commands need of *lake.Lake and *athena.Engine.
type engine interface {
	server.Engine
	// Own makes a query of a text that a person wrote. A range that is not zero bounds what it can read.
	Own(sql string, r panels.Range) panels.Query
	// Stream runs a query and hands its rows to sink as they come.
	Stream(ctx context.Context, q panels.Query, sink panels.Sink) (panels.Notes, error)
	Close() error
}

// source is an open engine, with the settings of a server over it.
type source struct {
	engine
	settings server.Options
}

// sourceOptions say where the samples are: in files of this machine, or in the table of a deployed stack.
type sourceOptions struct {
	lake   string
	memory string

	athena bool
	stack  string
	region string
	reuse  time.Duration

	rules     string // file
	withRules bool   // whether the command needs the rules about problems
}

// The flags that belong to one engine only.
var (
	lakeFlags   = []string{"lake", "memory-limit"}
	athenaFlags = []string{"stack", "region", "reuse"}
)

// defaultStack is the name of the stack if `cdk deploy` is given no other.
const defaultStack = "MetricsDashboard"

const defaultReuse = 5 * time.Minute

func (o *sourceOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.lake, "lake", defaultLake, "directory of the lake; a bucket's directory in it, or that of the table's prefix, is right too")
	f.StringVar(&o.memory, "memory-limit", "", "memory for queries, such as 2GB (default 80% of the machine's)")
	f.BoolVar(&o.athena, "athena", false, "query the deployed stack with Athena instead of files with DuckDB; Athena bills the bytes that it reads")
	f.StringVar(&o.stack, "stack", defaultStack, "with --athena: name of the stack")
	f.StringVar(&o.region, "region", "", "with --athena: region of the stack (default that of the environment or profile)")
	f.DurationVar(&o.reuse, "reuse", defaultReuse,
		"with --athena: use the answer of an earlier equal query, free of charge, if it is not older than this; whole minutes, 0 for never")
}

// rulesFlag is for the commands that tell problems.
func (o *sourceOptions) rulesFlag(cmd *cobra.Command) {
	o.withRules = true
	cmd.Flags().StringVar(&o.rules, "alert-rules", "",
		"JSON file that changes the rules about problems, see docs/problems.md (default with --athena: the stack's parameter alert-rules)")
}

// check refuses flags of the other engine.
func (o *sourceOptions) check(cmd *cobra.Command) error {
	refused, hint := athenaFlags, "--%s needs --athena"
	if o.athena {
		refused, hint = lakeFlags, "--%s is for files, not for --athena: leave out one of them"
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

// openFor opens the engine for a command. If a lake has no samples, it says so on standard error.
func (o *sourceOptions) openFor(cmd *cobra.Command) (source, error) {
	src, err := o.open(cmd.Context())
	if err == nil && !o.athena {
		sayNoSamples(cmd, o.lake)
	}
	return src, err
}

// sayNoSamples prints a hint to standard error if a lake has no samples.
func sayNoSamples(cmd *cobra.Command, dir string) {
	if hint := lake.NoSamples(dir); hint != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "dashboard: %s\n", hint)
	}
}

func (o *sourceOptions) open(ctx context.Context) (source, error) {
	if o.athena {
		return o.openAthena(ctx)
	}
	rules, err := o.fileRules()
	if err != nil {
		return source{}, err
	}
	l, err := lake.Open(o.lake, lake.Options{MemoryLimit: o.memory})
	if err != nil {
		return source{}, err
	}
	return source{engine: l, settings: server.Options{Source: l.Dir(), Rules: rules}}, nil
}

// fileRules reads the rules about problems from the file of --alert-rules. Without it, nothing is changed.
func (o *sourceOptions) fileRules() (panels.RuleChanges, error) {
	if o.rules == "" {
		return panels.RuleChanges{}, nil
	}
	f, err := os.Open(o.rules)
	if err != nil {
		return panels.RuleChanges{}, fmt.Errorf("--alert-rules: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, alerts.MaxRules+1))
	if err != nil {
		return panels.RuleChanges{}, fmt.Errorf("--alert-rules: %w", err)
	}
	rules, err := alerts.ParseRules(text)
	if err != nil {
		return rules, fmt.Errorf("--alert-rules %s:\n%w", o.rules, err)
	}
	return rules, nil
}

// stackRules reads the rules from --alert-rules, or without it from the stack's parameter. If that does not exist, nothing is changed.
func (o *sourceOptions) stackRules(ctx context.Context, cfg aws.Config) (panels.RuleChanges, error) {
	if o.rules != "" || !o.withRules {
		return o.fileRules()
	}
	text, err := athena.Parameter(ctx, cfg, o.stack, record.ParameterRules)
	if err != nil || text == "" {
		return panels.RuleChanges{}, err
	}
	rules, err := alerts.ParseRules([]byte(text))
	if err != nil {
		return rules, fmt.Errorf("the parameter %s%s cannot be used; correct it, or give other rules with --alert-rules:\n%w",
			record.ParameterPath(o.stack), record.ParameterRules, err)
	}
	return rules, nil
}

const (
	// stepOfAthena is what a page's time is rounded to. Requests within one step ask for the same and share an answer.
	stepOfAthena = time.Minute
	// refreshOfAthena is the time between two refreshes of a page. By default, Firehose delivers no more often.
	refreshOfAthena = 5 * time.Minute
	// timeoutOfAthena includes the wait in Athena's queue. It is less than the time that the server has to answer a request.
	timeoutOfAthena = 100 * time.Second
	// queriesOfAthena is how many queries run at once. They take no processor time of this machine.
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
	rules, err := o.stackRules(ctx, cfg)
	if err != nil {
		return source{}, errors.Join(err, e.Close())
	}
	return source{engine: e, settings: server.Options{
		Source: e.Source(), Table: table, Spent: e.Spent, Rules: rules,
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

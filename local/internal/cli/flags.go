package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// stackFlags are the flags that all commands share.
type stackFlags struct {
	dir, listen, template, transform, stack, region string
	parameters                                      map[string]string
	allowRemote                                     bool
	flushEvery                                      time.Duration
	journalMax, fault, logLevel                     string
	faultSeed                                       uint64
}

// Bounds of flags.
const (
	minFlushEvery   = time.Second
	maxFlushEvery   = 15 * time.Minute
	minJournalBytes = 8 << 20 // room for two of the largest batches
	maxJournalBytes = 1 << 40
)

func (f *stackFlags) declare(flags *pflag.FlagSet, listen string, flushEvery time.Duration) {
	flags.StringVar(&f.dir, "dir", "lake", "directory for the objects (<dir>/<bucket>/…) and for records that are not delivered yet")
	flags.StringVar(&f.listen, "listen", listen, "address of the AWS endpoint; port 0 means any free port")
	flags.BoolVar(&f.allowRemote, "allow-remote", false,
		"allow addresses that other machines can reach; the endpoint does not authenticate anybody")
	flags.StringVar(&f.template, "template", "",
		"CloudFormation template in JSON, such as cdk.out/MetricsDashboard.template.json (default: the built-in template)")
	flags.StringToStringVar(&f.parameters, "parameter", nil, "value of a template parameter, name=value; repeat it for several")
	flags.StringVar(&f.stack, "stack", "",
		"name of the stack (default: from the name of the template's file, or "+template.DefaultName+")")
	flags.StringVar(&f.region, "region", "us-east-1", "region of the stack, as in its ARNs")
	flags.StringVar(&f.transform, "transform", "",
		"executable of the transform, run over the Lambda Runtime API (default: this process runs the transform)")
	flags.DurationVar(&f.flushEvery, "flush-every", flushEvery,
		fmt.Sprintf("deliver a record after this time at most, %v to %v; 0s means the template's buffering", minFlushEvery, maxFlushEvery))
	flags.StringVar(&f.journalMax, "journal-max", "1GiB",
		"how many bytes of records may wait for delivery; further records are refused as throttled")
	flags.StringVar(&f.fault, "fault", "",
		"faults to inject, such as throttle=0.1,partial=0.2,error=0.05,drop=0.05,latency=200ms")
	flags.Uint64Var(&f.faultSeed, "fault-seed", 1, "seed of the faults; the same seed repeats them")
	flags.StringVar(&f.logLevel, "log-level", "info", "lowest level to log: debug, info, warn or error")
}

// resolved holds the checked flags and the template.
type resolved struct {
	stack   spec.Stack
	options stack.Options
	log     *slog.Logger
}

// resolve checks the flags and reads the template. The error names all flags that are wrong.
func (f *stackFlags) resolve(stderr io.Writer) (resolved, error) {
	var r resolved
	var problems []error
	bad := func(name, value string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s %s: %w", name, value, err))
		}
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		bad("log-level", f.logLevel, errors.New("want debug, info, warn or error"))
	}
	r.log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	rates, err := fault.Parse(f.fault)
	bad("fault", f.fault, err)
	journal, err := humanize.ParseBytes(f.journalMax)
	if err != nil || journal < minJournalBytes || journal > maxJournalBytes {
		bad("journal-max", f.journalMax, fmt.Errorf("want a size from %s to %s, such as 1GiB",
			humanize.IBytes(minJournalBytes), humanize.IBytes(maxJournalBytes)))
	}
	if f.flushEvery != 0 && (f.flushEvery < minFlushEvery || f.flushEvery > maxFlushEvery) {
		bad("flush-every", f.flushEvery.String(), fmt.Errorf("want %v to %v, or 0s for the template's buffering", minFlushEvery, maxFlushEvery))
	}
	if f.dir == "" {
		bad("dir", `""`, errors.New("want a directory"))
	}
	if err := stack.CheckListen(f.listen, f.allowRemote); err != nil {
		problems = append(problems, fmt.Errorf("--listen: %w", err))
	}
	if len(problems) > 0 {
		return r, program.Refuse(errors.Join(problems...))
	}
	if r.stack, err = f.read(); err != nil {
		return r, err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return r, fmt.Errorf("--dir %s: %w", f.dir, err)
	}
	r.options = stack.Options{
		Dir: dir, Listen: f.listen, AllowRemote: f.allowRemote, Transform: f.transform, FlushEvery: f.flushEvery,
		JournalBytes: int64(min(journal, math.MaxInt64)), Faults: rates, FaultSeed: f.faultSeed, Log: r.log,
	}
	return r, nil
}

// maxTemplate is how many bytes a template may have; CloudFormation accepts 1 MB.
const maxTemplate = 4 << 20

// read reads the template.
func (f *stackFlags) read() (spec.Stack, error) {
	options := template.Options{StackName: f.stack, Region: f.region, Parameters: f.parameters}
	if f.template == "" {
		s, err := template.Read(template.Default(), options)
		return s, located("the built-in template", err)
	}
	if options.StackName == "" {
		options.StackName, _ = strings.CutSuffix(filepath.Base(f.template), ".template.json")
		options.StackName = strings.TrimSuffix(options.StackName, ".json")
	}
	file, err := os.Open(f.template)
	if err != nil {
		return spec.Stack{}, fmt.Errorf("--template: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxTemplate+1))
	switch {
	case err != nil:
		return spec.Stack{}, fmt.Errorf("--template: %w", err)
	case len(data) > maxTemplate:
		return spec.Stack{}, fmt.Errorf("--template %s: the file is larger than %s", f.template, humanize.IBytes(maxTemplate))
	}
	s, err := template.Read(data, options)
	return s, located("--template "+f.template, err)
}

// located puts the template's name before each problem, because each is printed on a line of its own.
func located(name string, err error) error {
	var problems template.Problems
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &problems):
		return fmt.Errorf("%s: %w", name, err)
	}
	lines := make([]error, len(problems))
	for i, p := range problems {
		lines[i] = fmt.Errorf("%s: %v", name, p)
	}
	return errors.Join(lines...)
}

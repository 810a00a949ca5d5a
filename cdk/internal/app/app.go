// Package app is the CDK program: it reads the configuration, builds the functions and synthesizes the stack to where the
// CLI asks for it. It describes no resource (package stack does).
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/lambda"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
)

// The exit codes of [Main].
const (
	exitFailure = 1
	exitUsage   = 2
)

// Main synthesizes the stack of the repository that dir lies in and returns the exit code: 2 where the configuration is
// refused, one line for each problem, and 1 where anything else fails. File dotEnv, below the repository's root unless it is
// absolute, holds settings (package config says which); it need not be there. Context and output folder come from the CDK CLI
// through the process's environment. The Node process behind the CDK is the caller's to close.
func Main(ctx context.Context, dir, dotEnv string, stderr io.Writer) int {
	err := run(ctx, dir, dotEnv)
	var refused *refusal
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refused):
		fmt.Fprintln(stderr, refused)
		return exitUsage
	default:
		fmt.Fprintln(stderr, err)
		return exitFailure
	}
}

// refusal is a configuration that is not allowed.
type refusal struct{ problems error }

func (r *refusal) Error() string { return r.problems.Error() }
func (r *refusal) Unwrap() error { return r.problems }

func run(ctx context.Context, dir, dotEnv string) (err error) {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("the CDK runs on Node.js 20 or later: %w", err)
	}
	root, err := Root(dir)
	if err != nil {
		return err
	}
	file, err := FileContext(filepath.Join(root, "cdk.json"))
	if err != nil {
		return err
	}
	if !filepath.IsAbs(dotEnv) {
		dotEnv = filepath.Join(root, dotEnv)
	}
	variables, err := config.ReadDotEnv(dotEnv)
	if err != nil {
		return &refusal{err}
	}
	// The CDK reports its errors as panics of the language binding.
	defer func() {
		if p := recover(); p != nil {
			first, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprint(p)), "\n")
			err = fmt.Errorf("synthesize: %s", first)
		}
	}()
	cdk := NewApp(file)
	given, _ := cdk.Node().GetAllContext(nil).(map[string]any)
	c, err := config.Load(config.Sources{
		Context: given, File: file, Environment: os.LookupEnv, DotEnv: variables,
	})
	if err != nil {
		return &refusal{err}
	}
	// The app copies the file into its output when it is synthesized.
	temporary, err := os.MkdirTemp("", "transform-*")
	if err != nil {
		return fmt.Errorf("build the transform: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	zip := filepath.Join(temporary, "transform.zip")
	if err := lambda.Build(ctx, functions(root), "./cmd/transform", zip); err != nil {
		return err
	}
	pipeline, err := stack.New(cdk, c, zip)
	if err != nil {
		return err
	}
	if c.QuickSightPrincipalARN != "" {
		if _, err := stack.NewQuickSight(cdk, c, pipeline); err != nil {
			return err
		}
	}
	cdk.Synth(nil)
	return nil
}

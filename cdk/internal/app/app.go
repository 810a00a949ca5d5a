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

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/lambda"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs cdk with the arguments, given without the program's name, and returns the exit code. It synthesizes the stack of the
// repository that the working directory lies in. Context and output folder come from the CDK CLI through the process's
// environment. The Node process behind the CDK is the caller's to close.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

func newRoot() *cobra.Command {
	var dotEnv string
	root := &cobra.Command{
		Use:   "cdk",
		Short: "Synthesize the stack, as the CDK CLI asks for it",
		Long: "cdk is the program that the CDK CLI starts, as cdk.json says. It writes the CloudFormation template of the stack to where\n" +
			"the CLI asks for it (CDK_OUTDIR).\n\n" + program.ExitCodes,
		Version:           program.Build(),
		Args:              program.NoArgs[*cobra.Command],
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		SilenceUsage:      true,
		SilenceErrors:     true,
		RunE:              func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), dotEnv) },
	}
	root.SetFlagErrorFunc(program.FlagError)
	root.Flags().StringVar(&dotEnv, "dotenv", ".env", "file of settings, from the root of the repository; it need not be there")
	return root
}

func run(ctx context.Context, dotEnv string) (err error) {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("the CDK runs on Node.js 20 or later: %w", err)
	}
	root, err := Root(".")
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
		return program.Refuse(err)
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
		return program.Refuse(err)
	}
	// The app copies the files into its output when it is synthesized.
	temporary, err := os.MkdirTemp("", "functions-*")
	if err != nil {
		return fmt.Errorf("build the functions: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	var zip stack.Functions
	for name, target := range map[string]*string{"transform": &zip.Transform, "rollup": &zip.Rollup, "alerts": &zip.Alerts} {
		if name == "alerts" && !c.Alerts {
			continue
		}
		*target = filepath.Join(temporary, name+".zip")
		if err := lambda.Build(ctx, functions(root), "./cmd/"+name, *target); err != nil {
			return err
		}
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

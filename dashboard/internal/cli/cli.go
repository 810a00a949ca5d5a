// Package cli is the command line of the binary dashboard: commands, flags, the form of output. What the commands do is in the
// packages lake, athena and server.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/commandline"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs dashboard with the arguments, given without the program's name, and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// The first signal asks for an end; after it signals have their usual effect again, so that the second ends the process at once.
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore)
	return commandline.Run(ctx, newRoot(), args, stdin, stdout, stderr)
}

// defaultLake is the directory that `local up` and `make demo` write by default.
const defaultLake = "lake"

func newRoot() *cobra.Command {
	var o serveOptions
	root := &cobra.Command{
		Use:   "dashboard",
		Short: "Show the metrics in a lake of Parquet files",
		Long: "Show the metrics in a lake of Parquet files, here or (--athena) of a deployed stack: as a web page\n" +
			"(dashboard, or dashboard serve), as the answer to a query in the terminal (dashboard query, dashboard panels), or to\n" +
			"an assistant (dashboard mcp).\n\n" +
			program.ExitCodes,
		RunE: o.run,
	}
	o.flags(root)
	root.AddCommand(newServe(), newQuery(), newPanels(), newMCP(), newGrafana(), newFailed())
	return root
}

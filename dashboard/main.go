// Command dashboard shows what is in a lake: as a web page, or as the answer to a query in the terminal.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

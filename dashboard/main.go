// Command dashboard shows the samples of a lake: as a web page, or as the answer to a query in the terminal.
package main

import (
	"context"
	"os"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

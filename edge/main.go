// Command edge takes samples of this machine's CPU, memory, network and disk and ships them to a stack's delivery stream.
package main

import (
	"context"
	"os"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

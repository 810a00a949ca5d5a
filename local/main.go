// Command local runs the whole pipeline on this machine, from the CloudFormation template of the stack.
package main

import (
	"context"
	"os"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

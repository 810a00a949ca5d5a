// Command cost estimates what a month of a fleet costs on AWS.
package main

import (
	"context"
	"os"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/cost"
)

func main() {
	os.Exit(cost.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Command cdk is the CDK app of Metrics Dashboard. The CDK CLI starts it as cdk.json says; it deploys nothing by itself.
package main

import (
	"context"
	"os"

	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
)

func main() {
	code := app.Main(context.Background(), ".", os.Stderr)
	jsii.Close()
	os.Exit(code)
}

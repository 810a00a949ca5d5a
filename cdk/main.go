// Command cdk is the CDK app of Metrics Dashboard. The CDK CLI starts it as cdk.json says; it deploys nothing by itself.
package main

import (
	"context"
	"os"

	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
)

func main() {
	code := app.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	// Closing ends the Node process and removes its files. The binding waits for the process twice and complains on
	// os.Stderr about the wait that came second; all that there is to say has been said.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
	os.Exit(code)
}

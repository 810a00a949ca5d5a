package app

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// NewApp returns an app with the context of cdk.json, under what the CLI gives. So it synthesizes the same without a CLI.
func NewApp(fileContext map[string]any) awscdk.App {
	return awscdk.NewApp(&awscdk.AppProps{
		Context:            &fileContext,
		AnalyticsReporting: jsii.Bool(false), // the template holds what the pipeline needs and nothing else
	})
}

// FileContext reads the context section of a cdk.json: feature flags of the CDK and our settings.
func FileContext(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the context: %w", err)
	}
	var file struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read the context of %s: %w", path, err)
	}
	if file.Context == nil {
		return map[string]any{}, nil
	}
	return file.Context, nil
}

// Package config is the configuration of the deployed stack: which settings there are, where each may be set, what is
// allowed and why. It is no CDK code: it can be read and tested without Node.
package config

import (
	"errors"
	"time"
)

// Config is a valid configuration. A name that is empty is left to CloudFormation to generate.
type Config struct {
	StackName string
	Region    string // empty: the CLI's
	LogLevel  string // DEBUG, INFO, WARN or ERROR

	BucketName       string
	Prefix           string        // of the table's objects, ends in a slash
	RawRetention     time.Duration // whole days; 0: objects are kept
	DestroyData      bool          // whether the bucket and its objects go with the stack
	GlueDatabaseName string
	GlueTableName    string

	DeliveryStreamName string
	RoleName           string        // of the role that the delivery stream assumes
	BufferingMiB       int           // 64..128
	BufferingTime      time.Duration // 60..900 s

	LambdaFunctionName string
	LambdaTimeout      time.Duration // 1..300 s
	LambdaMemoryMiB    int           // 128..10240
}

// Sources are the places that settings are read from.
type Sources struct {
	// Context is the app's context as the CLI merged it: -c over cdk.context.json over cdk.json.
	Context map[string]any
	// File is the context section of cdk.json alone. It tells what of Context came from the command line.
	File map[string]any
	// Environment looks a variable up, as os.LookupEnv does.
	Environment func(name string) (value string, ok bool)
}

// Load returns the configuration: for each setting -c key=value, then the environment, then cdk.json, then the default.
// The error joins all problems, one line each with the value, where it was set, what is allowed and why.
//
// The CLI merges -c and cdk.json before the app sees them. A context value counts as given by -c where it differs from
// cdk.json's, so that a -c which repeats the very value of cdk.json does not override the environment.
func Load(sources Sources) (Config, error) {
	var (
		c        Config
		problems []error
	)
	for _, s := range settings() {
		v := sources.find(s)
		if err := s.apply(&c, v); err != nil {
			problems = append(problems, err)
		}
	}
	return c, errors.Join(problems...)
}

// value is a setting's value and the place that it was found in.
type value struct {
	raw    any
	source string // as a problem names it, such as "environment variable PREFIX"
	unset  bool   // the default applies
}

func (s Sources) find(set setting) value {
	inFile, filed := s.File[set.key]
	inContext, given := s.Context[set.key]
	if set.key != "" && given && (!filed || text(inContext) != text(inFile)) {
		return value{raw: inContext, source: "context key " + set.key}
	}
	if set.env != "" {
		// A variable that is set to nothing is how an .env file leaves a setting out.
		if v, ok := s.Environment(set.env); ok && v != "" {
			return value{raw: v, source: "environment variable " + set.env}
		}
	}
	if set.key != "" && filed {
		return value{raw: inFile, source: "cdk.json key " + set.key}
	}
	return value{raw: set.fallback, unset: true}
}

package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// A name that is misspelt would be ignored by the CDK without a word.
func TestUnknownContextKeys(t *testing.T) {
	for key, want := range map[string]string{
		"bufferSize":          "no such setting; did you mean bufferingSize?",
		"BUFFERING_SIZE":      "no such setting; did you mean bufferingSize?",
		"lambda-timeout":      "no such setting; did you mean lambdaTimeout?",
		"Prefix":              "no such setting; did you mean prefix?",
		"somethingElse":       "no such setting; remove it",
		"quicksightPrincipal": "no such setting; did you mean quickSightPrincipalArn?",
	} {
		_, err := load(map[string]any{key: "x"}, nil, nil)
		if err == nil {
			t.Errorf("%s is taken", key)
		} else if got := err.Error(); got != "context key "+key+": "+want {
			t.Errorf("%s: %s", key, got)
		}
	}
	_, err := load(map[string]any{
		"@aws-cdk/core:enablePartitionLiterals": true, "aws:cdk:enable-path-metadata": true,
		"availability-zones:account=1:region=eu-west-1": []any{"a"}, "aws-cdk:enableDiffNoFail": true,
	}, nil, nil)
	if err != nil {
		t.Errorf("the CDK's own keys are refused: %v", err)
	}
}

func TestUnknownVariables(t *testing.T) {
	for name, want := range map[string]string{
		"BUFFER_SIZE":   "no such setting; did you mean BUFFERING_SIZE?",
		"GLUE_DATABASE": "no such setting; did you mean GLUE_DATABASE_NAME?",
		"FIREHOSE_ARN":  "no such setting: CloudFormation finds the stack's resources by itself; remove the line",
		"AWS_PROFILE":   "no such setting: the CDK CLI does not read .env and would use other credentials; set the variable in the shell",
		"COLOUR":        "no such setting; remove it",
	} {
		_, err := config.Load(config.Sources{Environment: environment(nil).lookup, DotEnv: map[string]string{name: "x"}})
		if err == nil {
			t.Errorf("%s is taken", name)
		} else if got := err.Error(); got != ".env variable "+name+": "+want {
			t.Errorf("%s: %s", name, got)
		}
		if _, err := load(nil, nil, environment{name: "x"}); err != nil {
			t.Errorf("%s in the environment, which is other programs' too: %v", name, err)
		}
	}
}

func TestReadDotEnv(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	got, err := config.ReadDotEnv(file)
	if err != nil || len(got) != 0 {
		t.Errorf("no file: %v, %v", got, err)
	}
	write(t, file, "# comment\nPREFIX=a/ # and another\n\nexport CRAWLER_SCHEDULE='cron(0 1 * * ? *)'\nBUCKET_NAME=\n")
	got, err = config.ReadDotEnv(file)
	want := map[string]string{"PREFIX": "a/", "CRAWLER_SCHEDULE": "cron(0 1 * * ? *)", "BUCKET_NAME": ""}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	write(t, file, "PREFIX\nSECRET=hidden\n")
	if _, err = config.ReadDotEnv(file); err == nil {
		t.Error("a line without = is taken")
	} else if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hidden") || !strings.HasPrefix(err.Error(), ".env: ") {
		t.Errorf("not one line without the values: %q", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The example holds the defaults, each setting once, so that copying it changes nothing.
func TestExampleIsTheDefaults(t *testing.T) {
	const example = "../../../.env.example"
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	variables, err := config.ReadDotEnv(example)
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(config.Sources{Environment: environment(nil).lookup, DotEnv: variables})
	if err != nil {
		t.Fatal(err)
	}
	want, err := load(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example gives %+v\nthe defaults are %+v", got, want)
	}
	for _, name := range config.Variables() {
		if n := strings.Count("\n"+strings.ReplaceAll(string(text), "\n#", "\n"), "\n"+name+"="); n != 1 {
			t.Errorf("%s stands %d times in the example, want once", name, n)
		}
	}
}

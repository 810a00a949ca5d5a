package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// Sources holds the places that settings are read from.
type Sources struct {
	// Context is the app's context as the CLI merged it: -c over cdk.context.json over cdk.json.
	Context map[string]any
	// File is the context section of cdk.json. Load compares Context with it to find the values of the command line.
	File map[string]any
	// Environment looks a variable up, as os.LookupEnv does.
	Environment func(name string) (value string, ok bool)
	// DotEnv holds the variables of the file .env. The environment wins over them.
	DotEnv map[string]string
}

// ReadDotEnv reads the variables of an .env file. It returns none if the file does not exist.
func ReadDotEnv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	variables, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		// The parser quotes the rest of the file after " near ".
		reason, _, _ := strings.Cut(err.Error(), " near ")
		return nil, fmt.Errorf(".env: %s; want lines such as BUFFERING_TIME=300", strings.TrimSpace(reason))
	}
	return variables, nil
}

// value is a setting's value with its source.
type value struct {
	raw    any
	source string // as errors name it, for example "environment variable PREFIX"
	unset  bool   // the default applies
}

func (s Sources) find(set setting) value {
	inFile, filed := s.File[set.key]
	inContext, given := s.Context[set.key]
	if set.key != "" && given && (!filed || text(inContext) != text(inFile)) {
		return value{raw: inContext, source: "context key " + set.key}
	}
	if set.env != "" {
		// An empty variable is unset: .env files leave settings out this way.
		if v, ok := s.Environment(set.env); ok && v != "" {
			return value{raw: v, source: "environment variable " + set.env}
		}
		if v := s.DotEnv[set.env]; v != "" {
			return value{raw: v, source: ".env variable " + set.env}
		}
	}
	if set.key != "" && filed {
		return value{raw: inFile, source: "cdk.json key " + set.key}
	}
	return value{raw: set.fallback, unset: true}
}

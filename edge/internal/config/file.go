package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// maxFile is the size, in bytes, of the largest configuration file that is read.
const maxFile = 1 << 20

// centralName begins each problem of the stack's edge-config.
const centralName = record.ParameterConfig

// readFile reads the file at path. named is the flag or variable that names it, or empty for the default path. A missing file is
// an error only if somebody named it.
func readFile(path, named string) (layer, []error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && named == "" {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("configuration file: %w", err)}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, []error{fmt.Errorf("configuration file: %w", err)}
	}
	if len(text) > maxFile {
		return nil, []error{fmt.Errorf("configuration file %s: is larger than %d bytes; a configuration is far smaller", path, maxFile)}
	}
	return parse(text, path, func(s setting) bool { return !s.noFile })
}

// readCentral reads the stack's edge-config. It is JSON, and all JSON is YAML.
func readCentral(text string) (layer, []error) {
	return parse([]byte(text), centralName, func(s setting) bool { return s.central })
}

// parse reads settings from a YAML document. from begins each problem; allowed says which settings the document may have.
func parse(text []byte, from string, allowed func(setting) bool) (layer, []error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, []error{fmt.Errorf("%s: %s", from, strings.TrimPrefix(err.Error(), "yaml: "))}
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil // nothing but comments
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, []error{fmt.Errorf("%s: must be settings such as interval: 3s", from)}
	}
	var errs []error
	var known []string
	named := map[string]setting{}
	for _, s := range settings() {
		if allowed(s) {
			known = append(known, s.key())
			named[s.key()] = s
		}
	}
	found := layer{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		at := fmt.Sprintf("%s:%d: %s", from, key.Line, key.Value)
		s, ok := named[key.Value]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: no such setting%s", at, suggestKey(key.Value, known)))
			continue
		}
		if _, twice := found[s.name]; twice {
			errs = append(errs, fmt.Errorf("%s: is given twice", at))
			continue
		}
		texts, err := s.read(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
			continue
		}
		for _, t := range texts {
			found[s.name] = append(found[s.name], given{from: at, text: t})
		}
	}
	return found, errs
}

// read returns the values of a setting.
func (s setting) read(value *yaml.Node) ([]string, error) {
	if !s.repeats {
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			return nil, errors.New("must be a single value")
		}
		return []string{value.Value}, nil
	}
	if value.Kind != yaml.MappingNode {
		return nil, errors.New("must be a map, such as {team: core}")
	}
	var texts []string
	for i := 0; i < len(value.Content); i += 2 {
		k, v := value.Content[i], value.Content[i+1]
		if k.Kind != yaml.ScalarNode || v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return nil, fmt.Errorf("%s must be a single value", k.Value)
		}
		texts = append(texts, k.Value+"="+v.Value)
	}
	return texts, nil
}

// suggestKey names the key that is nearest, or all keys if there are few.
func suggestKey(key string, known []string) string {
	if len(known) <= 6 {
		return "; it may have " + strings.Join(known, ", ")
	}
	if dashed := strings.ReplaceAll(key, "-", "_"); slices.Contains(known, dashed) {
		return "; did you mean " + dashed + "?"
	}
	return suggest(key, known)
}

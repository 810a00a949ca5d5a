package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schemas are those of ScoopInstaller/Scoop (MIT), of microsoft/winget-cli (MIT) and of CycloneDX/specification (Apache-2.0).
//
//go:embed schemas
var schemas embed.FS

// decode decodes a document, which is JSON and has to follow a schema.
func decode(document []byte, schema string, into any) error {
	s, err := compiled(schema)
	if err != nil {
		return fmt.Errorf("read the schema %s: %w", schema, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	if err := s.Validate(value); err != nil {
		return err
	}
	return json.Unmarshal(document, into)
}

// done has the schemas that were compiled, because that of CycloneDX takes a while.
var done = map[string]*jsonschema.Schema{}

func compiled(schema string) (*jsonschema.Schema, error) {
	if s, ok := done[schema]; ok {
		return s, nil
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(local{})
	c.AssertFormat()
	s, err := c.Compile("schema:///" + schema)
	if err == nil {
		done[schema] = s
	}
	return s, err
}

// local loads the schemas that are here, and nothing else.
type local struct{}

// Load implements [jsonschema.URLLoader]. The schemas refer to each other by their names, below the address of the one that refers.
func (local) Load(address string) (any, error) {
	name := path.Base(address)
	for _, prefix := range []string{"", "cyclonedx-"} {
		if text, err := schemas.ReadFile("schemas/" + prefix + name); err == nil {
			var value any
			return value, json.Unmarshal(text, &value)
		}
	}
	return nil, fmt.Errorf("there is no schema %s", address)
}

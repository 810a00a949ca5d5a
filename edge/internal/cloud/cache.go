package cloud

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Cache is a file with the last answer of one stack.
type Cache struct{ Path string }

// cached is the content of the file, as JSON. People may read or delete the file at any time.
type cached struct {
	Version int    `json:"version"`
	Stack   string `json:"stack"`
	AskedIn string `json:"asked_in"` // region of the parameters
	Target
}

const (
	cacheVersion = 1
	maxCache     = 64 << 10 // a parameter has at most 8 KiB
)

// Load returns the stored answer of a stack and the region of its parameters. If region is not empty, only an answer from that region
// counts. If there is no such answer, the error wraps fs.ErrNotExist.
func (c Cache) Load(stack, region string) (t Target, askedIn string, err error) {
	info, err := os.Stat(c.Path)
	if err != nil {
		return t, "", err
	}
	if info.Size() > maxCache {
		return t, "", fmt.Errorf("%s is larger than %d bytes", c.Path, maxCache)
	}
	text, err := os.ReadFile(c.Path)
	if err != nil {
		return t, "", err
	}
	var have cached
	if err := json.Unmarshal(text, &have); err != nil {
		return t, "", fmt.Errorf("%s: %w", c.Path, err)
	}
	switch {
	case have.Version != cacheVersion || have.Stack != stack || region != "" && have.AskedIn != region:
		return t, "", fmt.Errorf("%s is of another stack, region or version: %w", c.Path, fs.ErrNotExist)
	case have.Stream == "" || have.Region == "":
		return t, "", fmt.Errorf("%s lacks the stream or the region", c.Path)
	}
	return have.Target, have.AskedIn, nil
}

// Store replaces the stored answer, atomically.
func (c Cache) Store(stack, askedIn string, t Target) error {
	text, err := json.MarshalIndent(cached{cacheVersion, stack, askedIn, t}, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(c.Path, append(text, '\n')); err != nil {
		return fmt.Errorf("store the stack's answer: %w", err)
	}
	return nil
}

// CacheIn returns the cache in a spool's directory.
func CacheIn(dir string) Cache { return Cache{filepath.Join(dir, "target.json")} }

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const allowed = "Apache-2.0,MIT"

func lockOf(t *testing.T, packages string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "package-lock.json")
	if err := os.WriteFile(file, []byte(`{"packages": {`+packages+`}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestShipped(t *testing.T) {
	var out strings.Builder
	err := run([]string{allowed, lockOf(t, `"": {}, "node_modules/@a/b": {"license": "MIT"},
		"node_modules/@a/b/node_modules/c": {"license": "(MIT OR GPL-3.0-or-later)"}, "node_modules/d": {"license": "MIT AND Apache-2.0", "dev": true}`)}, &out)
	if err != nil || out.String() != "@a/b\nc\n" {
		t.Errorf("%v, prints %q", err, out.String())
	}
}

func TestRefuses(t *testing.T) {
	for license, want := range map[string]string{
		`"GPL-3.0-only"`:             `of node_modules/x is "GPL-3.0-only"`,
		`"MIT AND GPL-2.0-only"`:     "MIT AND",
		`"(MIT"`:                     "(MIT",
		`"SEE LICENSE IN LICENSE"`:   "SEE LICENSE",
		`""`:                         `is ""`,
		`{"type": "MIT", "url": ""}`: "cannot unmarshal",
	} {
		// The licence of a tool counts too.
		if err := run([]string{allowed, lockOf(t, `"node_modules/x": {"dev": true, "license": `+license+`}`)}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", license, err, want)
		}
	}
	for want, args := range map[string][]string{"at least one": {allowed}, "no packages": {allowed, lockOf(t, "")}, "missing": {allowed, "missing"}} {
		if err := run(args, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}

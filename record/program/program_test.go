package program

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestExit(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		said string
	}{
		{nil, OK, ""},
		{errors.New("it broke"), Failed, "p: it broke\n"},
		{Refusef("--n %d: want 1", 2), Refused, "p: --n 2: want 1\n"},
		{fmt.Errorf("start: %w", Refuse(errors.New("--n"))), Refused, "p: start: --n\n"},
		{errors.Join(errors.New("a"), Refuse(errors.New("b"))), Refused, "p: a\np: b\n"},
		{errors.Join(errors.New("a line and its end"), errors.New("")), Failed, "p: a line and its end\n"},
	} {
		var said strings.Builder
		if code := Exit("p", c.err, &said); code != c.code || said.String() != c.said {
			t.Errorf("%v: exit code %d, %q", c.err, code, &said)
		}
	}
	if Refuse(nil) != nil {
		t.Error("Refuse(nil) is not nil")
	}
}

func TestBeside(t *testing.T) {
	for arg0, want := range map[string]string{"local": "dashboard", "bin/local": "bin/dashboard", "./local": "./dashboard", "/usr/bin/local": "/usr/bin/dashboard"} {
		if got := filepath.ToSlash(Beside(filepath.FromSlash(arg0), "dashboard")); got != want {
			t.Errorf("beside %s: %s, want %s", arg0, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	checkout := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "2026-01-31T12:00:00Z"},
	}}
	for _, c := range []struct {
		version, commit, date string
		info                  *debug.BuildInfo
		want                  string
	}{
		{"v1.2.3", "", "", checkout, "v1.2.3 (0123456+changes, 2026-01-31T12:00:00Z, go"},
		{"v1.2.3", "fedcba9876543210", "2026-02-01T00:00:00Z", checkout, "v1.2.3 (fedcba9, 2026-02-01T00:00:00Z, go"},
		{"v2.0.0", "", "", &debug.BuildInfo{}, "v2.0.0 (go"},
	} {
		if got := describe(c.version, c.commit, c.date, c.info); !strings.HasPrefix(got, c.want) {
			t.Errorf("describe says %q, want %q at its beginning", got, c.want)
		}
	}
}

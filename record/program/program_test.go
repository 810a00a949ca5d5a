package program

import (
	"errors"
	"fmt"
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

func TestDescribe(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := describe("v1.2.3", info); !strings.HasPrefix(got, "v1.2.3 (0123456+changes, go") {
		t.Errorf("version is %q", got)
	}
	if got := describe("v2.0.0", &debug.BuildInfo{}); !strings.HasPrefix(got, "v2.0.0 (go") {
		t.Errorf("version is %q", got)
	}
}

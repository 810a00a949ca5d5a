package cloud_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
)

func TestCache(t *testing.T) {
	c := cloud.CacheIn(t.TempDir())
	if _, _, err := c.Load("S", ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing kept: %v", err)
	}
	want := cloud.Target{Stream: "x", Region: "us-west-2", EdgeConfig: `{"interval": "3s"}`}
	for range 2 { // the second answer replaces the first
		if err := c.Store("S", "eu-west-1", want); err != nil {
			t.Fatal(err)
		}
	}
	for _, region := range []string{"", "eu-west-1"} {
		if got, asked, err := c.Load("S", region); err != nil || got != want || asked != "eu-west-1" {
			t.Errorf("in %q it is %+v of %s, %v", region, got, asked, err)
		}
	}
	for stack, region := range map[string]string{"Other": "", "S": "us-west-2"} {
		if _, _, err := c.Load(stack, region); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("for %s in %q: %v", stack, region, err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(c.Path)); err != nil || len(files) != 1 {
		t.Errorf("directory has %v, %v", files, err)
	}
}

func TestCacheThatIsBroken(t *testing.T) {
	c := cloud.CacheIn(t.TempDir())
	for text, want := range map[string]string{
		`{`: "unexpected end", `{"version":1,"stack":"S"}`: "lacks the stream or the region", strings.Repeat(" ", 65<<10): "larger than 65536 bytes",
		`{"version":9,"stack":"S","stream":"x","region":"y"}`: "version",
	} {
		if err := os.WriteFile(c.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _, err := c.Load("S", ""); err == nil || !strings.Contains(err.Error(), want) || got.Stream != "" {
			t.Errorf("of %.20q it is %+v, %v", text, got, err)
		}
	}
	missing := cloud.CacheIn(filepath.Join(t.TempDir(), "none"))
	if err := missing.Store("S", "r", cloud.Target{}); err == nil || !strings.HasPrefix(err.Error(), "store the stack's answer: ") {
		t.Errorf("error is %v", err)
	}
}

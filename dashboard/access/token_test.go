package access_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
)

func TestBadTokenFiles(t *testing.T) {
	const good = "5f1d0c6a9b3e47d28c15e6f7a0b9d4c3"
	for text, want := range map[string]string{
		"":                                       "holds no token",
		"\n \n":                                  "holds no token",
		"secret":                                 "line 1 of",
		good + "\n" + good[:31]:                  "line 2 of",
		strings.Repeat("a", 1025):                "this one has 1025",
		good[:16] + " " + good[16:]:              "no space",
		good + "ä":                               "ASCII",
		strings.Repeat(good+"\n", (64<<10)/33+2): "longer than",
	} {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := access.ReadTokens(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), good) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
	if _, err := access.ReadTokens(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no file: %v", err)
	}
}

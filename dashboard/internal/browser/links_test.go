//go:build browser

package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBadLinksAreSaidToBeBad opens addresses whose time range cannot be used. The page says why; it does not show another range
// as if that were the one of the link.
func TestBadLinksAreSaidToBeBad(t *testing.T) {
	address := scene(t)
	address = site(t, address)
	for search, want := range map[string]string{
		"from=2026-02-03T05:00:00Z&to=2026-02-03T04:00:00Z": "it ends before it begins",
		"from=2026-02-03T05:00:00Z":                         "from without to",
		"to=2026-02-03T05:00:00Z":                           "to without from",
		"from=yesterday&to=2026-02-03T05:00:00Z":            "from is yesterday, which is not a time",
		"from=2020-02-03T04:00:00Z&to=2026-02-03T05:00:00Z": "longer than 400 days",
		"range=soon":                    "range soon cannot be used",
		"dashboard=nosuch":              "There is no dashboard nosuch",
		"range=1h&tag=front":            "tag front cannot be used",
		"range=1h":                      "",
		"from=1770091200&to=1770094800": "", // Unix seconds
	} {
		b := open(t)
		b.do(chromedp.Navigate(address+"/?"+search), loaded(1))
		notice := eval[string](b, "document.querySelector('#notice').hidden ? '' : document.querySelector('#notice').textContent")
		if !strings.Contains(notice, want) || want == "" && notice != "" {
			t.Errorf("?%s: the page says %q, want %q", search, notice, want)
		}
		if want == "" {
			continue
		}
		b.settle(chromedp.Click("#ranges [data-range='1h']"))
		if hidden := eval[bool](b, "document.querySelector('#notice').hidden"); !hidden {
			t.Errorf("?%s: the notice stays after another range was chosen", search)
		}
	}
}

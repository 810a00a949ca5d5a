package check

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// watch looks at each request: it knows which endpoint was really asked, and compares this machine's clock with the time that
// services write into their answers, also if they refuse.
type watch struct {
	endpoint string        // host of the last request; empty if there was none
	skew     time.Duration // of the last answer: how far this machine is ahead
	seen     bool          // there was an answer with a time
}

const (
	// skewNoted is more than the whole seconds of the header and a slow answer explain.
	skewNoted = 5 * time.Second
	// skewFailed is what AWS refuses signatures at (SigV4: five minutes).
	skewFailed = 5 * time.Minute
)

// over returns a configuration whose clients are watched.
func (w *watch) over(cfg aws.Config) aws.Config {
	cfg.HTTPClient = &watchedClient{cfg.HTTPClient, w}
	return cfg
}

type watchedClient struct {
	client aws.HTTPClient
	watch  *watch
}

// Do implements [aws.HTTPClient].
func (c *watchedClient) Do(req *http.Request) (*http.Response, error) {
	c.watch.endpoint = req.URL.Host
	resp, err := c.client.Do(req)
	if err == nil {
		if at, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
			c.watch.skew, c.watch.seen = time.Since(at.Add(time.Second/2)), true
		}
	}
	return resp, err
}

// reach asks whether the machine reaches the endpoint, if it was asked at all.
func (w *watch) reach() string {
	if w.endpoint == "" {
		return ""
	}
	return ", and does the machine reach " + w.endpoint
}

func (w *watch) clock() Result {
	const hint = "set the clock, best by a time service such as chrony or systemd-timesyncd"
	if !w.seen {
		return Result{Outcome: Skipped, Text: "nobody answered with a time"}
	}
	skew := w.skew.Abs().Round(time.Second)
	switch {
	case skew >= skewFailed:
		return Result{Outcome: Failed, Text: fmt.Sprintf("is %v %s AWS, which refuses such signatures", skew, side(w.skew)), Hint: hint}
	case skew >= skewNoted:
		return Result{Outcome: Warning, Text: fmt.Sprintf("is %v %s AWS, and so will be the samples", skew, side(w.skew)), Hint: hint}
	}
	return Result{Outcome: OK, Text: fmt.Sprintf("within %v of AWS", skewNoted)}
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

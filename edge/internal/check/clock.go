package check

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// clock compares this machine's clock with the time that services write into their answers, also where they refuse.
type clock struct {
	skew time.Duration // of the last answer: how far this machine is ahead
	seen bool
}

const (
	// skewNoted is more than the whole seconds of the header and a slow answer explain.
	skewNoted = 5 * time.Second
	// skewFailed is what AWS refuses signatures at (SigV4: five minutes).
	skewFailed = 5 * time.Minute
)

// watch returns a configuration whose clients look at the time of each answer.
func (c *clock) watch(cfg aws.Config) aws.Config {
	cfg.HTTPClient = &watchingClient{cfg.HTTPClient, c}
	return cfg
}

type watchingClient struct {
	aws.HTTPClient
	clock *clock
}

// Do implements [aws.HTTPClient].
func (w *watchingClient) Do(req *http.Request) (*http.Response, error) {
	resp, err := w.HTTPClient.Do(req)
	if err == nil {
		if at, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
			w.clock.skew, w.clock.seen = time.Since(at.Add(time.Second/2)), true
		}
	}
	return resp, err
}

func (c *clock) result() Result {
	const hint = "set the clock, best by a time service such as chrony or systemd-timesyncd"
	if !c.seen {
		return Result{Outcome: Skipped, Text: "nobody answered with a time"}
	}
	skew := c.skew.Abs().Round(time.Second)
	switch {
	case skew >= skewFailed:
		return Result{Outcome: Failed, Text: fmt.Sprintf("is %v %s AWS, which refuses such signatures", skew, side(c.skew)), Hint: hint}
	case skew >= skewNoted:
		return Result{Outcome: Warning, Text: fmt.Sprintf("is %v %s AWS, and so will be the samples", skew, side(c.skew)), Hint: hint}
	}
	return Result{Outcome: OK, Text: fmt.Sprintf("within %v of AWS", skewNoted)}
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

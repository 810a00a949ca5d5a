package check

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// watch looks at each request and answer. It notes the endpoint of the request, and compares this machine's clock with the Date header
// of the answer, which a refusal has too.
type watch struct {
	endpoint string        // host of the last request; empty if there was none
	skew     time.Duration // how far this machine was ahead at the last answer
	seen     bool          // an answer had a time
}

const (
	// skewNoted is more than rounding and a slow answer can cause: the header has whole seconds.
	skewNoted = 5 * time.Second
	// skewFailed is the difference at which AWS refuses signatures (SigV4).
	skewFailed = 5 * time.Minute
)

// over returns a configuration for clients that w watches.
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

// reach returns the end of a question: whether the machine reaches the endpoint. It is empty if no request was sent.
func (w *watch) reach() string {
	if w.endpoint == "" {
		return ""
	}
	return ", and does the machine reach " + w.endpoint
}

func (w *watch) clock() Result {
	const hint = "set the clock, for example with a time service such as chrony or systemd-timesyncd"
	if !w.seen {
		return Result{Outcome: Skipped, Text: "no answer had a time"}
	}
	skew := w.skew.Abs().Round(time.Second)
	switch {
	case skew >= skewFailed:
		return Result{Outcome: Failed, Text: fmt.Sprintf("is %v %s AWS: AWS refuses signatures with such a time", skew, side(w.skew)), Hint: hint}
	case skew >= skewNoted:
		return Result{Outcome: Warning, Text: fmt.Sprintf("is %v %s AWS, and so are the times of samples", skew, side(w.skew)), Hint: hint}
	}
	return Result{Outcome: OK, Text: fmt.Sprintf("within %v of AWS", skewNoted)}
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

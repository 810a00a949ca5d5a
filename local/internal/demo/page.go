package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// page is the running dashboard.
type page struct {
	url    string
	server *http.Server
	failed chan error
}

func servePage(ctx context.Context, l *lake.Lake, o Options) (*page, error) {
	handler, err := server.New(l, server.Options{
		Delay: pageDelay(o), AnyHost: o.AllowRemote, Source: l.Dir(), Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	listener, err := listenPage(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &page{
		url:    "http://" + listener.Addr().String() + "/",
		server: &http.Server{Handler: handler}, //nolint:gosec // server.Timeouts sets the timeouts
		failed: make(chan error, 1),
	}
	server.Timeouts(p.server)
	go func() { p.failed <- p.server.Serve(listener) }()
	return p, nil
}

// pageDelay is how long a sample takes to the page: it waits for the next reading, for its pack and for its object, and the page asks
// every few seconds.
func pageDelay(o Options) time.Duration { return o.Interval + latency(o) + o.Delay + 5*time.Second }

func listenPage(ctx context.Context, o Options) (net.Listener, error) {
	listener, err := program.Listen(ctx, "--dashboard", o.Dashboard)
	if errors.Is(err, program.ErrPortInUse) && o.AnyPort {
		host, _, splitErr := net.SplitHostPort(o.Dashboard)
		if splitErr != nil {
			return nil, splitErr
		}
		fmt.Fprintf(o.Out, "%s is in use; the dashboard takes another port.\n", o.Dashboard)
		return program.Listen(ctx, "--dashboard", net.JoinHostPort(host, "0"))
	}
	return listener, err
}

// close ends the page at once. The page only reads.
func (p *page) close() {
	_ = p.server.Close() // fails if a connection cannot be closed; it ends with the process
}

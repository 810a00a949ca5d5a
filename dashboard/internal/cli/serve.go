package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type serveOptions struct {
	sourceOptions
	teamOptions
	notifyOptions
	delay       time.Duration
	forgetAfter time.Duration
}

func newServe() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the web page (the default command)",
		Example: "  dashboard serve --lake ./lake --listen 127.0.0.1:8080\n  dashboard serve --athena --stack MetricsDashboard\n" +
			"  dashboard serve --listen :8443 --token-file token --tls-cert cert.pem --tls-key key.pem\n" +
			"  dashboard serve --trust-header X-Forwarded-User --public-url https://metrics.example.com\n" +
			"  dashboard serve --lake ./lake --notify slack:https://hooks.slack.com/services/…",
		Args: program.NoArgs[*cobra.Command],
		RunE: o.run,
	}
	o.flags(cmd)
	return cmd
}

func (o *serveOptions) flags(cmd *cobra.Command) {
	o.sourceOptions.flags(cmd)
	o.rulesFlag(cmd)
	o.teamOptions.flags(cmd)
	o.notifyOptions.flags(cmd)
	cmd.Flags().DurationVar(&o.delay, "delay", server.DefaultDelay,
		"how long samples normally take from a machine into the lake; a host is silent only after that")
	cmd.Flags().DurationVar(&o.forgetAfter, "forget-after", panels.ForgetAfter,
		"how long after its last sample a silent host is still listed on the Overview, 24h to 9600h (400 days)")
}

func (o *serveOptions) run(cmd *cobra.Command, _ []string) (err error) {
	if o.delay < 0 {
		err = program.Refusef("--delay %v: want a duration of 0s or more", o.delay)
	}
	if o.forgetAfter < 24*time.Hour || o.forgetAfter > panels.MaxSpan {
		err = errors.Join(err, program.Refusef("--forget-after %v: want a duration from 24h to 9600h, such as 720h for 30 days", o.forgetAfter))
	}
	if err := errors.Join(o.teamOptions.check(), err, o.sourceOptions.check(cmd), o.notifyOptions.check(o.athena)); err != nil {
		return err
	}
	src, err := o.openFor(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	return o.serve(cmd.Context(), src, cmd.ErrOrStderr())
}

func (o *serveOptions) serve(ctx context.Context, src source, stderr io.Writer) (err error) {
	settings := src.settings
	settings.Delay = max(o.delay, time.Nanosecond) // for the server 0 means the default; here it means no delay
	settings.ForgetAfter = o.forgetAfter
	settings.Log = slog.New(slog.NewTextHandler(stderr, nil))
	if err := o.apply(&settings); err != nil {
		return err
	}
	s := &http.Server{BaseContext: func(net.Listener) context.Context { return ctx }} //nolint:gosec // server.Timeouts sets the timeouts
	if o.tlsCert != "" {
		c, err := newCertificate(o.tlsCert, o.tlsKey, settings.Log)
		if err != nil {
			return err
		}
		s.TLSConfig = c.config()
	}
	handler, err := server.New(src, settings)
	if err != nil {
		return err
	}
	listener, err := program.Listen(ctx, "--listen", o.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "dashboard of %s on %s://%s/ (Ctrl-C ends it)\n", settings.Source, o.scheme(), listener.Addr())
	if o.clear() {
		settings.Log.Warn("the token goes over the network unencrypted: add --tls-cert and --tls-key, or let only a proxy with TLS reach --listen")
	}
	s.Handler = handler
	server.Timeouts(s)
	ctx, end := context.WithCancel(ctx)
	waitForAlerts, err := o.start(ctx, src, settings.Rules, settings.Source, settings.Delay, alerts.Context{Source: settings.Source, Page: o.page(listener.Addr())}, settings.Log)
	if err != nil {
		end()
		return errors.Join(err, listener.Close())
	}
	defer func() {
		end()
		err = errors.Join(err, waitForAlerts())
	}()
	done := make(chan error, 1)
	go func() { done <- o.serveOn(s, listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("shut down: %w", err), s.Close())
	}
	return nil
}

// page is the address of the page in messages: that by which viewers reach it.
func (o *serveOptions) page(listening net.Addr) string {
	if o.publicURL != "" {
		return strings.TrimSuffix(o.publicURL, "/") + "/"
	}
	return o.scheme() + "://" + listening.String() + "/"
}

// shutdownGrace is how long requests may go on after the program was asked to end.
const shutdownGrace = 3 * time.Second

// Package server is the dashboard's web server: the page, the definitions of the panels, and their data as JSON.
//
// It runs a panel's query on an [Engine] with the time range and filters that the page asks for. It accepts no SQL, does not know
// which engine it has, and keeps no data between requests but the answers of panels that allow it.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Engine runs the queries of panels. *lake.Lake and *athena.Engine implement it.
type Engine interface {
	// Form is how the queries of panels are written for the engine.
	Form(ctx context.Context) panels.Form
	// Query runs a query. It ends early if ctx ends.
	Query(ctx context.Context, q panels.Query) (panels.Result, error)
	// Newest returns the time of the newest sample that is not after now, and whether there is one.
	Newest(ctx context.Context, now time.Time) (newest time.Time, ok bool, err error)
}

// Options are settings of the server. The zero value takes the defaults.
type Options struct {
	// Delay is how long samples normally take from a machine into the lake. A host is silent, and the lake is behind, only if
	// its newest sample is older than that. 0 means [DefaultDelay].
	Delay time.Duration
	// ForgetAfter is how long after its last sample a silent host is still listed; 0 means [panels.ForgetAfter].
	ForgetAfter time.Duration
	// Rules is what an operator changed in the rules about problems.
	Rules panels.RuleChanges
	// Timeout is how long a query may take; 0 means 30 s.
	Timeout time.Duration
	// AnyHost accepts requests for every host name. By default the server accepts only names of the loopback interface, so
	// that a web page of another site cannot reach it through a name that resolves to this machine (DNS rebinding).
	AnyHost bool
	// PublicHost is the host, with its port if it is not that of the scheme, by which viewers reach a proxy before the server.
	// Requests for it are accepted too.
	PublicHost string
	// Access says who may see the page. The zero value lets in everyone who reaches it. The server sets the field Login.
	Access access.Options
	// EmbedOrigins are the origins whose pages may show the page in a frame, such as https://wiki.example.com.
	EmbedOrigins []string
	// Source names where the data comes from, such as a directory. The page shows it.
	Source string
	// Table is the name of the table in Athena, for the SQL that the page shows; empty means metrics.samples, the name
	// that the stack gives it by default.
	Table string
	// Queries is how many queries run at once; 0 means 4. A page asks for all of its panels at once.
	Queries int
	// Refresh is the least time between two refreshes of a page; 0 leaves that to the page.
	Refresh time.Duration
	// Step rounds down the time of requests. Requests within one step then ask for the same, and an engine can use one
	// answer for all of them. 0 leaves the time as it is.
	Step time.Duration
	// Spent returns what the engine's queries have cost so far; nil if they cost nothing.
	Spent func() panels.Cost
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets the failures; nil discards them.
	Log *slog.Logger
}

// DefaultDelay is the longest time that the deployed pipeline takes by default: until a pack is closed, then in the transform's buffer,
// then the five minutes of Firehose's buffer.
const DefaultDelay = record.MaxLatency + record.ProcessorWindow + 5*time.Minute

const (
	defaultTimeout = 30 * time.Second
	defaultQueries = 4
)

type server struct {
	engine  Engine
	options Options
	page    *page
	slots   chan struct{}
	kept    kept
	hosts   atomic.Int64 // how many hosts the last list of all hosts had
}

// New returns the handler of the whole site.
func New(engine Engine, o Options) (http.Handler, error) {
	if o.Delay == 0 {
		o.Delay = DefaultDelay
	}
	if o.ForgetAfter == 0 {
		o.ForgetAfter = panels.ForgetAfter
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Queries == 0 {
		o.Queries = defaultQueries
	}
	if o.Table == "" {
		o.Table = "metrics.samples"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p, err := loadPage()
	if err != nil {
		return nil, fmt.Errorf("load the page: %w", err)
	}
	s := &server{engine: engine, options: o, page: p, slots: make(chan struct{}, o.Queries)}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.serveIndex)
	mux.HandleFunc("GET /static/{version}/{file...}", p.serveFile)
	mux.HandleFunc("GET /api/dashboards", s.dashboards)
	mux.HandleFunc("GET /api/panels/{id}", s.panel)
	mux.HandleFunc("GET /api/panels/{id}/sql", s.sql)
	mux.HandleFunc("GET /api/panels/{id}/download", s.download)
	mux.HandleFunc("GET /api/choices/{of}", s.choices)
	mux.HandleFunc("GET /api/status", s.status)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeError(w, http.StatusMethodNotAllowed, "only GET is allowed")
			return
		}
		writeError(w, http.StatusNotFound, "there is no "+r.URL.Path)
	})
	o.Access.Login, o.Access.Now, o.Access.Log, o.Access.Framed = p.login, o.Now, o.Log, len(o.EmbedOrigins) > 0
	return s.protect(access.New(o.Access).Wrap(mux)), nil
}

// Timeouts sets the timeouts of a server, so that a slow client cannot hold a connection for long.
func Timeouts(s *http.Server) {
	s.ReadHeaderTimeout = 5 * time.Second
	s.ReadTimeout = 10 * time.Second
	s.WriteTimeout = 2 * time.Minute
	s.IdleTimeout = 2 * time.Minute
	s.MaxHeaderBytes = 64 << 10
}

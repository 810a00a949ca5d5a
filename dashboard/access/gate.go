package access

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// Options say who may see the page. The zero value lets everyone in.
type Options struct {
	// Tokens let in those who send one as Authorization: Bearer, or who sent one in the login form.
	Tokens Tokens
	// Header is the name of the header in which a reverse proxy on this machine names the viewer. Empty means that no header is
	// trusted. The proxy must replace what a client sends in it. All programs on this machine can send it too.
	Header string
	// Secure says that viewers come by HTTPS, to this server or to a proxy before it.
	Secure bool
	// Framed says that pages of other sites may show the page in a frame.
	Framed bool
	// Login is the page with the login form. It is executed with a [Form].
	Login *template.Template
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets the refusals; nil discards them.
	Log *slog.Logger
}

// Form is what the login form shows.
type Form struct {
	To    string // the query of the page that the viewer wanted
	Error string
}

// Viewer is someone who was let in.
type Viewer struct {
	Name     string // as the proxy says; empty if unknown
	SignedIn bool   // by the login form, so that the viewer can sign out
}

type viewerKey struct{}

// ViewerOf returns the viewer of a request that a gate let through.
func ViewerOf(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}

// Gate lets requests through or refuses them.
type Gate struct {
	options Options
	limiter *limiter
	cross   *http.CrossOriginProtection
}

// New returns a gate.
func New(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Gate{options: o, limiter: newLimiter(), cross: http.NewCrossOriginProtection()}
}

// Open reports whether the gate lets everyone in.
func (g *Gate) Open() bool { return len(g.options.Tokens) == 0 && g.options.Header == "" }

// public are the paths that everyone may read: they hold no data.
func public(path string) bool { return path == "/healthz" || strings.HasPrefix(path, "/static/") }

const (
	loginPath  = "/login"
	logoutPath = "/logout"
)

// Wrap returns a handler that passes the requests of viewers to next.
func (g *Gate) Wrap(next http.Handler) http.Handler {
	if g.Open() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case public(r.URL.Path):
			next.ServeHTTP(w, r)
			return
		case r.URL.Path == loginPath && len(g.options.Tokens) > 0:
			g.login(w, r)
			return
		case r.URL.Path == logoutPath:
			g.logout(w, r)
			return
		}
		viewer, ok := g.viewer(w, r)
		if !ok {
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, viewer)))
	})
}

// viewer says who sends a request. If the request is not allowed, viewer answers it.
func (g *Gate) viewer(w http.ResponseWriter, r *http.Request) (Viewer, bool) {
	if name, ok := g.named(r); ok {
		return Viewer{Name: name}, true
	}
	if g.hasSession(w, r) {
		return Viewer{SignedIn: true}, true
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if len(g.options.Tokens) > 0 && strings.EqualFold(scheme, "Bearer") {
		switch found, limited := g.try(r, strings.TrimSpace(credentials)); {
		case limited:
			g.tooMany(w)
			return Viewer{}, false
		case found != nil:
			return Viewer{}, true
		}
	}
	g.refuse(w, r)
	return Viewer{}, false
}

// maxName is the greatest length of a viewer's name in bytes.
const maxName = 255

// named returns the viewer whom the proxy names. A proxy that adds its header to one of the client's, in place of replacing it,
// would let clients choose their name; so two headers are no name.
func (g *Gate) named(r *http.Request) (string, bool) {
	if g.options.Header == "" || !loopback.Address(r.RemoteAddr) {
		return "", false
	}
	values := r.Header.Values(g.options.Header)
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxName || !utf8.ValidString(values[0]) {
		if len(values) > 1 {
			g.options.Log.Warn("refused a request with the trusted header twice: let the proxy replace the header", slog.String("header", g.options.Header))
		}
		return "", false
	}
	return values[0], true
}

// hasSession reports whether a request has a valid cookie. It makes a session longer whose first half is over.
func (g *Gate) hasSession(w http.ResponseWriter, r *http.Request) bool {
	c, err := r.Cookie(g.cookieName())
	if err != nil {
		return false
	}
	now := g.options.Now()
	by, end, ok := g.options.Tokens.session(c.Value, now)
	if ok && r.URL.Path == "/" && end.Sub(now) < lifetime/2 {
		g.setCookie(w, by.sign(now.Add(lifetime)), lifetime)
	}
	return ok
}

// try looks for a token, unless the address of the request has sent too many wrong ones.
func (g *Gate) try(r *http.Request, text string) (found *token, limited bool) {
	now := g.options.Now()
	if g.limiter.blocked(r, now) {
		return nil, true
	}
	t, ok := g.options.Tokens.find(text)
	if !ok {
		g.limiter.failed(r, now)
		g.options.Log.Warn("refused a wrong token", slog.String("from", r.RemoteAddr))
		return nil, false
	}
	return &t, false
}

// refuse answers a request of someone who is not known: a reader of the page comes to the login form, a program gets an error.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request) {
	switch {
	case len(g.options.Tokens) == 0:
		http.Error(w, fmt.Sprintf("The proxy must name the viewer in the header %s. Open the page at the proxy's address.", g.options.Header), http.StatusForbidden)
	case r.URL.Path == "/" && r.Method == http.MethodGet && r.Header.Get("Authorization") == "":
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, loginPath+"?"+url.Values{"to": {r.URL.RawQuery}}.Encode(), http.StatusSeeOther)
	default:
		h := w.Header()
		h.Set("WWW-Authenticate", `Bearer realm="dashboard"`)
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "{\"error\":\"sign in, or send the token as Authorization: Bearer\",\"login\":%q}\n", loginPath)
	}
}

func (g *Gate) tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(pause.Seconds())))
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, fmt.Sprintf("Too many wrong tokens from this address. Try again in %v.", pause), http.StatusTooManyRequests)
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// teamOptions say who may see the page, and how they reach it.
type teamOptions struct {
	listen      string
	tokenFile   string
	trustHeader string
	publicURL   string
	tlsCert     string
	tlsKey      string
	embed       []string
}

func (o *teamOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to serve on, port 0 for any; other machines can reach the page only with --token-file")
	f.StringVar(&o.tokenFile, "token-file", "",
		"file with one token a line; only who knows a token sees the page, by the login form or as Authorization: Bearer")
	f.StringVar(&o.trustHeader, "trust-header", "",
		"header in which a reverse proxy on this machine names the viewer whom it authenticated, such as X-Forwarded-User; needs --public-url")
	f.StringVar(&o.publicURL, "public-url", "", "address at which viewers reach the proxy before the page, such as https://metrics.example.com")
	f.StringVar(&o.tlsCert, "tls-cert", "", "file with the certificate chain in PEM, to serve HTTPS; read again when it changes")
	f.StringVar(&o.tlsKey, "tls-key", "", "file with the private key of --tls-cert")
	f.StringArrayVar(&o.embed, "embed-origin", nil, "origin whose pages may show the page in a frame, such as https://wiki.example.com; repeat it for several")
}

// header matches the name of a header field (RFC 9110, section 5.6.2).
var header = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// check returns all that is wrong with the options.
func (o *teamOptions) check() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, program.Refusef(format, args...)) }
	host, _, err := net.SplitHostPort(o.listen)
	local := loopback.Host(host)
	switch {
	case err != nil:
		refuse("--listen %s: want host:port, such as 127.0.0.1:8080", o.listen)
	case !local && o.tokenFile == "":
		refuse("--listen %s is reachable from other machines: add --token-file, so that only those who know a token see the data; "+
			"or listen on 127.0.0.1 behind a proxy that authenticates viewers (--trust-header)", o.listen)
	case !local && o.trustHeader != "":
		refuse("--trust-header %s: other machines can reach --listen %s and send the header themselves; listen on 127.0.0.1", o.trustHeader, o.listen)
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		refuse("--tls-cert and --tls-key go together")
	}
	if o.trustHeader != "" && !header.MatchString(o.trustHeader) {
		refuse("--trust-header %q: want the name of a header, such as X-Forwarded-User", o.trustHeader)
	}
	if o.trustHeader != "" && o.publicURL == "" {
		refuse("--trust-header %s needs --public-url: the page answers at the proxy's address", o.trustHeader)
	}
	if o.publicURL != "" {
		if u, err := url.Parse(o.publicURL); err != nil || !plainOrigin(u) || u.Path != "" && u.Path != "/" {
			refuse("--public-url %s: want https://host or https://host:port, without a path", o.publicURL)
		}
	}
	for _, origin := range o.embed {
		if u, err := url.Parse(origin); err != nil || !plainOrigin(u) || u.Path != "" || u.String() != origin {
			refuse("--embed-origin %s: want an origin such as https://wiki.example.com, without a path or a wildcard", origin)
		}
	}
	return errors.Join(problems...)
}

// host matches a host name or address with or without a port. What it does not match could change the meaning of a Content
// Security Policy: spaces, semicolons, commas, quotes, wildcards.
var host = regexp.MustCompile(`^([0-9A-Za-z._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`)

// plainOrigin reports whether an address has only a scheme, a host and maybe a path.
func plainOrigin(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && host.MatchString(u.Host) && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// apply sets the settings of the server.
func (o *teamOptions) apply(s *server.Options) error {
	listenHost, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return err
	}
	public, err := url.Parse(o.publicURL)
	if err != nil {
		return err
	}
	s.PublicHost, s.EmbedOrigins = public.Host, o.embed
	s.AnyHost = !loopback.Host(listenHost) && o.publicURL == "" // the token keeps others out, also if their page uses another name for this machine
	s.Access = access.Options{
		Header: textproto.CanonicalMIMEHeaderKey(o.trustHeader),
		Secure: cmp.Or(public.Scheme, o.scheme()) == "https",
	}
	if o.tokenFile != "" {
		s.Access.Tokens, err = access.ReadTokens(o.tokenFile)
		if err != nil {
			return fmt.Errorf("--token-file: %w", err)
		}
	}
	return nil
}

func (o *teamOptions) scheme() string {
	if o.tlsCert != "" {
		return "https"
	}
	return "http"
}

// clear reports whether the token goes over the network unencrypted.
func (o *teamOptions) clear() bool {
	h, _, _ := net.SplitHostPort(o.listen)
	return o.tokenFile != "" && o.scheme() == "http" && !loopback.Host(h)
}

// serveOn serves on a listener, with TLS if the options say so.
func (o *teamOptions) serveOn(s *http.Server, l net.Listener) error {
	if o.tlsCert == "" {
		return s.Serve(l)
	}
	return s.ServeTLS(l, "", "")
}

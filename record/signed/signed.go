// Package signed says how requests with a signature, a token or credentials may travel: never after a redirect, and never through a
// proxy that could read them. It does not sign.
package signed

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
)

// Proxy is what an [http.Transport] asks for the proxy of a request. It returns nil to send the request directly.
type Proxy func(*http.Request) (*url.URL, error)

// Route returns the Proxy of a client that sends signed requests. HTTP clients also ask it before they follow a redirect.
//
//   - It refuses redirects. The AWS SDK's client follows 307 and 308 with the whole signed request (awshttp.BuildableClient), and other
//     redirects with the tokens of credentials. AWS does not redirect, but proxies and captive portals do.
//   - It sends requests to metadata services directly. They are link-local: a proxy would ask those of its own machine.
//   - It sends requests without encryption directly. A proxy could read their tokens and answer with credentials of its own.
//
// The proxy of any other request is what proxy says.
func Route(proxy Proxy) Proxy {
	return func(req *http.Request) (*url.URL, error) {
		if req.Response != nil { // the redirect that caused this request
			return nil, &redirectError{req.URL.Redacted()}
		}
		if req.URL.Scheme != "https" || ToMetadata(req.URL) {
			return nil, nil
		}
		return proxy(req)
	}
}

// redirectError says that an answer redirects a signed request to another address.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the answer redirects to %s, but a signed request follows no redirect; is a proxy or a captive portal in between?", e.to)
}

// CanceledError makes the AWS SDK not try again (retry.NoRetryCanceledError).
func (*redirectError) CanceledError() bool { return true }

// awsLocal has the IPv6 addresses of the metadata services: fd00:ec2::254 for instances ("Access instance metadata", EC2 User
// Guide), fd00:ec2::23 for pods ("EKS Pod Identity", EKS User Guide). Their IPv4 addresses are in 169.254.0.0/16.
var awsLocal = netip.MustParsePrefix("fd00:ec2::/32")

// ToMetadata reports whether a URL is that of a metadata service: at a link-local address, or at one of AWS's own for this.
func ToMetadata(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && (ip.IsLinkLocalUnicast() || awsLocal.Contains(ip.WithZone("")))
}

package status

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// ForHost serves requests to the host of a listening address, and to loopback, only. A page in a browser on this machine could
// otherwise read the answers: it makes its own name point to this machine, and the browser takes both for one site (DNS
// rebinding). Such a request carries the page's name in its Host header. If the address is reachable from other machines,
// requests to any IP address and to this machine's host name are served too: no page has these for a name.
func ForHost(address string, h http.Handler) http.Handler {
	listen := hostOf(address)
	own, err := os.Hostname()
	if err != nil {
		own = ""
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostOf(r.Host); !serves(listen, own, host) {
			http.Error(w, fmt.Sprintf("host %q is not served here; ask %s", host, address), http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func serves(listen, own, host string) bool {
	ip, err := netip.ParseAddr(host)
	isIP := err == nil
	switch {
	case host == "localhost" || isIP && ip.Unmap().IsLoopback() || host == listen:
		return true
	case loopback(listen):
		return false
	}
	return isIP || own != "" && host == strings.ToLower(own)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// hostOf is the host of an address, with or without a port, in lower case.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

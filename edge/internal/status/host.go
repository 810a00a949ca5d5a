package status

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// ForHost serves only requests whose Host header names the listening address or loopback. Without this, a page in a browser on this machine
// could read the answers: the page's DNS server lets the page's host name resolve to this machine, and the browser then takes this
// collector for a part of the page's site (DNS rebinding). The Host header of such a request has the page's name. If other machines can
// reach the address, ForHost also serves requests to any IP address and to this machine's host name, because no page can have these names.
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
	switch {
	case loopback.Host(host) || host == listen:
		return true
	case loopback.Host(listen):
		return false
	}
	_, err := netip.ParseAddr(host)
	return err == nil || own != "" && host == strings.ToLower(own)
}

// hostOf returns the host of an address, in lower case. The address may have a port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

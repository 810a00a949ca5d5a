// Package loopback says which hosts and addresses are this machine and nothing else. The programs decide by it where they listen,
// which Host headers they answer, and where they send over plain HTTP.
package loopback

import (
	"net"
	"net/netip"
	"strings"
)

// Host reports whether a host is of the loopback interface: an address, also in brackets, or localhost in any case, also with the
// dot at its end. A name below localhost is not: RFC 6761 wants it to be, but Go's resolver asks a DNS server for it.
func Host(host string) bool {
	host = strings.TrimSuffix(host, ".")
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// Address is [Host] for a host with or without a port, such as an address to listen on or a Host header.
func Address(address string) bool {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return Host(host)
	}
	return Host(address)
}

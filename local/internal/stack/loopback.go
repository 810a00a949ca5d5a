package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// CheckListen returns an error if a program must not listen on an address. The address is host:port. Unless allowRemote is set, the
// host must be of the loopback interface.
func CheckListen(address string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q: want host:port, such as 127.0.0.1:4566, port 0 for any", address)
	}
	if !allowRemote && !isLoopback(host) {
		return fmt.Errorf("%q is reachable from other machines: add --allow-remote if everyone there may put records", address)
	}
	return nil
}

// isLoopback reports whether a host is of the loopback interface: one of its addresses, localhost, or a name that ends in .localhost.
// It is the only rule about loopback in this module.
func isLoopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}

func listen(ctx context.Context, o Options) (net.Listener, error) {
	if err := CheckListen(o.Listen, o.AllowRemote); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: the port is in use; choose another, or port 0 for any", o.Listen)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", o.Listen, err)
	}
	return listener, nil
}

// isLoopbackHost reports whether a Host header names the loopback interface.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return isLoopback(strings.TrimSuffix(host, "."))
}

package stack

import (
	"context"
	"fmt"
	"net"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// CheckListen returns an error if a program must not listen on an address. The address is host:port. Unless allowRemote is set, the
// host must be of the loopback interface.
func CheckListen(address string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q: want host:port, such as 127.0.0.1:4566, port 0 for any", address)
	}
	if !allowRemote && !loopback.Host(host) {
		return fmt.Errorf("%q is reachable from other machines: add --allow-remote if everyone there may put records", address)
	}
	return nil
}

func listen(ctx context.Context, o Options) (net.Listener, error) {
	if err := CheckListen(o.Listen, o.AllowRemote); err != nil {
		return nil, err
	}
	return program.Listen(ctx, "listen on", o.Listen)
}

package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ErrPortInUse says that another program listens on an address.
var ErrPortInUse = errors.New("the port is in use; choose another, or port 0 for any")

// wsaeAddrInUse is what Windows answers instead of [syscall.EADDRINUSE], which has a made-up number there. Other systems do not use
// the number. Source: "Windows Sockets Error Codes", WSAEADDRINUSE.
const wsaeAddrInUse = syscall.Errno(10048)

// Listen listens on a TCP address, host:port. option names the address in errors, for example "--listen". If another program listens
// there, the error wraps [ErrPortInUse].
func Listen(ctx context.Context, option, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeAddrInUse) {
		err = ErrPortInUse
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", option, address, err)
	}
	return l, nil
}

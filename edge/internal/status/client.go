package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// ErrNotRunning says that no collector answers.
var ErrNotRunning = errors.New("no collector is running")

// maxReport is the longest answer that is read, in bytes. A report has a few kB.
const maxReport = 1 << 20

// Fetch gets the report of the collector that listens on a socket. If nothing listens there, the error wraps [ErrNotRunning].
func Fetch(ctx context.Context, socket string) (r Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://edge/status", nil)
	if err != nil {
		return r, err
	}
	resp, err := client.Do(req)
	err = explain(socket, err)
	switch {
	case errors.Is(err, ErrNoSocket):
		return r, fmt.Errorf("ask the collector: %w", err)
	case err != nil && missing(socket), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaeConnRefused):
		return r, fmt.Errorf("%w at %s", ErrNotRunning, socket)
	case errors.Is(err, fs.ErrPermission):
		return r, fmt.Errorf("ask the collector: %w; run this as the collector's user or as root", err)
	case err != nil:
		return r, fmt.Errorf("ask the collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, fmt.Errorf("ask the collector: %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReport)).Decode(&r); err != nil {
		return r, fmt.Errorf("read the collector's answer: %w", err)
	}
	return r, nil
}

// missing says if a file does not exist. Systems have different errors for a connection to a socket that does not exist.
func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNoSocket says that the system cannot have a socket at the path.
var ErrNoSocket = errors.New("the system cannot have this socket")

// The numbers of two errors on Windows, for which package syscall has made-up numbers. Other systems do not use them. Source: "Windows
// Sockets Error Codes".
const (
	wsaeAFNoSupport = syscall.Errno(10047)
	wsaeConnRefused = syscall.Errno(10061)
)

// shortPath is a length in bytes that every system allows for a socket's path: Linux allows 107, macOS 103 (unix(7), unix(4)).
const shortPath = 100

// explain names the cause if the system cannot have a socket at the path.
func explain(path string, err error) error {
	switch {
	case len(path) > shortPath && errors.Is(err, syscall.EINVAL): // the system only says "invalid argument"
		return fmt.Errorf("%w: %s has %d bytes; use a --spool-dir of less than %d", ErrNoSocket, path, len(path), shortPath-len("/edge.sock"))
	case errors.Is(err, wsaeAFNoSupport):
		return fmt.Errorf("%w: Windows has Unix sockets since version 1803 and Server 2019; use --listen instead", ErrNoSocket)
	}
	return err
}

// Socket returns the path of the socket in a spool's directory.
func Socket(spoolDir string) string { return filepath.Join(spoolDir, "edge.sock") }

// Handler serves /status (JSON), /metrics (Prometheus) and /healthz. /healthz answers 200 while the collector is healthy, else 503, and
// lists what fails.
func Handler(report func() Report) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report()) // an error means that the client is gone
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", metricsType)
		_ = WriteMetrics(w, report(), time.Now())
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		r := report()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !r.Healthy {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "a sample was due %.0f s ago and was not taken\n", r.OverdueS)
			return
		}
		fmt.Fprintln(w, "ok")
		for _, p := range r.Problems {
			fmt.Fprintf(w, "%s is failing since %s: %s\n", p.Subject, p.Since.UTC().Format(time.RFC3339), p.Error)
		}
	})
	return mux
}

// Serve answers on a listener until the context ends.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ListenSocket listens on a socket file that only its owner may use. It removes a socket that an earlier process left. While the caller holds
// the spool's lock, no other process uses the socket. If the caller could not lock the spool because of an error, the removed socket may
// be that of a running process, which edge status then does not reach any more.
func ListenSocket(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, explain(path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

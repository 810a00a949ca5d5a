// Linux only: it is about the messages to systemd.

package run_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestServiceManager: the service manager gets start, reload and stop, and regular watchdog messages.
func TestServiceManager(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	t.Setenv("WATCHDOG_USEC", "200000")
	var mu sync.Mutex // guards told
	var told []string
	go func() {
		buf := make([]byte, 256)
		for {
			n, err := socket.Read(buf)
			if err != nil {
				return
			}
			mu.Lock()
			told = append(told, string(buf[:n]))
			mu.Unlock()
		}
	}()
	has := func(want ...string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(strings.Join(told, " "), strings.Join(want, " "))
		}
	}
	var log buffer
	o := options(t, &log)
	reload := make(chan os.Signal, 1)
	o.Reload = reload
	edge := start(t, o, &log)
	edge.await("ready", has("READY=1"))
	edge.await("alive", has("WATCHDOG=1 WATCHDOG=1"))
	reload <- syscall.SIGHUP
	edge.await("reloading", has("RELOADING=1")) // the message also has the time
	edge.logs("were read again")
	edge.finish()
	edge.await("stopping", has("STOPPING=1"))
}

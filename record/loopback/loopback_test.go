package loopback

import (
	"strings"
	"testing"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.1.2.3": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"localhost": true, "LOCALHOST": true, "localhost.": true,

		"": false, "0.0.0.0": false, "::": false, "192.0.2.1": false, "128.0.0.1": false, "0177.0.0.1": false, "127.1": false,
		"example.org": false, "localhost.example.org": false, "notlocalhost": false, "127.0.0.1.example.org": false,
		"a.localhost": false, "localhost..": false, "localhost.localdomain": false,
	} {
		if got := Host(host); got != want {
			t.Errorf("host %q: %v, want %v", host, got, want)
		}
		if got := Address(host); got != want {
			t.Errorf("address %q: %v, want %v", host, got, want)
		}
		withPort := host + ":80"
		if strings.Contains(host, ":") {
			withPort = "[" + strings.Trim(host, "[]") + "]:80"
		}
		if got := Address(withPort); got != want {
			t.Errorf("address %q: %v, want %v", withPort, got, want)
		}
	}
}

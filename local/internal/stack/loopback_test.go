package stack

import "testing"

// The rule about loopback is the same for addresses to listen on and for Host headers.
func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.1.2.3": true, "::1": true, "[::1]": true, "localhost": true, "LOCALHOST": true, "a.localhost": true,
		"::ffff:127.0.0.1": true,
		"":                 false, "0.0.0.0": false, "::": false, "192.0.2.1": false, "128.0.0.1": false, "example.org": false, "localhost.example.org": false,
		"notlocalhost": false, "127.0.0.1.example.org": false, "0177.0.0.1": false, "127.1": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
		bracketed := host
		if host == "::1" || host == "::" || host == "::ffff:127.0.0.1" {
			bracketed = "[" + host + "]"
		}
		if got := isLoopbackHost(bracketed + ":80"); got != want {
			t.Errorf("Host %q: %v", bracketed+":80", got)
		}
		if err := CheckListen(bracketed+":0", false); (err == nil) != want {
			t.Errorf("listen on %q: %v", bracketed+":0", err)
		}
		if err := CheckListen(bracketed+":0", true); err != nil {
			t.Errorf("listen on %q with other machines: %v", bracketed+":0", err)
		}
	}
	for _, host := range []string{"localhost.", "localhost.:80", "127.0.0.1"} {
		if !isLoopbackHost(host) {
			t.Errorf("Host %q is refused", host)
		}
	}
}

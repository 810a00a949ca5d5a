package stack

import "testing"

// Other machines reach an address only if that is allowed. Package loopback has the rule.
func TestCheckListen(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:0": true, "localhost:0": true, "LOCALHOST:80": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "192.0.2.1:0": false, "localhost.example.org:0": false,
	} {
		if err := CheckListen(address, false); (err == nil) != want {
			t.Errorf("listen on %q: %v", address, err)
		}
		if err := CheckListen(address, true); err != nil {
			t.Errorf("listen on %q with other machines: %v", address, err)
		}
	}
	if err := CheckListen("127.0.0.1", true); err == nil {
		t.Error("an address without a port is taken")
	}
}

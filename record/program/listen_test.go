package program

import (
	"errors"
	"strings"
	"testing"
)

// TestListenTwice: the error names the option and says what to do, on Windows too, which has another number for it.
func TestListenTwice(t *testing.T) {
	first, err := Listen(t.Context(), "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	address := first.Addr().String()
	_, err = Listen(t.Context(), "--listen", address)
	if !errors.Is(err, ErrPortInUse) || !strings.HasPrefix(err.Error(), "--listen "+address+": the port is in use") {
		t.Errorf("a second one on the port: %v", err)
	}
	if _, err := Listen(t.Context(), "--listen", "127.0.0.1:http:x"); err == nil || errors.Is(err, ErrPortInUse) {
		t.Errorf("an address that is wrong: %v", err)
	}
}

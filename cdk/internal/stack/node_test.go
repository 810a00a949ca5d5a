package stack_test

import (
	"os"
	"os/exec"
	"testing"
)

// requireNode skips a test where Node.js is missing; in CI its absence is a failure.
func requireNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the CDK needs Node.js: %v", err)
		}
		t.Skipf("the CDK needs Node.js: %v", err)
	}
}

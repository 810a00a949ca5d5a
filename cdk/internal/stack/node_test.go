package stack_test

import (
	"os"
	"os/exec"
	"testing"
)

// requireNode skips the test if Node.js is missing. In CI the test fails instead.
func requireNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the CDK needs Node.js: %v", err)
		}
		t.Skipf("the CDK needs Node.js: %v", err)
	}
}

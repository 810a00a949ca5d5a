// Package nodetest is for tests that need Node.js, as all that build a stack do.
package nodetest

import (
	"os"
	"os/exec"
	"testing"
)

// Require skips the test if Node.js is missing. In CI the test fails instead.
func Require(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the CDK needs Node.js: %v", err)
		}
		t.Skipf("the CDK needs Node.js: %v", err)
	}
}

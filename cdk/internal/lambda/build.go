// Package lambda builds the binaries of Lambda functions: the same source and Go version give the same bytes, whatever the
// machine, the folder and the user's Go settings. It needs no Docker and uploads nothing.
package lambda

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Bootstrap is the name of the binary that runtime provided.al2023 starts.
const Bootstrap = "bootstrap"

// Build compiles the main package pkg (such as "./cmd/transform") of the module in folder module for linux/arm64, into
// dir/bootstrap. The error holds the compiler's output.
func Build(ctx context.Context, module, pkg, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	target := filepath.Join(dir, Bootstrap)
	cmd := exec.CommandContext(ctx, "go", "build",
		"-trimpath",       // no folder of this machine
		"-buildvcs=false", // no commit: an unrelated one would deploy the function again
		"-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid=",
		"-o", target, pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(),
		"GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", // the user's own would change the bytes
		"GOWORK=off", // other modules of the repository must not choose this one's versions
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w: %s", pkg, module, err, strings.TrimSpace(string(out)))
	}
	// The mode goes into the zip; Lambda must be able to start the file whatever the umask here.
	if err := os.Chmod(target, 0o755); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

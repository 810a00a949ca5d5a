// Package lambda builds the deployment packages of Lambda functions. The same source and Go version give the same bytes on
// every machine and operating system, in every folder and with any Go settings. It needs no Docker and uploads nothing.
package lambda

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Bootstrap is the name of the binary that runtime provided.al2023 starts.
const Bootstrap = "bootstrap"

// Build compiles the main package pkg (for example "./cmd/transform") of the module in folder module for linux/arm64. It
// writes the zip file target in the form that Lambda takes. The error holds the compiler's output.
func Build(ctx context.Context, module, pkg, target string) error {
	dir, err := os.MkdirTemp("", "lambda-*")
	if err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, Bootstrap)
	cmd := exec.CommandContext(ctx, "go", "build",
		"-trimpath",       // the binary must not contain this machine's folders
		"-buildvcs=false", // with the commit, an unrelated change would deploy the function again
		"-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid=",
		"-o", binary, pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(),
		"GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", // the user's values would change the bytes
		"GOWORK=off", // the repository's other modules must not change this module's versions
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w: %s", pkg, module, err, strings.TrimSpace(string(out)))
	}
	if err := pack(binary, target); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

// pack writes a zip file that holds only the binary, with mode 0755. The CDK would take the mode from the file system. On
// Windows the mode has no executable bit, and the function would fail with "permission denied" (github.com/aws/aws-cdk, issue
// 10776; github.com/aws/aws-lambda-go, issue 13).
func pack(binary, target string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	file, err := os.Create(target)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	archive := zip.NewWriter(file)
	// A zip file's first possible date. With the current time each deployment would have a new asset.
	header := &zip.FileHeader{Name: Bootstrap, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := entry.Write(content); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}

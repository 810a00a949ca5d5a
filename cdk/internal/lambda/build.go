// Package lambda builds the deployment packages of Lambda functions: the same source and Go version give the same bytes,
// whatever the machine, its operating system, the folder and the user's Go settings. It needs no Docker and uploads nothing.
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

// Build compiles the main package pkg (such as "./cmd/transform") of the module in folder module for linux/arm64, and writes
// it as Lambda takes it into the zip file target. The error holds the compiler's output.
func Build(ctx context.Context, module, pkg, target string) error {
	dir, err := os.MkdirTemp("", "lambda-*")
	if err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, Bootstrap)
	cmd := exec.CommandContext(ctx, "go", "build",
		"-trimpath",       // no folder of this machine
		"-buildvcs=false", // no commit: an unrelated one would deploy the function again
		"-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid=",
		"-o", binary, pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(),
		"GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", // the user's own would change the bytes
		"GOWORK=off", // other modules of the repository must not choose this one's versions
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w: %s", pkg, module, err, strings.TrimSpace(string(out)))
	}
	if err := pack(binary, target); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

// pack writes a zip file with the binary alone, which everybody may start. The CDK would take the mode from the file system,
// and that of Windows has no such bit: the function would end with "permission denied" (github.com/aws/aws-cdk, issue 10776;
// github.com/aws/aws-lambda-go, issue 13).
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
	// The first day that zip files know: a time of now would be another asset with each deployment.
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

package main

import (
	"archive/tar"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const epoch = "1767225600"

// makeImage makes an image of two platforms in a new directory.
func makeImage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "program")
	if err := os.WriteFile(file, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "layout")
	err := run([]string{
		"--name", "edge", "--data", "/var/lib/metrics-edge", "--licenses", file, "--version", "1.2.3", "--revision", "abc", "--out", out,
		"linux/amd64=" + file, "linux/arm/v7=" + file,
	}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImage(t *testing.T) {
	index, err := layout.ImageIndexFromPath(makeImage(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkConfig(t, image)
		checkFiles(t, image)
	}
	if got := strings.Join(platforms, " "); got != "linux/amd64 linux/arm/v7" {
		t.Errorf("the index has %s", got)
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "65532:65532" || c.Entrypoint[0] != "/edge" || c.Labels["org.opencontainers.image.version"] != "1.2.3" {
		t.Errorf("configuration is %+v", c)
	}
}

func checkFiles(t *testing.T, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	found := map[string]tar.Header{}
	pool := x509.NewCertPool()
	for files := tar.NewReader(content); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = *h
		body, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		if "/"+h.Name == certificates && !pool.AppendCertsFromPEM(body) {
			t.Error("the file of certificates has none")
		}
	}
	for _, want := range []struct {
		name string
		mode int64
		uid  int
	}{{"edge", 0o755, 0}, {"tmp/", 0o1777, 0}, {"var/", 0o755, 0}, {"var/lib/", 0o755, 0}, {"var/lib/metrics-edge/", 0o700, owner}} {
		if h, ok := found[want.name]; !ok || h.Mode != want.mode || h.Uid != want.uid || h.ModTime.Unix() != 1767225600 {
			t.Errorf("%s in the layer is %+v", want.name, h)
		}
	}
	if _, ok := found[strings.TrimPrefix(certificates, "/")]; !ok {
		t.Error("the layer has no certificates")
	}
}

// TestReproducible: equal input makes equal bytes. The names of blobs are their hashes.
func TestReproducible(t *testing.T) {
	read := func() string {
		index, err := os.ReadFile(filepath.Join(makeImage(t), "index.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(index)
	}
	if one, two := read(), read(); one != two {
		t.Errorf("two runs differ:\n%s\n%s", one, two)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		epoch, says string
		args        []string
	}{
		{"", "SOURCE_DATE_EPOCH", nil},
		{epoch, "want --name", nil},
		{epoch, "want a platform and a file", []string{"linux/amd64"}},
	} {
		if err := run(c.args, c.epoch); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: error %v, want %q", c.args, err, c.says)
		}
	}
}

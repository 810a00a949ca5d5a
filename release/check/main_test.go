package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program builds a program that is called edge, and returns it. It has no modules besides its own.
func program(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "go.mod"), "module github.com/metrics-dashboard/metrics-dashboard/edge\n\ngo 1.26\n")
	put(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", "edge", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return read(t, filepath.Join(dir, "edge"))
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pack writes an archive with one file, and its SBOM.
func pack(t *testing.T, file, version, name string, content []byte) {
	t.Helper()
	var out bytes.Buffer
	if strings.HasSuffix(file, ".zip") {
		w := zip.NewWriter(&out)
		f, err := w.CreateHeader(&zip.FileHeader{Name: name + ".exe", Method: zip.Store})
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
	} else {
		packed, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(packed)
		err = w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o755})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil || w.Close() != nil || packed.Close() != nil {
			t.Fatal(err)
		}
	}
	put(t, file, out.String())
	put(t, strings.TrimSuffix(strings.TrimSuffix(file, ".zip"), ".tar.gz")+".cdx.json", sbomOf(t, version, content))
}

func sbomOf(t *testing.T, version string, content []byte) string {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	purl := func(path, version string) string { return "pkg:golang/" + path + "@" + version + "?type=module" }
	components := []any{map[string]any{"type": "library", "name": "std", "version": info.GoVersion, "purl": purl("std", info.GoVersion)}}
	for _, m := range info.Deps {
		hash, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:"))
		if err != nil {
			t.Fatal(err)
		}
		c := map[string]any{"type": "library", "name": m.Path, "version": m.Version, "purl": purl(m.Path, m.Version)}
		if len(hash) > 0 {
			c["hashes"] = []any{map[string]any{"alg": "SHA-256", "content": fmt.Sprintf("%x", hash)}}
		}
		components = append(components, c)
	}
	text, err := json.Marshal(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components,
		"metadata": map[string]any{
			"component":  map[string]any{"type": "application", "name": info.Main.Path, "version": version},
			"properties": []any{map[string]any{"name": "cdx:gomod:binary:hash:SHA-256", "value": fmt.Sprintf("%x", sha256.Sum256(content))}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const version = "1.2.3"

// files are the manifests of a release. A name in braces stands for the SHA-256 of the archive for this system.
var files = map[string]string{
	"metadata.json": `{"version": "1.2.3", "tag": "v1.2.3"}`,
	"scoop/metrics-edge.json": `{"version": "1.2.3", "homepage": "https://example.org", "license": "MIT", "architecture": {
		"64bit": {"url": "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v1.2.3/edge_1.2.3_windows_amd64.zip", "bin": ["edge.exe"], "hash": "{windows_amd64}"},
		"arm64": {"url": "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v1.2.3/edge_1.2.3_windows_arm64.zip", "bin": ["edge.exe"], "hash": "{windows_arm64}"}}}`,
	"homebrew/Casks/metrics-edge.rb": `# This file was generated.
cask "metrics-edge" do
  version "1.2.3"

  on_macos do
    on_intel do
      sha256 "{darwin_amd64}"
      url "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v#{version}/edge_#{version}_darwin_amd64.tar.gz"
    end
    on_arm do
      sha256 "{darwin_arm64}"
      url "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v#{version}/edge_#{version}_darwin_arm64.tar.gz"
    end
  end

  on_linux do
    on_intel do
      sha256 "{linux_amd64}"
      url "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v#{version}/edge_#{version}_linux_amd64.tar.gz"
    end
    on_arm do
      sha256 "{linux_arm64}"
      url "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v#{version}/edge_#{version}_linux_arm64.tar.gz"
    end
  end

  name "metrics-edge"

  binary "edge"
  manpage "man/edge.1"

  postflight do
    system_command "/usr/bin/xattr", args: ["-dr", "com.apple.quarantine", "#{staged_path}/edge"]
  end
end
`,
	"winget/manifests/m/MetricsDashboard/Edge/1.2.3/MetricsDashboard.Edge.yaml": `PackageIdentifier: MetricsDashboard.Edge
PackageVersion: 1.2.3
DefaultLocale: en-US
ManifestType: version
ManifestVersion: 1.12.0
`,
	"winget/manifests/m/MetricsDashboard/Edge/1.2.3/MetricsDashboard.Edge.locale.en-US.yaml": `PackageIdentifier: MetricsDashboard.Edge
PackageVersion: 1.2.3
PackageLocale: en-US
Publisher: Metrics Dashboard
PackageName: edge
License: MIT
ShortDescription: Collector
ManifestType: defaultLocale
ManifestVersion: 1.12.0
`,
	"winget/manifests/m/MetricsDashboard/Edge/1.2.3/MetricsDashboard.Edge.installer.yaml": `PackageIdentifier: MetricsDashboard.Edge
PackageVersion: 1.2.3
InstallerType: zip
ReleaseDate: "2026-01-01"
Installers:
  - Architecture: x64
    NestedInstallerType: portable
    NestedInstallerFiles:
      - RelativeFilePath: edge.exe
    InstallerUrl: https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v1.2.3/edge_1.2.3_windows_amd64.zip
    InstallerSha256: {windows_amd64}
  - Architecture: arm64
    NestedInstallerType: portable
    NestedInstallerFiles:
      - RelativeFilePath: edge.exe
    InstallerUrl: https://github.com/metrics-dashboard/metrics-dashboard/releases/download/v1.2.3/edge_1.2.3_windows_arm64.zip
    InstallerSha256: {windows_arm64}
ManifestType: installer
ManifestVersion: 1.12.0
`,
}

// makeRelease makes the files of a release in the folders dist and native of a new directory.
func makeRelease(t *testing.T, edge, self []byte) (dist, native string) {
	t.Helper()
	dist, native = filepath.Join(t.TempDir(), "dist"), filepath.Join(t.TempDir(), "native")
	systems := map[string]string{}
	for _, system := range []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "linux_armv7", "windows_amd64", "windows_arm64"} {
		suffix := ".tar.gz"
		if strings.HasPrefix(system, "windows") {
			suffix = ".zip"
		}
		file := filepath.Join(dist, "edge_"+version+"_"+system+suffix)
		pack(t, file, "v"+version, "edge", append(slices.Clone(edge), system...)) // all have other sums
		systems["{"+system+"}"] = fmt.Sprintf("%x", sha256.Sum256(read(t, file)))
	}
	pack(t, filepath.Join(native, "release_"+version+"_linux_amd64.tar.gz"), "v"+version, "release", self)
	put(t, filepath.Join(dist, "metrics-edge_1.2.3_amd64.deb"), "a package")
	for name, text := range files {
		for system, sum := range systems {
			text = strings.ReplaceAll(text, system, sum)
		}
		put(t, filepath.Join(dist, name), text)
	}
	sum(t, dist, native)
	return dist, native
}

// sum writes SHA256SUMS.
func sum(t *testing.T, dist, native string) {
	t.Helper()
	var lines strings.Builder
	for _, dir := range []string{dist, native} {
		names, err := filepath.Glob(filepath.Join(dir, "*_*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(read(t, name)), filepath.Base(name))
		}
	}
	put(t, filepath.Join(dist, "SHA256SUMS"), lines.String())
}

// TestWrongFiles makes a release, and then puts each fault in turn into it.
func TestWrongFiles(t *testing.T) {
	edge := program(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self := read(t, executable) // it has modules
	dist, native := makeRelease(t, edge, self)
	var out strings.Builder
	if err := run([]string{dist, native}, &out); err != nil || !strings.Contains(out.String(), "the SBOMs of 8 programs") {
		t.Fatalf("a right release: %v, %s", err, out.String())
	}
	const (
		cask      = "homebrew/Casks/metrics-edge.rb"
		scoop     = "scoop/metrics-edge.json"
		winget    = "winget/manifests/m/MetricsDashboard/Edge/1.2.3/MetricsDashboard.Edge"
		installer = winget + ".installer.yaml"
		sbom      = "edge_1.2.3_linux_amd64.cdx.json"
		ours      = "release_1.2.3_linux_amd64.cdx.json"
	)
	for name, c := range map[string]struct {
		file, old, new string
		want           string
		summed         bool // SHA256SUMS has the sum of the wrong file
	}{
		"version of Scoop":             {scoop, `"version": "1.2.3"`, `"version": "1.2.2"`, "its version is 1.2.2, want 1.2.3", false},
		"not JSON":                     {scoop, `{"version"`, `{version"`, "scoop", false},
		"unknown key of Scoop":         {scoop, `"homepage"`, `"homepag"`, "additional properties 'homepag' not allowed", false},
		"address of Scoop":             {scoop, "v1.2.3/edge_1.2.3_windows_arm64", "v1.2.2/edge_1.2.3_windows_arm64", "does not begin with", false},
		"swapped in Scoop":             {scoop, `"64bit"`, `"32bit"`, "32bit has ", false},
		"lacks one in Scoop":           {scoop, "edge_1.2.3_windows_arm64", "edge_1.2.3_windows_amd64", "edge_1.2.3_windows_arm64.zip is missing", false},
		"sum of Scoop":                 {scoop, `"hash": "`, `"hash": "md5:`, "scoop", false},
		"version of winget":            {winget + ".yaml", "PackageVersion: 1.2.3", "PackageVersion: 1.2.2", "version 1.12.0 of MetricsDashboard.Edge 1.2.2", false},
		"winget lacks the licence":     {winget + ".locale.en-US.yaml", "License: MIT\n", "", "missing property 'License'", false},
		"architecture of winget":       {installer, "x64", "x65", "value must be one of", false},
		"swapped in winget":            {installer, "Architecture: x64", "Architecture: arm", "arm has ", false},
		"sum of winget":                {installer, "InstallerSha256: ", "InstallerSha256: 0", "InstallerSha256", false},
		"version in the cask":          {cask, `version "1.2.3"`, `version "1.2.2"`, "version is [\"1.2.2\"]", false},
		"a block without an end":       {cask, "  end\nend\n", "  end\n", "have no end", false},
		"an end too many":              {cask, "  end\nend\n", "  end\nend\nend\n", "no block is open", false},
		"a quote in the cask":          {cask, `name "metrics-edge"`, `name "metrics-edge`, "it is not a stanza", false},
		"unknown stanza":               {cask, "manpage", "manpag", "is not known here", false},
		"the cask has no Linux on Arm": {cask, "linux_arm64.tar.gz", "linux_armv7.tar.gz", "edge_1.2.3_linux_armv7.tar.gz is not an archive for it", false},
		"program of the cask":          {cask, `binary "edge"`, `binary "edg"`, "binary is [\"edg\"]", false},
		"an archive changed":           {"edge_1.2.3_linux_armv7.tar.gz", "", "x", "edge_1.2.3_linux_armv7.tar.gz has the sum", false},
		"all sums but in manifests":    {"edge_1.2.3_darwin_arm64.tar.gz", "", "x", "on_macos on_arm: the SHA-256 of edge_1.2.3_darwin_arm64.tar.gz is", true},
		"a package changed":            {"metrics-edge_1.2.3_amd64.deb", "a", "b", "metrics-edge_1.2.3_amd64.deb has the sum", false},
		"no such file":                 {"SHA256SUMS", "linux_armv7.tar.gz", "linux_armv8.tar.gz", "there is no file edge_1.2.3_linux_armv8.tar.gz", false},
		"tag":                          {"metadata.json", `"v1.2.3"`, `"v1.2.2"`, "the tag of 1.2.3 is v1.2.2", false},
		"an SBOM changed":              {sbom, `"version":"v1.2.3"`, `"version":"v1.2.2"`, "sum", false},
		"version of the SBOM":          {sbom, `"version":"v1.2.3"`, `"version":"v1.2.2"`, "it is about github.com/metrics-dashboard/metrics-dashboard/edge v1.2.2", true},
		"hash of the program":          {sbom, `hash:SHA-256","value":"`, `hash:SHA-256","value":"0`, "but that of the program in the archive is", true},
		"not CycloneDX":                {sbom, `"bomFormat":"CycloneDX"`, `"bomFormat":"SPDX"`, "bomFormat", true},
		"SBOM lacks std":               {sbom, `"name":"std"`, `"name":"st"`, "std@go", true},
		"SBOM lacks a module":          {ours, `"name":"go.yaml.in/yaml/v3"`, `"name":"go.yaml.in/yaml/v4"`, "go.yaml.in/yaml/v3@v3.0.5 is missing", true},
		"version of a module":          {ours, `"version":"v3.0.5"`, `"version":"v3.0.4"`, "go.yaml.in/yaml/v3@v3.0.4", true},
		"hash of a module":             {ours, `"hashes":[{"alg":"SHA-256","content":"`, `"hashes":[{"alg":"SHA-256","content":"00`, "content", true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dist, c.file)
			if c.file == ours {
				file = filepath.Join(native, c.file)
			}
			text := string(read(t, file))
			changed := strings.Replace(text, c.old, c.new, 1)
			if changed == text {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			sums := string(read(t, filepath.Join(dist, "SHA256SUMS")))
			put(t, file, changed)
			if c.summed {
				sum(t, dist, native)
			}
			defer func() {
				put(t, filepath.Join(dist, "SHA256SUMS"), sums)
				put(t, file, text)
			}()
			if err := run([]string{dist, native}, &out); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	removed := slices.Sorted(maps.Keys(files))
	for _, name := range append(removed, sbom, "edge_1.2.3_windows_amd64.zip", "SHA256SUMS") {
		t.Run("without "+name, func(t *testing.T) {
			file, sums := filepath.Join(dist, name), string(read(t, filepath.Join(dist, "SHA256SUMS")))
			text := string(read(t, file))
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(name, "SUMS") {
				sum(t, dist, native)
			}
			defer func() {
				put(t, filepath.Join(dist, "SHA256SUMS"), sums)
				put(t, file, text)
			}()
			if err := run([]string{dist, native}, &out); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
				t.Errorf("error %v", err)
			}
		})
	}
	if err := run([]string{dist, native}, &out); err != nil {
		t.Errorf("the right release at the end: %v", err)
	}
}

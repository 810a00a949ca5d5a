package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkSBOMs compares each SBOM of a folder with the program in the archive beside it. An SBOM has the name of its archive. It returns the
// number of archives.
func checkSBOMs(folder string) (int, error) {
	const sbom = ".cdx.json"
	archives := map[string]string{}
	var problems []error
	for _, suffix := range []string{".tar.gz", ".zip", sbom} {
		files, err := filepath.Glob(filepath.Join(folder, "*_*"+suffix))
		if err != nil {
			return 0, err
		}
		for _, file := range files {
			name := strings.TrimSuffix(file, suffix)
			switch {
			case suffix != sbom:
				archives[name] = file
			case archives[name] == "":
				problems = append(problems, fmt.Errorf("%s: there is no archive with this name", file))
			}
		}
	}
	for name, archive := range archives {
		binary, err := programOf(archive)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", archive, err))
			continue
		}
		if err := checkSBOM(name+sbom, binary); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name+sbom, err))
		}
	}
	return len(archives), errors.Join(problems...)
}

// programOf returns the program of an archive, which has the name before the first _ of the archive's.
func programOf(archive string) ([]byte, error) {
	name, _, _ := strings.Cut(filepath.Base(archive), "_")
	if strings.HasSuffix(archive, ".zip") {
		files, err := zip.OpenReader(archive)
		if err != nil {
			return nil, err
		}
		program, err := fs.ReadFile(files, name+".exe")
		return program, errors.Join(err, files.Close())
	}
	f, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unpacked); ; {
		h, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("look for %s: %w", name, err)
		}
		if h.Name == name {
			return io.ReadAll(files)
		}
	}
}

// bom is what the check reads of a document of CycloneDX.
type bom struct {
	BOMFormat, SpecVersion string
	Metadata               struct {
		Component  component
		Properties []struct{ Name, Value string }
	}
	Components []component
}

type component struct {
	Name, Version, Purl string
	Hashes              []struct{ Alg, Content string }
}

// checkSBOM compares an SBOM with what Go wrote into the program: its hash, and the paths, versions and hashes of its modules.
func checkSBOM(file string, binary []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var b bom
	if err := decode(text, "bom-1.6.schema.json", &b); err != nil {
		return err
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("read the modules of the program: %w", err)
	}
	var problems []error
	name, _, _ := strings.Cut(filepath.Base(file), "_")
	_, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".cdx.json"), "_")
	// The version of a release begins with v. That of a file does not.
	if c := b.Metadata.Component; c.Name != info.Main.Path || !strings.HasSuffix(c.Name, "/"+name) || !strings.HasPrefix(version, strings.TrimPrefix(c.Version, "v")+"_") {
		problems = append(problems, fmt.Errorf("it is about %s %s, but the program is %s", c.Name, c.Version, info.Main.Path))
	}
	sum := sha256.Sum256(binary)
	got := ""
	for _, p := range b.Metadata.Properties {
		if p.Name == "cdx:gomod:binary:hash:SHA-256" {
			got = p.Value
		}
	}
	if want := hex.EncodeToString(sum[:]); got != want {
		problems = append(problems, fmt.Errorf("it is about a program whose SHA-256 is %q, but that of the program in the archive is %s", got, want))
	}
	want := map[string]string{"std@" + info.GoVersion: ""}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		want[m.Path+"@"+m.Version] = m.Sum
	}
	for _, c := range b.Components {
		module := c.Name + "@" + c.Version
		sum, ok := want[module]
		if !ok {
			problems = append(problems, fmt.Errorf("the program does not have %s, or it is there twice", module))
			continue
		}
		delete(want, module)
		if !strings.HasPrefix(c.Purl, "pkg:golang/") {
			problems = append(problems, fmt.Errorf("the address of %s is %q", module, c.Purl))
		}
		if err := checkHash(c, sum); err != nil {
			problems = append(problems, err)
		}
	}
	for module := range want {
		problems = append(problems, fmt.Errorf("%s is missing", module))
	}
	return errors.Join(problems...)
}

// checkHash compares the hash of a component with a line of go.sum, h1: and base64. A module of this repository and the standard library
// have no hash.
func checkHash(c component, sum string) error {
	encoded, _ := strings.CutPrefix(sum, "h1:")
	want, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("the program has %s for %s: %w", sum, c.Name, err)
	}
	var got string
	for _, h := range c.Hashes {
		if h.Alg == "SHA-256" {
			got = h.Content
		}
	}
	if got != hex.EncodeToString(want) {
		return fmt.Errorf("the SHA-256 of %s@%s is %q, want %x", c.Name, c.Version, got, want)
	}
	return nil
}

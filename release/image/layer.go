package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// owner is the user and the group that the program runs as. The image has no list of users, so the number has no name.
const owner = 65532

// certificates is where Go looks for root certificates on Linux (crypto/x509, root_linux.go).
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// layer makes the only layer of an image, in memory.
func (i image) layer(file string) (v1.Layer, error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	made := map[string]bool{"/": true}
	add := func(h tar.Header, body []byte) error {
		h.Name, h.Size, h.ModTime, h.Format = strings.TrimPrefix(h.Name, "/"), int64(len(body)), i.date, tar.FormatPAX
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write(body)
		return err
	}
	directory := func(dir string, mode int64, uid int) error {
		if made[dir] {
			return nil
		}
		made[dir] = true
		return add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: mode, Uid: uid, Gid: uid}, nil)
	}
	// parents makes the directories above a name, which belong to root.
	parents := func(name string) error {
		at := ""
		for part := range strings.SplitSeq(strings.Trim(path.Dir(name), "/"), "/") {
			if part == "" {
				continue
			}
			at += "/" + part
			if err := directory(at, 0o755, 0); err != nil {
				return err
			}
		}
		return nil
	}
	regular := func(name string, mode int64, body []byte) error {
		if err := parents(name); err != nil {
			return err
		}
		return add(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, body)
	}
	for _, step := range []func() error{
		func() error { return regular("/"+i.name, 0o755, program) },
		func() error { return regular("/LICENSES.txt", 0o644, i.licenses) },
		func() error { return regular(certificates, 0o644, roots()) },
		func() error { return directory("/tmp", 0o1777, 0) },
		func() error { return parents(i.data) },
		func() error { return directory(i.data, 0o700, owner) },
		w.Close,
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("make the layer: %w", err)
		}
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil }
	return tarball.LayerFromOpener(open)
}

// roots returns Mozilla's root certificates as PEM. Roots with a constraint are left out, because a file of certificates cannot express
// it.
func roots() []byte {
	var buf bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes every write
		}
	}
	return buf.Bytes()
}

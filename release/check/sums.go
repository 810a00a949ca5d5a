package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// checkSums compares SHA256SUMS with the files that it lists. All archives and packages of the folders have to be in it. It keeps the sums
// of those in the first folder.
func (r *release) checkSums(folders []string) error {
	list := filepath.Join(r.dist, "SHA256SUMS")
	listed, err := readSums(list)
	if err != nil {
		return err
	}
	r.sums = map[string]string{}
	var problems []error
	for _, folder := range folders {
		for _, pattern := range []string{"*.tar.gz", "*.zip", "*.deb", "*.rpm", "*.cdx.json"} {
			files, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil {
				return err
			}
			for _, file := range files {
				name := filepath.Base(file)
				sum, err := sumOf(file)
				if err != nil {
					return err
				}
				if listed[name] != sum {
					problems = append(problems, fmt.Errorf("%s: %s has the sum %q, but that of the file is %s", list, name, listed[name], sum))
				}
				delete(listed, name)
				if folder == r.dist {
					r.sums[name] = sum
				}
			}
		}
	}
	for name := range listed {
		problems = append(problems, fmt.Errorf("%s: there is no file %s", list, name))
	}
	return errors.Join(problems...)
}

// readSums reads a list as sha256sum writes it.
func readSums(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || sums[name] != "" {
			return nil, fmt.Errorf("%s: the line %q is not a sum and a new name", file, lines.Text())
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Command check reads the files of a release that other programs rely on, and fails if one of them is wrong: the manifests for winget and
// Scoop, the cask for Homebrew, the SBOMs, and the list of checksums. It downloads nothing: the schemas of these formats are in schemas/,
// as their owners publish them.
//
// Usage: check DIST [DIR…]: the folder that GoReleaser made, and folders of archives that go along with it, such as bin/native. A folder
// need not exist.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "check of the release:\n%v\n", err)
		os.Exit(1)
	}
}

// release is what the files of a release have to say.
type release struct {
	dist    string
	version string
	url     string            // that of the folder of downloads
	sums    map[string]string // SHA-256 in hexadecimal digits by name, of the archives of GoReleaser
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New("want the folder that GoReleaser made")
	}
	r := release{dist: args[0]}
	if err := r.readMetadata(); err != nil {
		return err
	}
	problems := []error{r.checkSums(args), r.checkWinget(), r.checkScoop(), r.checkCask()} // checkSums finds the sums for the others
	binaries := 0
	for _, dir := range args {
		n, err := checkSBOMs(dir)
		binaries += n
		problems = append(problems, err)
	}
	if binaries == 0 {
		problems = append(problems, fmt.Errorf("%s has no archive", r.dist))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "ok: the manifests of %s for winget, Scoop and Homebrew, and the SBOMs of %d programs\n", r.version, binaries)
	return err
}

const releases = "https://github.com/metrics-dashboard/metrics-dashboard/releases/download/"

func (r *release) readMetadata() error {
	text, err := os.ReadFile(filepath.Join(r.dist, "metadata.json"))
	if err != nil {
		return err
	}
	var metadata struct{ Version, Tag string }
	if err := json.Unmarshal(text, &metadata); err != nil {
		return fmt.Errorf("read %s/metadata.json: %w", r.dist, err)
	}
	r.version = metadata.Version
	// A snapshot has the tag of the release before it.
	if !strings.Contains(r.version, "-snapshot.") && metadata.Tag != "v"+r.version {
		return fmt.Errorf("%s/metadata.json: the tag of %s is %s", r.dist, r.version, metadata.Tag)
	}
	r.url = releases + metadata.Tag + "/"
	return nil
}

// download is what a manifest says of an archive.
type download struct{ url, sha256 string }

// checkDownloads compares the archives of a manifest with those of the release: each that a pattern matches, and no other.
func (r *release) checkDownloads(manifest string, got []download, pattern string) error {
	var problems []error
	missing := map[string]bool{}
	for name := range r.sums {
		if ok, err := filepath.Match(pattern, name); err != nil {
			return err
		} else if ok {
			missing[name] = true
		}
	}
	if len(missing) == 0 {
		problems = append(problems, fmt.Errorf("%s: the release has no archive %s", manifest, pattern))
	}
	for _, d := range got {
		name, ok := strings.CutPrefix(d.url, r.url)
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("%s: the address %s does not begin with %s", manifest, d.url, r.url))
		case !missing[name]:
			problems = append(problems, fmt.Errorf("%s: %s is not an archive for it, or is there twice", manifest, name))
		case !strings.EqualFold(d.sha256, r.sums[name]):
			problems = append(problems, fmt.Errorf("%s: the SHA-256 of %s is %s, but that of the file is %s", manifest, name, d.sha256, r.sums[name]))
		}
		delete(missing, name)
	}
	for name := range missing {
		problems = append(problems, fmt.Errorf("%s: %s is missing", manifest, name))
	}
	return errors.Join(problems...)
}

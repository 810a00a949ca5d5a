package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkCask reads the cask for Homebrew. A cask is Ruby. The check knows the part of the language that casks of releases use: blocks, and
// stanzas with texts (https://docs.brew.sh/Cask-Cookbook). It refuses each other line, except within postflight.
func (r *release) checkCask() error {
	file := filepath.Join(r.dist, "homebrew", "Casks", "metrics-edge.rb")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c, err := parseCask(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var problems []error
	for stanza, want := range map[string]string{"cask": "metrics-edge", "version": r.version, "binary": "edge"} {
		if got := c.stanzas[stanza]; !slices.Equal(got, []string{want}) {
			problems = append(problems, fmt.Errorf("%s: %s is %q, want %q", file, stanza, got, want))
		}
	}
	for block, got := range c.downloads {
		got.url = strings.ReplaceAll(got.url, "#{version}", r.version)
		problems = append(problems, r.checkDownloads(file+", "+block, []download{got}, "edge_*_"+systems[block]+".tar.gz"))
	}
	if got, want := slices.Sorted(maps.Keys(c.downloads)), slices.Sorted(maps.Keys(systems)); !slices.Equal(got, want) {
		problems = append(problems, fmt.Errorf("%s: it has files for %q, want %q", file, got, want))
	}
	return errors.Join(problems...)
}

// systems are the names of systems in archives, by the blocks of the cask.
var systems = map[string]string{
	"on_macos on_intel": "darwin_amd64", "on_macos on_arm": "darwin_arm64", "on_linux on_intel": "linux_amd64", "on_linux on_arm": "linux_arm64",
}

type cask struct {
	stanzas   map[string][]string // texts of the stanzas outside of the blocks for a system
	downloads map[string]download // by the blocks around them
}

var (
	opens  = regexp.MustCompile(`^(cask "([^"]*)"|on_macos|on_linux|on_intel|on_arm|livecheck|postflight) do$`)
	stanza = regexp.MustCompile(`^([a-z0-9_]+) "([^"]*)"$`)
	known  = []string{"version", "name", "desc", "homepage", "binary", "manpage", "bash_completion", "zsh_completion", "fish_completion", "skip"}
)

func parseCask(text string) (cask, error) {
	c := cask{stanzas: map[string][]string{}, downloads: map[string]download{}}
	var blocks []string
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		refuse := func(why string) (cask, error) { return c, fmt.Errorf("line %d: %q: %s", n+1, line, why) }
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if line == "end" {
			if len(blocks) == 0 {
				return refuse("no block is open")
			}
			blocks = blocks[:len(blocks)-1]
			continue
		}
		if slices.Contains(blocks, "postflight") {
			continue
		}
		if m := opens.FindStringSubmatch(line); m != nil {
			word, _, _ := strings.Cut(m[1], " ")
			if (word == "cask") != (len(blocks) == 0) {
				return refuse("it is not in the one cask")
			}
			if word == "cask" {
				c.stanzas[word] = append(c.stanzas[word], m[2])
			}
			blocks = append(blocks, word)
			continue
		}
		m := stanza.FindStringSubmatch(line)
		if m == nil || len(blocks) == 0 {
			return refuse("it is not a stanza with a text in the cask")
		}
		within := strings.Join(blocks[1:], " ")
		d := c.downloads[within]
		switch {
		case m[1] == "url" && d.url == "":
			d.url = m[2]
			c.downloads[within] = d
		case m[1] == "sha256" && d.sha256 == "":
			d.sha256 = m[2]
			c.downloads[within] = d
		case slices.Contains(known, m[1]):
			c.stanzas[m[1]] = append(c.stanzas[m[1]], m[2])
		default:
			return refuse("the stanza is there twice, or is not known here")
		}
	}
	if len(blocks) > 0 {
		return c, fmt.Errorf("the blocks %v have no end", blocks)
	}
	return c, nil
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// suffixes are the ends of archives' names by the names that winget and Scoop have for a kind of processor.
var suffixes = map[string]string{"x64": "_windows_amd64.zip", "64bit": "_windows_amd64.zip", "arm64": "_windows_arm64.zip"}

// checkWinget reads the three manifests for winget.
func (r *release) checkWinget() error {
	const id, schema = "MetricsDashboard.Edge", "1.12.0"
	folder := filepath.Join(r.dist, "winget", "manifests", "m", "MetricsDashboard", "Edge", r.version)
	var problems []error
	for kind, name := range map[string]string{"version": id + ".yaml", "installer": id + ".installer.yaml", "defaultLocale": id + ".locale.en-US.yaml"} {
		file := filepath.Join(folder, name)
		var m struct {
			PackageIdentifier, PackageVersion, ManifestType, ManifestVersion string
			Installers                                                       []struct {
				Architecture, InstallerURL, InstallerSha256 string
				NestedInstallerFiles                        []struct{ RelativeFilePath string }
			}
		}
		if err := readYAML(file, "winget-"+kind+"-"+schema+".json", &m); err != nil {
			problems = append(problems, err)
			continue
		}
		if m.PackageIdentifier != id || m.PackageVersion != r.version || m.ManifestType != kind || m.ManifestVersion != schema {
			problems = append(problems, fmt.Errorf("%s: it is %s %s of %s %s, want %s %s of %s %s", file, m.ManifestType, m.ManifestVersion,
				m.PackageIdentifier, m.PackageVersion, kind, schema, id, r.version))
		}
		if kind == "installer" {
			var got []download
			for _, i := range m.Installers {
				if suffix, ok := suffixes[i.Architecture]; !ok || !strings.HasSuffix(i.InstallerURL, suffix) || len(i.NestedInstallerFiles) != 1 || i.NestedInstallerFiles[0].RelativeFilePath != "edge.exe" {
					problems = append(problems, fmt.Errorf("%s: %s has %s and the programs %v, want a file …%s and edge.exe", file, i.Architecture, i.InstallerURL, i.NestedInstallerFiles, suffix))
				}
				got = append(got, download{i.InstallerURL, i.InstallerSha256})
			}
			problems = append(problems, r.checkDownloads(file, got, "edge_*_windows_*.zip"))
		}
	}
	return errors.Join(problems...)
}

// readYAML reads a file that follows a schema into a struct. The names of its fields are those of the keys, but for upper and lower case.
func readYAML(file, schema string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var value map[string]any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	document, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := decode(document, schema, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// checkScoop reads the manifest for Scoop.
func (r *release) checkScoop() error {
	file := filepath.Join(r.dist, "scoop", "metrics-edge.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var m struct {
		Version      string
		Architecture map[string]struct {
			URL, Hash string
			Bin       []string
		}
	}
	if err := decode(text, "scoop.json", &m); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var problems []error
	if m.Version != r.version {
		problems = append(problems, fmt.Errorf("%s: its version is %s, want %s", file, m.Version, r.version))
	}
	var got []download
	for architecture, a := range m.Architecture {
		if suffix, ok := suffixes[architecture]; !ok || !strings.HasSuffix(a.URL, suffix) || strings.Join(a.Bin, " ") != "edge.exe" {
			problems = append(problems, fmt.Errorf("%s: %s has %s and the programs %v, want a file …%s and edge.exe", file, architecture, a.URL, a.Bin, suffix))
		}
		got = append(got, download{a.URL, a.Hash})
	}
	return errors.Join(append(problems, r.checkDownloads(file, got, "edge_*_windows_*.zip"))...)
}

package program

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// The linker sets these, for example by -ldflags "-X …/record/program.version=v1.2.3". commit is a git revision, and date its time in
// RFC 3339. A binary that `go install …@v1.2.3` built knows its version without them, but neither commit nor date: the module proxy
// gives Go only the files. A binary that `go build` built in a checkout knows all three.
var version, commit, date string

// Version returns the version of this binary, such as v1.2.3.
func Version() string { return cmp.Or(version, buildInfo().Main.Version, "(devel)") }

// Build returns the version and how the binary was built, such as "v1.2.3 (1a2b3c4, 2026-01-31T12:00:00Z, go1.26.0, linux/arm64)".
func Build() string { return describe(Version(), commit, date, buildInfo()) }

func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

// describe prefers what the linker set. What is not known is left out.
func describe(version, commit, date string, info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	modified := ""
	if commit == "" && settings["vcs.modified"] == "true" {
		modified = "+changes"
	}
	var built []string
	if commit = cmp.Or(commit, settings["vcs.revision"]); commit != "" {
		built = append(built, commit[:min(7, len(commit))]+modified)
	}
	if date = cmp.Or(date, settings["vcs.time"]); date != "" {
		built = append(built, date)
	}
	built = append(built, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return fmt.Sprintf("%s (%s)", version, strings.Join(built, ", "))
}

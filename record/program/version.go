package program

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker: the Makefile passes -ldflags "-X …/record/program.version=v1.2.3". A binary that `go install` built
// knows the version of its module without it.
var version string

// Version returns the version of this binary, such as v1.2.3.
func Version() string { return cmp.Or(version, buildInfo().Main.Version, "(devel)") }

// Build returns the version and how the binary was built, such as "v1.2.3 (1a2b3c4, go1.26.0, linux/arm64)".
func Build() string { return describe(Version(), buildInfo()) }

func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

func describe(version string, info *debug.BuildInfo) string {
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(7, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if revision != "" {
		revision += modified + ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

package cli

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for a release: -ldflags "-X …/edge/internal/cli.version=v1.2.3". A binary of go install
// knows its module's version without it.
var version string

func newVersion(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(stdout, describe(version, buildInfo()))
			return err
		},
	}
}

func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

// thisVersion is the version of this binary, such as v1.2.3.
func thisVersion() string { return cmp.Or(version, buildInfo().Main.Version, "(devel)") }

// describe is the line of edge version, such as "edge v1.2.3 (1a2b3c4, go1.26.0, linux/arm64)".
func describe(linked string, info *debug.BuildInfo) string {
	v := cmp.Or(linked, info.Main.Version, "(devel)")
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
	return fmt.Sprintf("edge %s (%s%s, %s/%s)", v, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

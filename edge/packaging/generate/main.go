// Command generate writes what packages of edge carry besides the binary: manual pages and completions, made from the commands. The
// binary does not link it.
//
// Usage: generate DIR. SOURCE_DATE_EPOCH is the date of the manual pages, in Unix seconds.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cli"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

func main() {
	os.Exit(program.Exit("generate", run(os.Args[1:]), os.Stderr))
}

func run(args []string) error {
	if len(args) != 1 {
		return program.Refusef("want one argument, the folder to write to; have %q", args)
	}
	return write(cli.Command(), args[0])
}

// write makes dir/man and dir/completions.
func write(root *cobra.Command, dir string) error {
	man, completions := filepath.Join(dir, "man"), filepath.Join(dir, "completions")
	for _, folder := range []string{man, completions} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make the folder %s: %w", folder, err)
		}
	}
	root.DisableAutoGenTag = true // it would put the day of the build into each page
	// cobra reads the date from SOURCE_DATE_EPOCH.
	header := doc.GenManHeader{Section: "1", Source: root.Name(), Manual: "Metrics Dashboard"}
	if err := doc.GenManTree(root, &header, man); err != nil {
		return fmt.Errorf("write manual pages to %s: %w", man, err)
	}
	for file, generate := range map[string]func(string) error{
		root.Name():           func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"_" + root.Name():     root.GenZshCompletionFile,
		root.Name() + ".fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
		root.Name() + ".ps1":  root.GenPowerShellCompletionFileWithDesc,
	} {
		if err := generate(filepath.Join(completions, file)); err != nil {
			return fmt.Errorf("write the completion %s: %w", file, err)
		}
	}
	return nil
}

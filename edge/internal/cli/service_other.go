//go:build !windows

package cli

import "github.com/spf13/cobra"

// serviceCommands returns nothing: other systems have tools for services, and files in the folder packaging describe the service to them.
func serviceCommands() []*cobra.Command { return nil }

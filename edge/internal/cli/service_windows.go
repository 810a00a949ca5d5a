package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// serviceName is the name of the Windows service and of its source in the event log.
const serviceName = "metrics-edge"

// serviceCommands returns the command that manages the Windows service.
func serviceCommands() []*cobra.Command {
	parent := &cobra.Command{
		Use:   "service",
		Short: "Install, start, stop and remove the Windows service",
		Long: "Install, start, stop and remove the Windows service " + serviceName + ". Needs an administrator. The service reads\n" +
			`%ProgramData%\metrics-edge\config.yaml, writes to the event log, and starts again if it fails.`,
	}
	var account string
	install := &cobra.Command{
		Use:     "install [-- FLAG...]",
		Short:   "Install the service; flags after -- are those of edge run",
		Example: "  edge service install -- --env prod --region eu-central-1",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return installService(account, append([]string{"run"}, args...))
		},
	}
	install.Flags().StringVar(&account, "account", "", `user that the service runs as, such as "NT AUTHORITY\LocalService" (default LocalSystem)`)
	stopping := func(do func(context.Context) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 3*stopWithin)
			defer cancel()
			return do(ctx)
		}
	}
	parent.AddCommand(install,
		&cobra.Command{Use: "remove", Short: "Stop and remove the service; settings and spool stay", Args: program.NoArgs[*cobra.Command], RunE: stopping(removeService)},
		&cobra.Command{Use: "start", Short: "Start the service", Args: program.NoArgs[*cobra.Command], RunE: func(*cobra.Command, []string) error { return startService() }},
		&cobra.Command{Use: "stop", Short: "Stop the service; it delivers what waits", Args: program.NoArgs[*cobra.Command], RunE: stopping(stopService)},
	)
	return []*cobra.Command{parent}
}

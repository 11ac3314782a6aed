// Package waitcmd is the command pullpass wait.
package waitcmd

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/eventlog"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command. It is for the DaemonSet of node-config, whose pods need a process that stays. It writes
// nothing but stdout, and needs no right but to read the log.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "wait",
		Short: "Print the log of --log-file until a signal",
		Long: `Print the log of --log-file, and what is added to it, until a signal; then exit with 0.
Without --log-file, only wait. The DaemonSet's container runs this after its init container
has installed pullpass: kubectl logs shows the log of the node.`,
		Hidden: true,
		Args:   cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if b.LogFile != "" {
				eventlog.Follow(cmd.Context(), b.LogFile, stdio.Out, b.Log.Warn)
			}
			<-cmd.Context().Done()
			return nil
		},
	}
}

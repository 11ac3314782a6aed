// Package waitcmd is the command pullpass wait.
package waitcmd

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command. It is for the DaemonSet of node-config, whose pods need a process that stays: it
// reads nothing, writes nothing, and needs no right.
func New() *cobra.Command {
	return &cobra.Command{
		Use:   "wait",
		Short: "Do nothing until a signal",
		Long: `Do nothing until a signal, and exit with 0. The DaemonSet's container runs this after its init
container has installed pullpass.`,
		Hidden: true,
		Args:   cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			<-cmd.Context().Done()
			return nil
		},
	}
}

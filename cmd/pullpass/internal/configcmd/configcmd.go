// Package configcmd is the command pullpass config: it prints and checks the kubelet's configuration
// of credential providers, and pullpass's own.
package configcmd

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Print, check or list credential provider configuration",
		Args:  cli.NoArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newKubelet(b, stdio), newCheck(b, stdio), newSchema(b, stdio), newShow(b, stdio))
	return command
}

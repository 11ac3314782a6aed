// Package cachecmd is the command pullpass cache: it lists and clears the cached credentials.
package cachecmd

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	command := &cobra.Command{
		Use:   "cache",
		Short: "List or clear cached credentials",
		Args:  cli.NoArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newList(b, stdio), newClear(b, stdio))
	return command
}

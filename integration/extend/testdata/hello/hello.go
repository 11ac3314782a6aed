// Package hello is the command pullpass hello, which only this test has.
package hello

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "hello",
		Short: "Greet the node",
		Args:  cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(stdio.Out, "hello, the cache is in %s\n", b.CacheDir)
			return cli.AsFailure(err)
		},
	}
}

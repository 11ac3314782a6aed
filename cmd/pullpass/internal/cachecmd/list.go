package cachecmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

func newList(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	format := ""
	command := &cobra.Command{
		Use:   "list",
		Short: "List cached credentials",
		Long: `List cached credentials: user, age, expiry, next renewal and last failure.
Secrets are never shown. Each row is a scope: everything that the credential
depends on, such as the region and the identity.`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("unknown format %q, known are table, json", format)
			}
			return cli.AsFailure(list(b, stdio, format))
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "table", "output `format`: table or json")
	cli.Choices(command, "output", "table", "json")
	return command
}

func list(b *broker.Broker, stdio *cli.Stdio, format string) error {
	if err := b.OpenCache(); err != nil {
		return err
	}
	entries, err := b.Cache.List()
	if err != nil {
		return broker.CacheError("list", err)
	}
	if len(entries) == 0 {
		b.Log.Note("nothing is cached in %s", b.Cache.Dir)
		if !b.Root {
			b.Log.Note("the kubelet's cache is root's: run this as root to see it")
		}
	}
	if format == "json" {
		return writeEntries(stdio, entries)
	}
	return writeEntryTable(stdio.Out, entries, b.Now())
}

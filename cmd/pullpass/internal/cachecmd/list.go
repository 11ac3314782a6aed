package cachecmd

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

func newList(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	format := ""
	command := &cobra.Command{
		Use:   "list",
		Short: "List cached credentials",
		Long: `List cached credentials: user, age, expiry, next refresh and, below an entry,
its last failure. Secrets are never shown. A login without an expiry is read
again a minute after it was read. With -o wide, the table also shows everything
that a credential depends on, such as its region and identity.`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			if !slices.Contains([]string{"table", "wide", "json"}, format) {
				return fmt.Errorf("unknown format %q, known are table, wide, json", format)
			}
			return cli.AsFailure(list(b, stdio, format))
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "table", "output `format`: table, wide or json")
	cli.Choices(command, "output", "table", "wide", "json")
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
	return writeEntryTable(stdio.Out, entries, b.Now(), format == "wide")
}

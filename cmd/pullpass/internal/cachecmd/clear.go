package cachecmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

func newClear(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "clear [SCOPE]",
		Short: "Remove cached credentials",
		Long: `Remove all cached credentials, or those of one scope: give its ID from pullpass
cache list, or at least the first 4 characters. The next pull fetches a new
credential.`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return scopes(b), cobra.ShellCompDirectiveNoFileComp
		},
		Args: checkScope,
		RunE: func(cmd *cobra.Command, args []string) error {
			return cli.AsFailure(clearCache(cmd.Context(), b, stdio, strings.ToLower(strings.Join(args, ""))))
		},
	}
}

// scopes returns the IDs of the cached scopes, with what they are. A cache that cannot be read has none: the
// command itself says why.
func scopes(b *broker.Broker) []cobra.Completion {
	if err := b.OpenCache(); err != nil {
		return nil
	}
	entries, err := b.Cache.List()
	if err != nil {
		return nil
	}
	var completions []cobra.Completion
	for _, e := range entries {
		text := env.OneLine(broker.ScopeProvider(e.Scope) + " " + details(e.Scope))
		completions = append(completions, cobra.CompletionWithDesc(broker.ShortID(e.ID), text))
	}
	return completions
}

func checkScope(_ *cobra.Command, args []string) error {
	const shortest = 4
	switch {
	case len(args) > 1:
		return errors.New("more than one scope")
	case len(args) == 1 && (len(args[0]) < shortest || strings.Trim(args[0], "0123456789abcdefABCDEF") != ""):
		return fmt.Errorf("%q is not the ID of a scope, nor %d or more hexadecimal digits of its beginning", args[0], shortest)
	}
	return nil
}

// clearCache removes the entries of the scope whose ID begins with prefix, or all entries if prefix
// is empty. It waits for fetches that are under way.
func clearCache(ctx context.Context, b *broker.Broker, stdio *cli.Stdio, prefix string) error {
	if err := b.OpenCache(); err != nil {
		return err
	}
	if prefix != "" {
		ids, err := b.Cache.IDs()
		if err != nil {
			return broker.CacheError("clear", err)
		}
		if prefix, err = completeID(ids, prefix); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, broker.TimeLimit)
	defer cancel()
	removed, err := b.Cache.Clear(ctx, prefix)
	if err != nil {
		return broker.CacheError("clear", err)
	}
	_, err = fmt.Fprintf(stdio.Out, "removed %s from %s\n", report.Count(removed, "entry", "entries"), b.Cache.Dir)
	return err
}

// completeID returns the one ID that begins with prefix.
func completeID(ids []string, prefix string) (string, error) {
	var found []string
	for _, id := range ids {
		if strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", provider.WithHint(fmt.Errorf("clear the cache: no scope's ID begins with %s", prefix), "see pullpass cache list")
	case 1:
		return found[0], nil
	}
	return "", provider.WithHint(fmt.Errorf("clear the cache: several IDs begin with %s: %s", prefix, strings.Join(found, ", ")), "give more of it")
}

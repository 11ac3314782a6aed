package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/provider"
)

func newCacheCommand(n *node) *cobra.Command {
	command := &cobra.Command{
		Use:   "cache",
		Short: "Show or clear the cached credentials",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newCacheListCommand(n), newCacheClearCommand(n))
	return command
}

func newCacheListCommand(n *node) *cobra.Command {
	format := ""
	command := &cobra.Command{
		Use:   "list",
		Short: "Show what is cached, never a secret",
		Long: `Show what is cached: for each scope, which is all that a credential depends on, whose
credential it is, its age, when it expires and is renewed, and the last failure to get one.
It never shows a secret.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("unknown format %q, known are table, json", format)
			}
			return asFailure(n.listCache(format))
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "table", "`format`: table or json")
	return command
}

func newCacheClearCommand(n *node) *cobra.Command {
	return &cobra.Command{
		Use:   "clear [SCOPE]",
		Short: "Remove all that is cached, or one scope",
		Long: `Remove all that is cached, or that of one scope: its ID in pullpass cache list, or the
beginning of it, of 4 characters at least. The next pull fetches anew.`,
		Args: checkClearArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			return asFailure(n.clearCache(cmd.Context(), strings.ToLower(strings.Join(args, ""))))
		},
	}
}

func checkClearArguments(_ *cobra.Command, args []string) error {
	const shortest = 4
	switch {
	case len(args) > 1:
		return errors.New("more than one scope")
	case len(args) == 1 && (len(args[0]) < shortest || strings.Trim(args[0], "0123456789abcdefABCDEF") != ""):
		return fmt.Errorf("%q is not the ID of a scope, nor %d or more hexadecimal digits of its beginning", args[0], shortest)
	}
	return nil
}

// openCache reads the config for the directory of the cache.
func (n *node) openCache() error {
	if err := n.loadCache(); err != nil {
		return err
	}
	return n.checkCache()
}

// checkCache fails if there is no directory for the cache, or one that is not used.
func (n *node) checkCache() error {
	if n.cache == nil {
		return provider.WithHint(errors.New("use the cache: the user has no home folder for it"), "name a directory with --cache-dir")
	}
	_, err := n.cache.IDs()
	return asCacheError("use", err)
}

// asCacheError says what could not be done with the cache, and how to go on if the error does
// not.
func asCacheError(what string, err error) error {
	if err == nil {
		return nil
	}
	hint := provider.Hint(err)
	if hint == "" {
		hint = "the cache must be a directory that belongs to the user who runs pullpass and is closed to others; --cache-dir names another one"
	}
	return provider.WithHint(fmt.Errorf("%s the cache: %w", what, err), hint)
}

func (n *node) listCache(format string) error {
	if err := n.openCache(); err != nil {
		return err
	}
	entries, err := n.cache.List()
	if err != nil {
		return asCacheError("list", err)
	}
	if len(entries) == 0 {
		n.messages.note("nothing is cached in %s", n.cache.Dir)
		if !n.Root {
			n.messages.note("the kubelet's cache is root's: run this as root to see it")
		}
	}
	if format == "json" {
		return writeEntries(n.Stdout, entries)
	}
	return writeEntryTable(n.Stdout, entries, n.Now())
}

// clearCache removes the entries of the scope whose ID begins with prefix, or all if it is
// empty. It waits for fetches that are under way.
func (n *node) clearCache(ctx context.Context, prefix string) error {
	if err := n.openCache(); err != nil {
		return err
	}
	if prefix != "" {
		var err error
		if prefix, err = n.completeID(prefix); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	removed, err := n.cache.Clear(ctx, prefix)
	if err != nil {
		return asCacheError("clear", err)
	}
	what := "entries"
	if removed == 1 {
		what = "entry"
	}
	_, err = fmt.Fprintf(n.Stdout, "removed %d %s from %s\n", removed, what, n.cache.Dir)
	return err
}

// completeID returns the one ID in the cache that begins with prefix.
func (n *node) completeID(prefix string) (string, error) {
	ids, err := n.cache.IDs()
	if err != nil {
		return "", asCacheError("clear", err)
	}
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

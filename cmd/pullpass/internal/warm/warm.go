// Package warm is the command pullpass warm: it fetches credentials into the cache before they are needed.
package warm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/await"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	var registries cli.List
	command := &cobra.Command{
		Use:   "warm [--registry HOST[/PATH]]...",
		Short: "Fetch credentials into the cache before the first pull",
		Long: `Fetch the credentials of the configuration's rules into the cache before the
first pull: while an image is built, or while a node boots. A cached token is
renewed only if half of its lifetime has passed: run warm from a timer to keep
tokens fresh.

Rules without a fixed region, such as *.dkr.ecr.*.amazonaws.com, are skipped:
name their registries with --registry, which replaces the rules. Credentials
from files and credential helpers are cached for only a minute; for these, warm
is a check. A recent failure is remembered: pullpass cache clear makes the next
attempt immediate.

Credentials depend on the environment and the user: run warm as the kubelet runs
the plugin.`,
		Example: `  pullpass warm
  pullpass warm --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com \
    --registry europe-docker.pkg.dev`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			named, err := parseRegistries(registries)
			if err != nil {
				return err
			}
			return cli.AsFailure(warm(cmd.Context(), b, stdio, named))
		},
	}
	command.Flags().Var(&registries, "registry", "registry `HOST[/PATH]`, instead of those in the configuration; repeatable, or separated by commas")
	return command
}

// A registry is one to get the credential for, with the name that the user gave it.
type registry struct {
	name  string
	image provider.Image // one of its images
}

// parseRegistries reads the values of --registry.
func parseRegistries(names []string) ([]registry, error) {
	var list []registry
	for _, name := range names {
		image, err := broker.ParseRegistry(name)
		if err != nil {
			return nil, fmt.Errorf("--registry %q: %w", name, err)
		}
		list = append(list, registry{name, image})
	}
	return list, nil
}

// configRegistries returns the registries that the rules of the config name.
func configRegistries(b *broker.Broker) []registry {
	var list []registry
	for _, rule := range b.Config.Registries {
		image, ok := rule.Pattern.Sample(rule.Backend.Hosts)
		if !ok {
			b.Log.Note("the rule %s is left out, it leaves the region open: name its registries with --registry", rule.Pattern)
			continue
		}
		list = append(list, registry{rule.Pattern.String(), image})
	}
	return list
}

// warm gets the credentials of the registries at once, or of those of the config if there are none.
// It logs their errors, and then returns cli.ErrShown.
func warm(ctx context.Context, b *broker.Broker, stdio *cli.Stdio, registries []registry) error {
	b.KeepEvents()
	if err := b.Load(); err != nil {
		return err
	}
	if err := b.CheckCache(); err != nil {
		return err
	}
	if len(registries) == 0 {
		registries = configRegistries(b)
	}
	if len(registries) == 0 {
		b.Log.Note("nothing to warm: name registries with --registry or in the config")
	}
	outcomes := make([]outcome, len(registries))
	done := map[provider.Scope]bool{}
	var group sync.WaitGroup
	for i, r := range registries {
		request := provider.Request{Image: r.image}
		choice, claimed := provider.Choose(b.Rules, request)
		switch {
		case !claimed:
			outcomes[i].err = errors.New("no provider claims the host")
			continue
		case done[choice.Scope]:
			b.Log.Debug("%s: its credential is that of a registry before it", r.name)
			continue
		}
		done[choice.Scope] = true
		b.Log.Debug("%s: ask for %s", r.name, r.image)
		group.Go(func() { // one may take all its time
			outcomes[i].err = await.Try(func() (err error) {
				outcomes[i].text, err = warmScope(ctx, b, choice, request)
				return err
			})
		})
	}
	group.Wait()
	b.WriteMetrics(ctx)
	return show(b, stdio, registries, outcomes)
}

// An outcome is what warm reports of a registry: nothing if it is zero.
type outcome struct {
	text string
	err  error
}

// warmScope gets the credential for a request, and returns what to report of it.
func warmScope(ctx context.Context, b *broker.Broker, choice provider.Choice, request provider.Request) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, broker.TimeLimit)
	defer cancel()
	credential, err := b.Credential(ctx, choice, request)
	text := "good until " + cli.Expiry(credential)
	switch {
	case errors.Is(err, provider.ErrNone):
		text = env.OneLine("no credential: " + err.Error())
	case err != nil:
		return "", err
	}
	return broker.ScopeProvider(choice.Scope) + ", " + text, nil
}

// show writes the outcomes, and returns cli.ErrShown if there are errors among them.
func show(b *broker.Broker, stdio *cli.Stdio, registries []registry, outcomes []outcome) error {
	var failed error
	for i, r := range registries {
		switch o := outcomes[i]; {
		case o.err != nil:
			b.Log.Error(fmt.Errorf("warm %s: %w", r.name, o.err))
			failed = cli.ErrShown
		case o.text != "":
			if _, err := fmt.Fprintf(stdio.Out, "%s: %s\n", r.name, o.text); err != nil {
				return err
			}
		}
	}
	return failed
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/provider"
)

func newWarmCommand(n *node) *cobra.Command {
	var registries []string
	command := &cobra.Command{
		Use:   "warm [--registry HOST[/PATH]]...",
		Short: "Fetch the credentials that will be needed into the cache",
		Long: `Fetch the credentials of the config's rules into the cache, before the first pull: while an
image is baked, or while a node boots. What is cached already is fetched anew only if it is
past half of its life, so that tokens stay fresh if warm runs from a timer.

A rule such as *.dkr.ecr.*.amazonaws.com does not say for which region: name its registries
with --registry, which replaces the rules as the list of what is fetched. Credentials from
files and credential helpers are kept for only a minute; for those warm is a check. A failure
of a moment ago is remembered: pullpass cache clear makes the next try at once.

The scopes of credentials depend on the environment and the user: run warm as the kubelet
runs the plugin.`,
		Example: `  pullpass warm
  pullpass warm --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com --registry europe-docker.pkg.dev`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			named, err := parseRegistries(registries)
			if err != nil {
				return err
			}
			return asFailure(n.warm(cmd.Context(), named))
		},
	}
	command.Flags().StringArrayVar(&registries, "registry", nil, "a registry, `HOST[/PATH]`, in place of those of the config; may be given more than once")
	return command
}

// A registry is one to get the credential for, and what its user calls it.
type registry struct {
	name  string
	image provider.Image // one of it
}

// parseRegistries reads the values of --registry.
func parseRegistries(names []string) ([]registry, error) {
	var list []registry
	for _, name := range names {
		image, err := parseRegistry(name)
		if err != nil {
			return nil, fmt.Errorf("--registry %q: %w", name, err)
		}
		list = append(list, registry{name, image})
	}
	return list, nil
}

// configRegistries returns the registries that the config's rules stand for.
func (n *node) configRegistries() []registry {
	var list []registry
	for _, rule := range n.config.Registries {
		image, ok := rule.Pattern.Sample(rule.Provider)
		if !ok {
			n.messages.note("the rule %s is left out, it leaves the region open: name its registries with --registry", rule.Pattern)
			continue
		}
		list = append(list, registry{rule.Pattern.String(), image})
	}
	return list
}

// warm gets the credentials of the named registries at once, or of the config's if there are
// none. It shows their errors: then the one that it returns is errShown.
func (n *node) warm(ctx context.Context, registries []registry) error {
	if err := n.load(); err != nil {
		return err
	}
	if err := n.checkCache(); err != nil {
		return err
	}
	if len(registries) == 0 {
		registries = n.configRegistries()
	}
	if len(registries) == 0 {
		n.messages.note("nothing to warm: no rule of the config names a registry, and there is no --registry")
	}
	outcomes := make([]outcome, len(registries))
	done := map[provider.Scope]bool{}
	var group sync.WaitGroup
	for i, r := range registries {
		request := provider.Request{Image: r.image}
		choice, claimed := provider.Choose(n.rules, request)
		switch {
		case !claimed:
			outcomes[i].err = errors.New("no provider claims the host")
			continue
		case done[choice.Scope]:
			n.messages.debug("%s: its credential is that of a registry before it", r.name)
			continue
		}
		done[choice.Scope] = true
		n.messages.debug("%s: ask for %s", r.name, r.image)
		group.Go(func() { outcomes[i] = n.warmScope(ctx, choice, request) }) // one may take all its time
	}
	group.Wait()
	n.writeMetrics(ctx)
	return n.show(registries, outcomes)
}

// An outcome is what warm says of a registry, nothing if it is the zero one.
type outcome struct {
	text string
	err  error
}

// warmScope gets the credential for a request.
func (n *node) warmScope(ctx context.Context, choice provider.Choice, request provider.Request) outcome {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	credential, err := n.credential(ctx, choice, request)
	text := "good until " + until(credential)
	switch {
	case errors.Is(err, provider.ErrNone):
		text = oneLine("no credential: " + err.Error())
	case err != nil:
		return outcome{err: err}
	}
	return outcome{text: scopeProvider(choice.Scope) + ", " + text}
}

// show writes the outcomes, and returns errShown if there are errors among them.
func (n *node) show(registries []registry, outcomes []outcome) error {
	var failed error
	for i, r := range registries {
		switch o := outcomes[i]; {
		case o.err != nil:
			n.messages.error(fmt.Errorf("warm %s: %w", r.name, o.err))
			failed = errShown
		case o.text != "":
			if _, err := fmt.Fprintf(n.Stdout, "%s: %s\n", r.name, o.text); err != nil {
				return err
			}
		}
	}
	return failed
}

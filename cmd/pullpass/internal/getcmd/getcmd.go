// Package getcmd is the command pullpass get: it asks for an image's credential as the kubelet does.
package getcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	format, showSecret := "", false
	command := &cobra.Command{
		Use:   "get IMAGE",
		Short: "Show which credential the kubelet gets for an image",
		Long: `Get the credential for an image in the same way as for the kubelet: with the same config,
cache and identity. The output shows the provider, the user, where the credential comes from
and when it expires. The secret itself is printed only with --show-secret.

Run it as root on the node, with the --config, --cache-dir and environment variables of
pullpass's entry in the kubelet's config: other users have other caches and logins.

The exit code is 1 if there is no credential.`,
		Example: `  pullpass get 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app
  pullpass get docker.io/acme/app -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one image")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("unknown format %q, known are text, json", format)
			}
			image, err := parseImage(args[0])
			if err != nil {
				return err
			}
			found, err := get(cmd.Context(), b, image)
			if err == nil && showSecret {
				found.Username, found.Password = found.credential.Username, found.credential.Password.Reveal()
			}
			if err == nil {
				err = found.write(stdio, format, b.Now())
			}
			return cli.AsFailure(err)
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "text", "output `format`: text or json")
	cli.Choices(command, "output", "text", "json")
	command.Flags().BoolVar(&showSecret, "show-secret", false, "also print the password or token")
	return command
}

// parseImage reads the argument. A registry without a repository would be an image of Docker Hub.
func parseImage(reference string) (provider.Image, error) {
	if _, err := broker.ParseRegistry(reference); err == nil && strings.Contains(reference, ".") && !strings.Contains(reference, "/") {
		return provider.Image{}, provider.WithHint(fmt.Errorf("%q is a registry, not an image", reference), "name one of its images: "+reference+"/REPOSITORY")
	}
	image, err := provider.ParseImage(reference)
	if err != nil {
		return provider.Image{}, fmt.Errorf("image %q: %w", reference, err)
	}
	return image, nil
}

// get asks for the credential for an image within the plugin's time limit. That there is none is an error.
func get(ctx context.Context, b *broker.Broker, image provider.Image) (answer, error) {
	defer b.WriteMetrics(ctx)
	limited, cancel := context.WithTimeout(ctx, broker.TimeLimit)
	defer cancel()
	if err := b.Load(); err != nil {
		return answer{}, err
	}
	request := provider.Request{Image: image}
	choice, claimed := b.Choose(request)
	if !claimed {
		return answer{}, provider.WithHint(fmt.Errorf("no credential for %s: no provider serves the host %s", image, image.Host),
			"for other registries, create a pull secret: pullpass secret --help")
	}
	asked := &recorder{Provider: choice.Provider}
	choice.Provider = asked
	started := b.Now()
	credential, err := b.Credential(limited, choice, request)
	switch {
	case errors.Is(err, provider.ErrNone):
		hint := provider.Hint(err)
		if hint == "" {
			hint = "log in, or name a login in the config; with -v, each decision is explained"
		}
		if !b.Root {
			b.Log.Note("the kubelet asks as root, which can have other logins: run this as root")
		}
		return answer{}, provider.WithHint(fmt.Errorf("no credential for %s: %w", image, err), hint)
	case err != nil:
		return answer{}, err
	}
	found := newAnswer(image, choice, credential)
	if asked.gave(credential) {
		found.Source, found.took = sourceOf(credential), b.Now().Sub(started)
		return found, nil
	}
	found.Source = "cache"
	entries, err := b.Cache.List()
	if err != nil {
		return answer{}, broker.CacheError("list", err)
	}
	for _, entry := range entries {
		if entry.ID == cache.ID(choice.Scope) {
			found.Issued = entry.Issued
		}
	}
	return found, nil
}

// sourceOf tells whether a new credential is a token of a cloud, or a login that is stored somewhere.
func sourceOf(credential provider.Credential) string {
	if credential.Expires.IsZero() {
		return "login"
	}
	return "cloud"
}

// A recorder is a provider that remembers what it gave.
type recorder struct {
	provider.Provider
	last atomic.Pointer[provider.Credential]
}

// Fetch is that of the provider.
func (r *recorder) Fetch(ctx context.Context, request provider.Request) (provider.Credential, error) {
	credential, err := r.Provider.Fetch(ctx, request)
	if err == nil {
		r.last.Store(&credential)
	}
	return credential, err
}

// gave reports whether the provider gave this credential. It may also have been asked in vain, or by another
// process, whose answer is then in the cache.
func (r *recorder) gave(credential provider.Credential) bool {
	last := r.last.Load()
	return last != nil && last.Username == credential.Username && last.Password.Reveal() == credential.Password.Reveal()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// A wanted registry is one that the Secret is to have a credential for.
type wanted struct {
	name  string         // as the user wrote it
	image provider.Image // the image, or one of the registry
	key   string         // for the credential; "" for an image: its registry or itself, as the credential says
	from  source

	credential provider.Credential
	issued     time.Time
}

// A source has the credentials of registries.
type source interface {
	// get returns the credential of a registry and when it was issued. Errors are those of
	// provider.Provider's Fetch.
	get(context.Context, *wanted) (provider.Credential, time.Time, error)
}

// parseRegistries reads the values of --registry and --image, and says which sources they need.
func (j *secretJob) parseRegistries() error {
	for _, name := range j.secretFlags.registries {
		image, err := parseRegistry(name)
		if err != nil {
			return fmt.Errorf("--registry %q: %w", name, err)
		}
		key := provider.LowerHost(image.Host) + strings.TrimPrefix(name, image.Host)
		j.registries = append(j.registries, &wanted{name: name, image: image, key: key})
	}
	for _, name := range j.images {
		image, err := provider.ParseImage(name)
		if err != nil {
			return fmt.Errorf("--image %q: %w", name, err)
		}
		j.registries = append(j.registries, &wanted{name: name, image: image})
	}
	if len(j.registries) == 0 {
		return errors.New("nothing to make a credential for: name --registry or --image")
	}
	return j.checkLogins()
}

// parseRegistry returns an image of a registry, HOST or HOST/PATH.
func parseRegistry(name string) (provider.Image, error) {
	pattern, err := provider.ParsePattern(name)
	if err != nil {
		return provider.Image{}, err
	}
	image, ok := pattern.Image()
	if !ok {
		return provider.Image{}, errors.New("must be one registry, without wildcards")
	}
	return image, nil
}

// fetch gets the credentials of all registries at once. It shows their errors: then the one that
// it returns is errShown.
func (j *secretJob) fetch(ctx context.Context, n *node) error {
	errs := make([]error, len(j.registries))
	var group sync.WaitGroup
	for i, w := range j.registries {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, timeLimit)
			defer cancel()
			w.credential, w.issued, errs[i] = w.from.get(ctx, w)
			if errs[i] == nil {
				errs[i] = j.checkCredential(w, n.Now())
			}
		})
	}
	group.Wait()
	n.writeMetrics(ctx)
	var failed error
	for i, w := range j.registries {
		if errs[i] != nil {
			n.messages.error(fmt.Errorf("get the credential for %s: %w", w.name, errs[i]))
			failed = errShown
			continue
		}
		n.messages.debug("%s: a credential of user %s, good until %s", w.name, w.credential.Username, until(w.credential))
		j.noteShortLife(n, w)
	}
	return failed
}

// checkCredential refuses what is of no use in a Secret.
func (j *secretJob) checkCredential(w *wanted, now time.Time) error {
	left := w.credential.Expires.Sub(now)
	if w.credential.Expires.IsZero() || left >= j.minValid {
		return nil
	}
	err := fmt.Errorf("the new token is good for %s, less than --min-valid %v", people(max(0, left)), j.minValid)
	if !w.isGoogle() {
		return err
	}
	return provider.WithHint(err, "a metadata server gives out the same token until shortly before its end; one by impersonation (gcr.impersonate in the config) has its whole life before it")
}

// noteShortLife warns of a token that may be over before the next one is there.
func (j *secretJob) noteShortLife(n *node, w *wanted) {
	const short = 15 * time.Minute
	if left := w.credential.Expires.Sub(n.Now()); !w.credential.Expires.IsZero() && left < short {
		n.messages.warn(fmt.Sprintf("the token for %s is good for only %s", w.name, people(max(0, left))))
	}
}

// isFresh reports whether a token is good for long enough.
func (j *secretJob) isFresh(issued, expires, now time.Time) bool {
	left := expires.Sub(now)
	if j.minValid > 0 {
		return left >= j.minValid
	}
	return 4*left >= 3*expires.Sub(issued)
}

// keyOf returns the key of w's credential in a config.json. For Docker Hub it is docker.io, not
// the https://index.docker.io/v1/ of docker login: the kubelet sends what that has also to hosts
// without a dot, such as localhost.
func (w *wanted) keyOf() string {
	switch {
	case w.key != "":
		return w.key
	case w.credential.RepositoryOnly:
		return w.image.String()
	}
	return w.image.Host
}

// isCloud reports whether a registry's tokens come from the cloud that it belongs to.
func (w *wanted) isCloud() bool {
	host, found := provider.LookupHost(w.image)
	return found && (host.Provider == provider.ECR || host.Provider == provider.Google)
}

// isGoogle reports whether a registry is one of Google's.
func (w *wanted) isGoogle() bool {
	host, found := provider.LookupHost(w.image)
	return found && host.Provider == provider.Google
}

// names joins the names of registries for a message.
func names(registries []*wanted) string {
	var list []string
	for _, w := range registries {
		list = append(list, w.name)
	}
	return strings.Join(list, " and ")
}

package secretcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/await"
	"github.com/pullpass/pullpass/provider/gcr"
)

// A wanted registry is one that the Secret is to have a credential for.
type wanted struct {
	name  string            // as the user wrote it
	image provider.Image    // the image, or one of the registry
	owner *provider.Backend // that the registry belongs to, nil for none
	key   string            // of the credential in config.json; "" for an image, see keyOf
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

// parseWanted reads the values of --registry and --image, and says which sources they need.
func (j *job) parseWanted() error {
	for _, name := range j.registries {
		image, err := broker.ParseRegistry(name)
		if err != nil {
			return fmt.Errorf("--registry %q: %w", name, err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(name, image.Host), "/")
		owner, _ := j.broker.Backends.Owner(image)
		j.wanted = append(j.wanted, &wanted{name: name, image: image, owner: owner, key: keyFor(provider.LowerHost(image.Host), path)})
	}
	for _, name := range j.images {
		image, err := provider.ParseImage(name)
		if err == nil {
			_, err = broker.ParseRegistry(image.Host)
		}
		if err != nil {
			return fmt.Errorf("--image %q: %w", name, err)
		}
		owner, _ := j.broker.Backends.Owner(image)
		j.wanted = append(j.wanted, &wanted{name: name, image: image, owner: owner})
	}
	if len(j.wanted) == 0 {
		if len(j.serviceAccounts) > 0 && !j.hasLogin() {
			return nil // to attach a Secret that somebody else writes
		}
		return errors.New("nothing to make a credential for: name --registry or --image")
	}
	return j.checkLogins()
}

// fetch gets the credentials of all registries concurrently. It writes their errors to the log, and then
// returns cli.ErrShown.
func (j *job) fetch(ctx context.Context) error {
	errs := make([]error, len(j.wanted))
	var group sync.WaitGroup
	for i, w := range j.wanted {
		group.Go(func() { errs[i] = await.Try(func() error { return j.fetchOne(ctx, w) }) })
	}
	group.Wait()
	j.broker.WriteMetrics(ctx)
	for i, w := range j.wanted {
		if errs[i] == nil {
			j.broker.Log.Debug("%s: a credential of user %s, good until %s", w.name, w.credential.ShownUsername(), cli.Expiry(w.credential))
			j.noteShortLife(w)
		}
	}
	return j.showErrors(errs)
}

// fetchOne gets and checks the credential of a registry.
func (j *job) fetchOne(ctx context.Context, w *wanted) (err error) {
	ctx, cancel := context.WithTimeout(ctx, broker.TimeLimit)
	defer cancel()
	if w.credential, w.issued, err = w.from.get(ctx, w); err != nil {
		return err
	}
	return j.checkCredential(w, j.broker.Now())
}

// showErrors writes the errors of the wanted registries, an error of several registries only once. It
// returns cli.ErrShown if there are any.
func (j *job) showErrors(errs []error) error {
	var order []string
	registries := map[string][]*wanted{}
	first := map[string]error{}
	for i, err := range errs {
		if err == nil {
			continue
		}
		text := err.Error()
		if first[text] == nil {
			first[text] = err
			order = append(order, text)
		}
		registries[text] = append(registries[text], j.wanted[i])
	}
	for _, text := range order {
		j.broker.Log.Error(fmt.Errorf("get the credential for %s: %w", names(registries[text]), first[text]))
	}
	if len(order) > 0 {
		return cli.ErrShown
	}
	return nil
}

// checkCredential refuses a credential that has expired, or expires too soon for --min-valid.
func (j *job) checkCredential(w *wanted, now time.Time) error {
	left := w.credential.Expires.Sub(now)
	switch {
	case w.credential.Expires.IsZero():
		return nil
	case left <= 0:
		return fmt.Errorf("its token expired %s ago", cli.Duration(-left))
	case left >= j.minValid:
		return nil
	}
	err := fmt.Errorf("its token is good for %s, less than --min-valid %v", cli.Duration(left), j.minValid)
	if !w.isGoogle() {
		return err
	}
	return provider.WithHint(err, "a metadata server gives out the same token until shortly before its end; one by impersonation (gcr.impersonate in the config) has its whole life before it")
}

// noteShortLife warns of a token that may expire before it is replaced.
func (j *job) noteShortLife(w *wanted) {
	const short = 15 * time.Minute
	if left := w.credential.Expires.Sub(j.broker.Now()); !w.credential.Expires.IsZero() && left < short {
		j.broker.Log.Warn(fmt.Sprintf("the token for %s is good for only %s", w.name, cli.Duration(left)))
	}
}

// isFresh reports whether a token is good for long enough.
func (j *job) isFresh(issued, expires, now time.Time) bool {
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
		return keyFor(w.image.Host, w.image.Repository)
	}
	return w.image.Host
}

// keyFor returns the key for what is below a path of a host; "" for all.
func keyFor(host, path string) string {
	switch {
	case path == "":
		return host
	case strings.HasPrefix(path, "v1/"), strings.HasPrefix(path, "v2/"):
		// The kubelet takes that for the version of the API in a URL and drops it, once.
		path = "v2/" + path
	}
	return host + "/" + path
}

// isCloud reports whether a registry's tokens come from the cloud that it belongs to.
func (w *wanted) isCloud() bool { return w.owner != nil && w.owner.NodeIdentity }

func (w *wanted) isGoogle() bool { return w.owner != nil && w.owner.Name == gcr.Name }

// host is the registry's, in lower case.
func (w *wanted) host() string { return provider.LowerHost(w.image.Host) }

// names joins the names of registries for a message.
func names(registries []*wanted) string {
	var list []string
	for _, w := range registries {
		list = append(list, w.name)
	}
	return strings.Join(list, " and ")
}

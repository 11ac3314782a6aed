package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
	"github.com/pullpass/pullpass/provider/gcr"
	"github.com/pullpass/pullpass/provider/safefile"
)

// ownDockerConfig is the value of --from-docker-config without one.
const ownDockerConfig = "~/.docker/config.json"

// checkSources checks that the flags name sources that can be read.
func (j *secretJob) checkSources() error {
	hasPassword := j.passwordStdin || j.passwordFile != ""
	switch {
	case j.passwordStdin && j.passwordFile != "":
		return errors.New("--password-stdin and --password-file are two sources for one password")
	case hasPassword && j.username == "":
		return errors.New("a password is of no use without --username")
	case j.username != "" && !hasPassword:
		return errors.New("--username goes with --password-stdin or --password-file")
	case strings.Contains(j.username, ":"):
		return errors.New("--username must be without a colon and what follows it")
	}
	return nil
}

// checkLogins checks that each login of the flags is for some registry, and that it is clear for
// which: no password may go to a registry that it does not belong to.
func (j *secretJob) checkLogins() error {
	if j.googleKeyFile != "" && len(j.where((*wanted).isGoogle)) == 0 {
		return errors.New("--google-key-file is for Google's registries, and none is named")
	}
	if j.username == "" {
		return nil
	}
	registries := j.forPassword()
	if len(registries) == 0 {
		return fmt.Errorf("--username is for one registry, and there is another source for %s", names(j.wanted))
	}
	if !isOneHost(registries) {
		return fmt.Errorf("--username is for one registry, and could be for %s; make a Secret of each, or use --from-docker-config", names(registries))
	}
	if of, own := userOwner(j.username), registries[0].owner(); of != "" && own != "" && of != own {
		return fmt.Errorf("the user %s is none of %s", j.username, registries[0].name)
	}
	return nil
}

// userOwner names the backend whose tokens and keys have that user, "" for none.
func userOwner(username string) string {
	switch username {
	case "AWS":
		return provider.ECR
	case "oauth2accesstoken", "_json_key", "_json_key_base64":
		return provider.Google
	}
	return ""
}

func isOneHost(registries []*wanted) bool {
	return !slices.ContainsFunc(registries, func(w *wanted) bool { return w.host() != registries[0].host() })
}

func (j *secretJob) where(is func(*wanted) bool) []*wanted {
	var list []*wanted
	for _, w := range j.wanted {
		if is(w) {
			list = append(list, w)
		}
	}
	return list
}

// forPassword returns what --username is for: the only registry, or all that do not get their
// tokens from a cloud.
func (j *secretJob) forPassword() []*wanted {
	if isOneHost(j.wanted) && j.googleKeyFile == "" {
		return j.wanted
	}
	return j.where(func(w *wanted) bool { return !w.isCloud() })
}

// openSources reads the logins that the flags name, and gives each registry its source.
func (j *secretJob) openSources(ctx context.Context, n *node) error {
	tokens := &tokens{node: n, job: j, fetches: map[provider.Scope]func() (issued, error){}}
	for _, w := range j.wanted {
		w.from = tokens
	}
	if j.dockerConfig != "" {
		logins, err := j.openDockerConfig(n, tokens)
		if err != nil {
			return err
		}
		for _, w := range j.wanted {
			w.from = logins
		}
	}
	if j.googleKeyFile != "" {
		key, err := j.readGoogleKey(n)
		if err != nil {
			return err
		}
		for _, w := range j.where((*wanted).isGoogle) {
			w.from = login{key}
		}
	}
	if j.username != "" {
		registries := j.forPassword()
		password, err := j.readPassword(ctx, n, registries[0].image.Host)
		if err != nil {
			return err
		}
		for _, w := range registries {
			w.from = login{password}
		}
	}
	return nil
}

// A login is a credential that the flags give.
type login struct{ credential provider.Credential }

func (l login) get(context.Context, *wanted) (provider.Credential, time.Time, error) {
	return l.credential, time.Time{}, nil
}

func (j *secretJob) readPassword(ctx context.Context, n *node, host string) (provider.Credential, error) {
	name := j.passwordFile
	data, err := func() ([]byte, error) {
		switch {
		case name != "":
			return safefile.ReadSecret(name, n.messages.warn)
		case n.Terminal:
			name = "the terminal"
			return n.AskPassword(ctx, fmt.Sprintf("Password of %s for %s: ", oneLine(j.username), oneLine(host)))
		}
		name = inputName(stdinName)
		return n.readInput(ctx, stdinName)
	}()
	if err != nil {
		return provider.Credential{}, fmt.Errorf("read the password: %w", err)
	}
	credential, err := dockerconfig.OfLine(j.username, data)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("use the password of %s: %w", name, err)
	}
	return credential, nil
}

func (j *secretJob) readGoogleKey(n *node) (provider.Credential, error) {
	data, err := safefile.ReadSecret(j.googleKeyFile, n.messages.warn)
	if err != nil {
		return provider.Credential{}, err
	}
	credential, err := gcr.KeyCredential(data)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("use %s: %w", j.googleKeyFile, err)
	}
	n.messages.note("%s lives until it is deleted, and whoever reads the Secret has it; a workload identity needs no key: leave out --google-key-file", j.googleKeyFile)
	return credential, nil
}

// tokens are the credentials as the plugin has them, fresh ones, each fetched once.
type tokens struct {
	*node
	job *secretJob

	mu      sync.Mutex
	fetches map[provider.Scope]func() (issued, error)
}

// An issued credential is one with when that was.
type issued struct {
	credential provider.Credential
	at         time.Time
}

func (t *tokens) get(ctx context.Context, w *wanted) (provider.Credential, time.Time, error) {
	request := provider.Request{Image: w.image}
	choice, claimed := provider.Choose(t.rules, request)
	if !claimed {
		return provider.Credential{}, time.Time{}, provider.WithHint(errors.New("no provider claims the host"),
			"give its login: --username with --password-stdin, or --from-docker-config")
	}
	i, err := t.once(choice.Scope, func() (i issued, err error) {
		i.credential, i.at, err = t.freshCredential(ctx, choice, request, func(issued, expires time.Time) bool {
			return t.job.isFresh(issued, expires, t.Now())
		})
		return i, err
	})
	i.credential.RepositoryOnly = i.credential.RepositoryOnly || choice.RepositoryOnly
	return i.credential, i.at, err
}

// once returns what fetch gets for a scope, or what it got before. Without it, a cache that is
// out of order would cost a call for each registry.
func (t *tokens) once(scope provider.Scope, fetch func() (issued, error)) (issued, error) {
	t.mu.Lock()
	if t.fetches[scope] == nil {
		t.fetches[scope] = sync.OnceValues(fetch)
	}
	get := t.fetches[scope]
	t.mu.Unlock()
	return get()
}

// logins are those of docker login. A cloud's registry without one gets a token.
type logins struct {
	path   string
	file   dockerconfig.File
	helper dockerconfig.Helper
	tokens *tokens
}

func (j *secretJob) openDockerConfig(n *node, tokens *tokens) (logins, error) {
	path := j.dockerConfig
	if path == ownDockerConfig {
		folder := n.Getenv("DOCKER_CONFIG")
		if folder == "" {
			folder = filepath.Join(n.Home, ".docker")
		}
		path = filepath.Join(folder, "config.json")
	}
	data, err := safefile.ReadSecret(path, n.messages.warn)
	if err != nil {
		return logins{}, err
	}
	file, err := dockerconfig.Parse(data)
	if err != nil {
		return logins{}, fmt.Errorf("read %s: %w", path, err)
	}
	return logins{path, file, dockerconfig.Programs{Environ: n.Environ, Timeout: helperLimit}, tokens}, nil
}

func (l logins) get(ctx context.Context, w *wanted) (provider.Credential, time.Time, error) {
	credential, err := l.file.Lookup(ctx, w.image, l.helper)
	switch {
	case err == nil:
		return credential, time.Time{}, nil
	case errors.Is(err, provider.ErrNone) && w.isCloud():
		return l.tokens.get(ctx, w)
	case errors.Is(err, provider.ErrNone):
		return provider.Credential{}, time.Time{}, fmt.Errorf("there is no login for it in %s", l.path)
	}
	return provider.Credential{}, time.Time{}, fmt.Errorf("look it up in %s: %w", l.path, err)
}

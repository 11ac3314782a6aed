package secretcmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
	"github.com/pullpass/pullpass/provider/gcr"
	"github.com/pullpass/pullpass/provider/safefile"
)

// The sources of a pull secret's credentials.

// A login is a credential that the flags give.
type login struct{ credential provider.Credential }

func (l login) get(context.Context, *wanted) (provider.Credential, time.Time, error) {
	return l.credential, time.Time{}, nil
}

// readPassword reads the password of --username for a host.
func (j *job) readPassword(ctx context.Context, host string) (provider.Credential, error) {
	text, from, err := j.passwordText(ctx, host)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("read the password: %w", err)
	}
	j.broker.Log.Scrubber.Hide(string(text))
	credential, err := dockerconfig.OfLine(j.username, text)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("use the password of %s: %w", from, err)
	}
	return credential, nil
}

// passwordText returns what the source of the password holds, and what messages call it.
func (j *job) passwordText(ctx context.Context, host string) (text []byte, from string, err error) {
	switch {
	case j.passwordFile != "":
		text, err = safefile.ReadSecret(j.passwordFile, j.broker.Log.Warn)
		return text, j.passwordFile, err
	case j.stdio.Terminal:
		text, err = j.stdio.AskPassword(ctx, fmt.Sprintf("Password of %s for %s: ", env.OneLine(j.username), env.OneLine(host)))
		return text, "the terminal", err
	}
	text, err = j.stdio.ReadInput(ctx, cli.StdinName)
	return text, cli.InputName(cli.StdinName), err
}

func (j *job) readGoogleKey() (provider.Credential, error) {
	data, err := safefile.ReadSecret(j.googleKeyFile, j.broker.Log.Warn)
	if err != nil {
		return provider.Credential{}, err
	}
	j.broker.Log.Scrubber.Hide(string(data))
	credential, err := gcr.KeyCredential(data)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("use %s: %w", j.googleKeyFile, err)
	}
	j.broker.Log.Note("%s lives until it is deleted, and whoever reads the Secret has it; a workload identity needs no key: leave out --google-key-file", j.googleKeyFile)
	return credential, nil
}

// tokens gets credentials as the plugin does, but fresh ones. It fetches each of them only once.
type tokens struct {
	job *job

	mu      sync.Mutex
	fetches map[provider.Scope]func() (issued, error)
}

// An issued credential is one with the time at which it was issued.
type issued struct {
	credential provider.Credential
	at         time.Time
}

func (t *tokens) get(ctx context.Context, w *wanted) (provider.Credential, time.Time, error) {
	request := provider.Request{Image: w.image}
	choice, claimed := provider.Choose(t.job.broker.Rules, request)
	if !claimed {
		return provider.Credential{}, time.Time{}, provider.WithHint(errors.New("no provider claims the host"),
			"give its login: --username with --password-stdin, or --from-docker-config")
	}
	i, err := t.once(choice.Scope, func() (i issued, err error) {
		i.credential, i.at, err = t.job.broker.FreshCredential(ctx, choice, request, func(issued, expires time.Time) bool {
			return t.job.isFresh(issued, expires, t.job.broker.Now())
		})
		return i, err
	})
	if err != nil {
		return provider.Credential{}, time.Time{}, err
	}
	i.credential.RepositoryOnly = i.credential.RepositoryOnly || choice.RepositoryOnly
	return i.credential, i.at, nil
}

// once returns what fetch returns for a scope, and calls it only the first time. Without this, a broken
// cache would cost a call for each registry.
func (t *tokens) once(scope provider.Scope, fetch func() (issued, error)) (issued, error) {
	t.mu.Lock()
	if t.fetches[scope] == nil {
		t.fetches[scope] = sync.OnceValues(fetch)
	}
	get := t.fetches[scope]
	t.mu.Unlock()
	return get()
}

// logins are the logins in a Docker configuration. A cloud's registry without a login gets a token.
type logins struct {
	path   string
	file   dockerconfig.File
	helper dockerconfig.Helper
	tokens *tokens
}

func (j *job) openDockerConfig(tokens *tokens) (logins, error) {
	path := j.dockerConfig
	if path == ownDockerConfig {
		directory := j.broker.Getenv("DOCKER_CONFIG")
		if directory == "" {
			directory = filepath.Join(j.broker.Home, ".docker")
		}
		path = filepath.Join(directory, "config.json")
	}
	data, err := safefile.ReadSecret(path, j.broker.Log.Warn)
	if err != nil {
		return logins{}, err
	}
	j.broker.Log.Scrubber.Hide(dockerconfig.Secrets(data)...)
	file, err := dockerconfig.Parse(data)
	if err != nil {
		return logins{}, fmt.Errorf("read %s: %w", path, err)
	}
	return logins{path, file, dockerconfig.Programs{Environ: j.broker.Environ, Timeout: dockerconfig.HelperLimit}, tokens}, nil
}

func (l logins) get(ctx context.Context, w *wanted) (provider.Credential, time.Time, error) {
	credential, err := l.file.Lookup(ctx, w.image, l.helper)
	switch {
	case err == nil:
		l.tokens.job.broker.Log.Scrubber.Hide(credential.Password.Reveal()) // it can be a helper's
		return credential, time.Time{}, nil
	case errors.Is(err, provider.ErrNone) && w.isCloud():
		return l.tokens.get(ctx, w)
	case errors.Is(err, provider.ErrNone):
		return provider.Credential{}, time.Time{}, provider.WithHint(fmt.Errorf("there is no login for it in %s", l.path),
			"docker login, or give its login: --username with --password-stdin")
	}
	return provider.Credential{}, time.Time{}, fmt.Errorf("look it up in %s: %w", l.path, err)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
		return fmt.Errorf("--username is for one registry, and there is another source for %s", names(j.registries))
	}
	for _, w := range registries[1:] {
		if w.image.Host != registries[0].image.Host {
			return fmt.Errorf("--username is for one registry, and could be for %s; make a Secret of each, or use --from-docker-config", names(registries))
		}
	}
	return nil
}

func (j *secretJob) where(is func(*wanted) bool) []*wanted {
	var list []*wanted
	for _, w := range j.registries {
		if is(w) {
			list = append(list, w)
		}
	}
	return list
}

// forPassword returns the registries that --username is for: the only one, or all that do not
// get their tokens from a cloud.
func (j *secretJob) forPassword() []*wanted {
	if len(j.registries) == 1 && j.googleKeyFile == "" {
		return j.registries
	}
	return j.where(func(w *wanted) bool { return !w.isCloud() })
}

// openSources reads the logins that the flags name, and gives each registry its source.
func (j *secretJob) openSources(ctx context.Context, n *node) error {
	tokens := tokens{n, j}
	for _, w := range j.registries {
		w.from = tokens
	}
	if j.dockerConfig != "" {
		logins, err := j.openDockerConfig(n, tokens)
		if err != nil {
			return err
		}
		for _, w := range j.registries {
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

// tokens are the credentials as the plugin has them, fresh ones.
type tokens struct {
	*node
	job *secretJob
}

func (t tokens) get(ctx context.Context, w *wanted) (provider.Credential, time.Time, error) {
	request := provider.Request{Image: w.image}
	choice, claimed := provider.Choose(t.rules, request)
	if !claimed {
		return provider.Credential{}, time.Time{}, provider.WithHint(errors.New("no provider claims the host"),
			"give its login: --username with --password-stdin, or --from-docker-config")
	}
	credential, issued, err := t.freshCredential(ctx, choice, request, func(issued, expires time.Time) bool {
		return t.job.isFresh(issued, expires, t.Now())
	})
	credential.RepositoryOnly = credential.RepositoryOnly || choice.RepositoryOnly
	return credential, issued, err
}

// logins are those of docker login. A cloud's registry without one gets a token.
type logins struct {
	path   string
	file   dockerconfig.File
	helper dockerconfig.Helper
	tokens tokens
}

func (j *secretJob) openDockerConfig(n *node, tokens tokens) (logins, error) {
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

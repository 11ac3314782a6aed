package secretcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// ownDockerConfig is the value of --from-docker-config without one.
const ownDockerConfig = "~/.docker/config.json"

// checkSources checks that the flags name sources that can be read.
func (j *job) checkSources() error {
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

// hasLogin reports whether the flags name a login.
func (j *job) hasLogin() bool {
	return j.username != "" || j.googleKeyFile != "" || j.dockerConfig != ""
}

// checkLogins checks that each login of the flags is for one of the registries, and that it is clear for
// which one: no password may go to another registry.
func (j *job) checkLogins() error {
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
		return fmt.Errorf("--username is for one registry, and could be for %s; make a Secret of each, or give all logins by --from-docker-config", names(registries))
	}
	if of, own := j.broker.Backends.WithUsername(j.username), registries[0].owner; of != nil && own != nil && of != own {
		return fmt.Errorf("the user %s is none of %s", j.username, registries[0].name)
	}
	return nil
}

func isOneHost(registries []*wanted) bool {
	return !slices.ContainsFunc(registries, func(w *wanted) bool { return w.host() != registries[0].host() })
}

func (j *job) where(is func(*wanted) bool) []*wanted {
	var list []*wanted
	for _, w := range j.wanted {
		if is(w) {
			list = append(list, w)
		}
	}
	return list
}

// forPassword returns the registries that --username is for: the only one, or all that get no token from a
// cloud.
func (j *job) forPassword() []*wanted {
	if isOneHost(j.wanted) && j.googleKeyFile == "" {
		return j.wanted
	}
	return j.where(func(w *wanted) bool { return !w.isCloud() })
}

// openSources reads the logins that the flags name, and gives each registry its source.
func (j *job) openSources(ctx context.Context) error {
	tokens := &tokens{job: j, fetches: map[provider.Scope]func() (issued, error){}}
	for _, w := range j.wanted {
		w.from = tokens
	}
	if j.dockerConfig != "" {
		logins, err := j.openDockerConfig(tokens)
		if err != nil {
			return err
		}
		for _, w := range j.wanted {
			w.from = logins
		}
	}
	if j.googleKeyFile != "" {
		key, err := j.readGoogleKey()
		if err != nil {
			return err
		}
		for _, w := range j.where((*wanted).isGoogle) {
			w.from = login{key}
		}
	}
	if j.username != "" {
		registries := j.forPassword()
		password, err := j.readPassword(ctx, registries[0].image.Host)
		if err != nil {
			return err
		}
		for _, w := range registries {
			w.from = login{password}
		}
	}
	return nil
}

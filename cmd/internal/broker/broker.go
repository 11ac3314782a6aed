// Package broker gets one credential for one image. It reads the config, chooses the backend and
// shares the credential with all processes of the node through the cache.
package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// A Broker answers for the images of this machine. Env, Backends and the paths are set by its
// user; Load fills in the rest.
type Broker struct {
	*env.Env
	Backends   provider.Backends
	ConfigPath string // of the flag --config; "" if it is not given
	CacheDir   string // of the flag --cache-dir; "" if it is not given
	LogFile    string // of the flag --log-file; "" if it is not given

	Config config.Config
	Rules  []provider.Rule
	Cache  *cache.Cache // nil if there is no directory for it

	fetches fetchLog
	events  events
}

// Load reads the config, and sets up the rules and the cache. The error is that of LoadConfig.
func (b *Broker) Load() error {
	if err := b.loadCache(); err != nil {
		return err
	}
	b.Rules = b.newRules()
	return nil
}

// LoadConfig reads the config file that ConfigPath or PULLPASS_CONFIG names. If neither names
// one, it reads the file at the default place, which may be missing. The error says why the file
// cannot be read, or what is wrong in it.
func (b *Broker) LoadConfig() (config.Config, error) {
	path := b.ConfigPath
	if path == "" {
		path = b.Getenv(ConfigVariable)
	}
	named := path != ""
	if !named {
		path = DefaultConfig(b.Getenv)
	}
	settings, err := config.Load(path, b.Backends)
	if errors.Is(err, fs.ErrNotExist) && !named {
		b.Log.Debug("no config file at %s: the defaults apply", path)
		return config.Config{}, nil
	}
	if err != nil {
		return config.Config{}, fmt.Errorf("read the config: %w", err)
	}
	b.Log.Debug("read the config %s, rules: %d", path, len(settings.Registries))
	return settings, nil
}

// Choose returns the choice for a request, false if no provider claims it. The log says which rule it is.
func (b *Broker) Choose(request provider.Request) (provider.Choice, bool) {
	choice, claimed := provider.Choose(b.Rules, request)
	if !claimed {
		return choice, false
	}
	rule := "no config rule matches; using the built-in rule"
	if choice.Pattern != nil {
		rule = "using the rule " + choice.Pattern.String()
	}
	scope := strings.TrimPrefix(strings.TrimSpace(string(choice.Scope)), "provider=")
	b.Log.Debug("%s: %s for %s", request.Image, rule, strings.ReplaceAll(scope, "\n", ", "))
	return choice, true
}

// Credential returns the credential for a request, from the cache or from the provider that was chosen for
// it. The end of ctx bounds the wait, see Grace. Errors are those of provider.Provider's Fetch.
func (b *Broker) Credential(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	if b.Cache == nil {
		return b.fetch(choice, request)(ctx)
	}
	return b.Cache.Get(ctx, choice.Scope, b.fetch(choice, request))
}

// FreshCredential is Credential for a caller that stores the credential outside the cache, such as in a
// Secret. A cached credential is returned only if isFresh accepts its times. The second result is the time
// at which the credential was fetched.
func (b *Broker) FreshCredential(ctx context.Context, choice provider.Choice, request provider.Request, isFresh func(issued, expires time.Time) bool) (provider.Credential, time.Time, error) {
	if b.Cache == nil {
		credential, err := b.fetch(choice, request)(ctx)
		return credential, b.Now(), err
	}
	return b.Cache.GetFresh(ctx, choice.Scope, isFresh, b.fetch(choice, request))
}

// fetch returns the function that asks the chosen provider, within the time of its context. Its errors hold
// no secret that the log's Scrubber knows.
func (b *Broker) fetch(choice provider.Choice, request provider.Request) cache.Fetch {
	return func(ctx context.Context) (provider.Credential, error) {
		b.CatchSignals()
		b.HideStdio()
		b.events.beginFetch()
		credential, err := bounded(ctx, func(ctx context.Context) (provider.Credential, error) {
			return b.measured(ctx, choice, request)
		})
		if err != nil {
			return provider.Credential{}, b.Log.Scrubber.Error(err) // before the cache keeps it
		}
		b.hide(credential)
		b.keepFetch(choice, request, credential)
		return credential, nil
	}
}

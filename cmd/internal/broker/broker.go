// Package broker gets one credential for one image. It reads the config, chooses the backend and
// shares the credential with all processes of the node through the cache.
package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// The environment variables that name pullpass's own files, where no flag does.
const (
	ConfigVariable   = "PULLPASS_CONFIG"
	CacheDirVariable = "PULLPASS_CACHE_DIR"
)

// A Broker answers for the images of this machine. Env, Backends and the two paths are set by its
// user; Load fills in the rest.
type Broker struct {
	*env.Env
	Backends   provider.Backends
	ConfigPath string // of the flag --config; "" if it is not given
	CacheDir   string // of the flag --cache-dir; "" if it is not given

	Config config.Config
	Rules  []provider.Rule
	Cache  *cache.Cache // nil if there is no directory for it

	fetches fetchLog
}

// Load reads the config, and sets up the rules and the cache. The error is that of LoadConfig.
func (b *Broker) Load() error {
	if err := b.LoadCache(); err != nil {
		return err
	}
	b.Rules = b.newRules()
	return nil
}

// LoadCache is Load without the rules, for commands that only look at the cache.
func (b *Broker) LoadCache() error {
	var err error
	if b.Config, err = b.LoadConfig(); err != nil {
		return err
	}
	b.Cache = b.newCache()
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
	b.Log.Debug("read the config %s: %d rules", path, len(settings.Registries))
	return settings, nil
}

// newCache returns the cache, nil if there is no directory for it. The first of these names the
// directory: CacheDir, PULLPASS_CACHE_DIR, the config, the default.
func (b *Broker) newCache() *cache.Cache {
	dir := b.CacheDir
	if variable := b.Getenv(CacheDirVariable); dir == "" && variable != "" {
		// A relative path would start where the kubelet was started.
		if filepath.IsAbs(variable) {
			dir = variable
		} else {
			b.Log.Warn(CacheDirVariable + " is not an absolute path and is not used")
		}
	}
	if dir == "" {
		dir = b.Config.CacheDir
	}
	if dir == "" {
		dir = DefaultCacheDir(b.Env)
	}
	if dir == "" {
		b.Log.Debug("there is no cache: the user has no home folder")
		return nil
	}
	return &cache.Cache{
		Dir:   filepath.Clean(dir), // a link with a slash at its end would be followed
		Node:  b.Hostname,
		Now:   b.Now,
		Warn:  b.Log.Warn,
		Debug: func(text string) { b.Log.Debug("%s", text) },
	}
}

// Credential returns the credential for a request: from the cache, or else from the provider that
// was chosen for it. Errors are those of provider.Provider's Fetch.
func (b *Broker) Credential(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	if b.Cache == nil {
		return b.fetch(choice, request)(ctx)
	}
	return b.Cache.Get(ctx, choice.Scope, b.fetch(choice, request))
}

// FreshCredential is Credential for a caller that stores the credential outside the cache, such
// as in a Secret. A cached credential is returned only if isFresh accepts its times. The result
// has the time at which the credential was fetched as well.
func (b *Broker) FreshCredential(ctx context.Context, choice provider.Choice, request provider.Request, isFresh func(issued, expires time.Time) bool) (provider.Credential, time.Time, error) {
	if b.Cache == nil {
		credential, err := b.fetch(choice, request)(ctx)
		return credential, b.Now(), err
	}
	return b.Cache.GetFresh(ctx, choice.Scope, isFresh, b.fetch(choice, request))
}

// fetch returns the function that asks the chosen provider, within the time of its context.
func (b *Broker) fetch(choice provider.Choice, request provider.Request) cache.Fetch {
	return func(ctx context.Context) (provider.Credential, error) {
		b.CatchSignals()
		b.HideStdio()
		return bounded(ctx, func(ctx context.Context) (provider.Credential, error) {
			return b.measured(ctx, choice, request)
		})
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/provider"
)

// A node is this machine as the commands see it: who answers for which images, and where
// their credentials are kept. The fields below the flags are filled in by load.
type node struct {
	*process
	messages *messages

	configPath string // the flag --config; "" if it is not given
	cacheDir   string // the flag --cache-dir; "" if it is not given

	config config.Config
	rules  []provider.Rule
	cache  *cache.Cache // nil if there is no directory for it

	fetches fetchLog
}

// load reads the config file, or takes the defaults.
func (n *node) load() error {
	if err := n.loadCache(); err != nil {
		return err
	}
	n.rules = n.newRules()
	return nil
}

// loadCache is load for what needs the cache alone.
func (n *node) loadCache() error {
	var err error
	if n.config, err = n.loadConfig(); err != nil {
		return err
	}
	n.cache = n.newCache()
	return nil
}

// loadConfig reads the config file of the flag, of PULLPASS_CONFIG, or the one at the default
// place, which need not be there.
func (n *node) loadConfig() (config.Config, error) {
	path := n.configPath
	if path == "" {
		path = n.Getenv("PULLPASS_CONFIG")
	}
	named := path != ""
	if !named {
		path = defaultConfig(n.Getenv)
	}
	settings, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		n.messages.debug("no config file at %s: the defaults apply", path)
		return config.Config{}, nil
	}
	if err != nil {
		return config.Config{}, fmt.Errorf("read the config: %w", err)
	}
	n.messages.debug("read the config %s: %d rules", path, len(settings.Registries))
	return settings, nil
}

// newCache returns the cache in the directory of the flag, of PULLPASS_CACHE_DIR, of the
// config, or the default one.
func (n *node) newCache() *cache.Cache {
	dir := n.cacheDir
	if variable := n.Getenv("PULLPASS_CACHE_DIR"); dir == "" && variable != "" {
		// A relative one would be below wherever the kubelet was started.
		if filepath.IsAbs(variable) {
			dir = variable
		} else {
			n.messages.warn("PULLPASS_CACHE_DIR is not an absolute path and is not used")
		}
	}
	if dir == "" {
		dir = n.config.CacheDir
	}
	if dir == "" {
		dir = defaultCacheDir(n.Getenv, n.Home, n.Root)
	}
	if dir == "" {
		n.messages.debug("there is no cache: the user has no home folder")
		return nil
	}
	return &cache.Cache{
		Dir:   filepath.Clean(dir), // with a slash at its end, a link would be followed
		Node:  n.Hostname,
		Now:   n.Now,
		Warn:  n.messages.warn,
		Debug: func(text string) { n.messages.debug("%s", text) },
	}
}

// credential returns the credential for a request from the cache, or else from the provider of
// its choice. Errors are those of provider.Provider's Fetch.
func (n *node) credential(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	if n.cache == nil {
		return n.guarded(choice, request)(ctx)
	}
	return n.cache.Get(ctx, choice.Scope, n.guarded(choice, request))
}

// freshCredential is credential for who stores it elsewhere, as cache.GetFresh is Get.
func (n *node) freshCredential(ctx context.Context, choice provider.Choice, request provider.Request, isFresh func(issued, expires time.Time) bool) (provider.Credential, time.Time, error) {
	if n.cache == nil {
		credential, err := n.guarded(choice, request)(ctx)
		return credential, n.Now(), err
	}
	return n.cache.GetFresh(ctx, choice.Scope, isFresh, n.guarded(choice, request))
}

// guarded returns the fetch of a request, within the time of its context.
func (n *node) guarded(choice provider.Choice, request provider.Request) cache.Fetch {
	return func(ctx context.Context) (provider.Credential, error) {
		n.Guard()
		return bounded(ctx, func(ctx context.Context) (provider.Credential, error) {
			return n.fetch(ctx, choice, request)
		})
	}
}

package broker

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
)

// loadCache is Load without the rules.
func (b *Broker) loadCache() error {
	var err error
	if b.Config, err = b.LoadConfig(); err != nil {
		return err
	}
	b.Cache = b.newCache()
	return nil
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
		b.Log.Debug("there is no cache: the user has no home directory")
		return nil
	}
	return &cache.Cache{
		Dir:   filepath.Clean(dir), // a link with a slash at its end would be followed
		Node:  b.Hostname,
		Now:   b.Now,
		Warn:  b.Log.Warn,
		Hide:  b.hide,
		Debug: func(text string) { b.Log.Debug("%s", text) },
	}
}

// OpenCache reads the config and sets up the cache, for commands that need nothing else. The error is
// that of LoadConfig or of CheckCache.
func (b *Broker) OpenCache() error {
	if err := b.loadCache(); err != nil {
		return err
	}
	return b.CheckCache()
}

// CheckCache returns an error if there is no directory for the cache, or one that must not be used. The
// cache has to be set up, by Load or OpenCache.
func (b *Broker) CheckCache() error {
	if b.Cache == nil {
		return provider.WithHint(errors.New("use the cache: the user has no home directory for it"), "name a directory with --cache-dir")
	}
	_, err := b.Cache.IDs()
	return CacheError("use", err)
}

// CacheError returns err with what could not be done with the cache, such as "list", and a hint if err
// has none. It returns nil for nil.
func CacheError(what string, err error) error {
	if err == nil {
		return nil
	}
	hint := provider.Hint(err)
	if hint == "" {
		hint = "the cache must be a directory that belongs to the user who runs pullpass and is closed to others; --cache-dir names another one"
	}
	return provider.WithHint(fmt.Errorf("%s the cache: %w", what, err), hint)
}

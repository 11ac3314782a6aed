package broker

import (
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/provider"
)

// OpenCache is LoadCache for commands that need the cache. It is an error if there is no directory
// for the cache, or one that must not be used.
func (b *Broker) OpenCache() error {
	if err := b.LoadCache(); err != nil {
		return err
	}
	return b.CheckCache()
}

// CheckCache returns the error of OpenCache for a cache that is loaded.
func (b *Broker) CheckCache() error {
	if b.Cache == nil {
		return provider.WithHint(errors.New("use the cache: the user has no home folder for it"), "name a directory with --cache-dir")
	}
	_, err := b.Cache.IDs()
	return CacheError("use", err)
}

// CacheError adds to err, which may be nil, what could not be done with the cache, and a hint if
// err has none.
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

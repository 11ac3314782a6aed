// Package cache keeps registry credentials in a directory of the node, for all processes that
// need them: of a hundred that miss at once, one asks the authority and all get its answer.
//
// The directory holds a file per scope, named by the hash of the scope:
//
//	ID.json      the entry: the credential, its times, and the last failure to get one
//	ID.lock      locked by the one process that fetches; it removes it when it is done
//	ID.lock.tmp  locked by the one process that replaces the lock of a stopped one
//	ID.*.tmp     the entry that is about to be put in place
//
// A cache that is broken in whatever way never fails a request that would have been answered
// without it: it costs a warning and a call of the authority.
package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

const (
	// renewLimit is how long a request that already has an answer tries to renew it. A fetch may
	// take another second to end.
	renewLimit = 2 * time.Second
	// ownTry is how much time the wait for another process leaves. If that process has been stopped,
	// the request is still answered without it.
	ownTry = 10 * time.Second
	// fetchLimit is how long a fetch may take that others wait for. It is less than the plugin's time
	// limit: the others get its failure and do not try themselves.
	fetchLimit = 30 * time.Second
)

// A Cache is a directory of credentials. All fields must be set.
type Cache struct {
	// Dir is the directory. It is created with its parents if needed. It is not used unless it
	// belongs to the effective user and is closed to all others.
	Dir string
	// Node is the node's name. It decides when in the second half of its life a credential is
	// renewed: nodes that booted together do not call together.
	Node string
	Now  func() time.Time
	// Warn takes a line about what is wrong with the cache, Debug one about what it does. No line
	// has a secret.
	Warn, Debug func(string)
	// Hide takes each credential that is read, before a line can be about it.
	Hide func(provider.Credential)
}

// A Fetch gets a new credential from the authority, as provider.Provider's Fetch does. It
// returns within a second of the end of its context.
type Fetch func(context.Context) (provider.Credential, error)

// Get returns the credential of scope, from the directory or from fetch. It keeps what fetch returns for
// other processes. A cached credential is returned until a minute before it expires, one without an expiry
// for a minute.
//
// The error is that of fetch, from this call or from one that failed a short while ago. The latter has the
// text and the hint of the original, and is a provider.NoCredentialError if the original is one.
func (c *Cache) Get(ctx context.Context, scope provider.Scope, fetch Fetch) (provider.Credential, error) {
	e, err := c.open(scope)
	if err != nil {
		return fetch(ctx)
	}
	if now := c.Now(); e.isUsable(now) && e.isDue(now) {
		if credential, found := c.renew(ctx, scope, e, fetch); found {
			return credential, nil
		}
		e, _ = c.read(scope)
	}
	e, err = c.obtain(ctx, scope, e, acceptAll, fetch)
	return e.credential(), err
}

// open creates the directory if needed and reads the entry of scope. It warns of what is wrong with
// either. An error means that the directory cannot be used.
func (c *Cache) open(scope provider.Scope) (entry, error) {
	if err := c.makeDir(); err != nil {
		c.Warn("the cache is not used: " + err.Error())
		return entry{}, err
	}
	e, err := c.read(scope)
	if err != nil {
		c.Warn(fmt.Sprintf("a cached credential is not used: %v", err))
	}
	return e, nil
}

func acceptAll(entry) bool { return true }

// obtain returns e or a later entry of scope, if accept takes its credential, or the failure in it if
// that still holds. Else it returns what fetch gets. accept is asked about usable credentials only.
func (c *Cache) obtain(ctx context.Context, scope provider.Scope, e entry, accept func(entry) bool, fetch Fetch) (entry, error) {
	for holders := 0; ; holders++ {
		if answer, err, found := c.answer(e, accept); found {
			return answer, err
		}
		if holders == 3 {
			// One holder may have been sweeping, one frozen. If two fetched, they could not keep what they
			// got, or it is about to expire, or it was trouble of theirs alone: there is no reason to wait.
			c.Debug("fetch without the lock: other processes have kept nothing")
			return c.fetchUnlocked(ctx, scope, accept, fetch)
		}
		lock, err := c.lockWithin(ctx, scope)
		switch {
		case errors.Is(err, errRemoved): // its holder is done
			e, _ = c.read(scope)
			continue
		case errors.Is(err, errHeld):
			c.Warn(fmt.Sprintf("fetch without the lock: %v", err))
			return c.fetchUnlocked(ctx, scope, accept, fetch)
		case err != nil:
			c.Warn(fmt.Sprintf("fetch without the cache: %v", err))
			return c.fetch(ctx, scope, fetch)
		}
		return c.fetchLocked(ctx, scope, lock, accept, fetch)
	}
}

// answer returns e if accept takes its credential, or the failure in e if that still holds. It returns
// false if e has neither.
func (c *Cache) answer(e entry, accept func(entry) bool) (answer entry, err error, found bool) {
	now := c.Now()
	switch {
	case e.isUsable(now) && accept(e):
		c.Debug("from the cache, where it is since " + e.Issued.Format(time.RFC3339))
		return e, nil, true
	case e.Failure.holds(now):
		return entry{}, e.Failure.err(now), true
	}
	return entry{}, nil, false
}

// fetch fetches what is not kept.
func (c *Cache) fetch(ctx context.Context, scope provider.Scope, fetch Fetch) (entry, error) {
	credential, err := fetch(ctx)
	if err != nil {
		return entry{}, err
	}
	return newEntry(scope, credential, c.Now()), nil
}

// fetchLocked fetches and keeps the outcome, unless another process has just done so. It
// unlocks.
func (c *Cache) fetchLocked(ctx context.Context, scope provider.Scope, lock *filelock.Lock, accept func(entry) bool, fetch Fetch) (entry, error) {
	last, _ := c.read(scope)
	if answer, err, found := c.answer(last, accept); found {
		lock.Unlock()
		return answer, err
	}
	place, err := c.reserve(scope)
	if err != nil {
		lock.Unlock() // the others need not wait for what cannot be kept
		c.Warn(fmt.Sprintf("fetch without the cache: %v", err))
		return c.fetch(ctx, scope, fetch)
	}
	defer lock.Unlock()
	try := attempt{scope: scope, last: last, lock: lock, begun: c.Now()}
	limited, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	credential, err := fetch(limited)
	next := c.next(scope, last, credential, err)
	c.keep(ctx, try, place, next, err)
	if err != nil {
		return entry{}, err
	}
	return next, nil
}

// fetchUnlocked fetches and keeps the outcome of a process that has waited for others in vain, unless another
// one like it has just done so.
func (c *Cache) fetchUnlocked(ctx context.Context, scope provider.Scope, accept func(entry) bool, fetch Fetch) (entry, error) {
	last, _ := c.read(scope)
	if answer, err, found := c.answer(last, accept); found {
		return answer, err
	}
	try := attempt{scope: scope, last: last, begun: c.Now()}
	credential, err := fetch(ctx)
	next := c.next(scope, last, credential, err)
	if place, failed := c.reserve(scope); failed == nil {
		c.keep(ctx, try, place, next, err)
	}
	if err != nil {
		return entry{}, err
	}
	return next, nil
}

// renew returns a new credential instead of current's, which is past half of its life. It returns
// current's if another process is renewing it, or if there is none to get within a short time. It returns
// false if current's has become unusable meanwhile.
func (c *Cache) renew(ctx context.Context, scope provider.Scope, current entry, fetch Fetch) (provider.Credential, bool) {
	lock, err := c.tryLock(c.path(scope, lockSuffix))
	if err != nil {
		c.Debug(fmt.Sprintf("from the cache, not renewed ahead: %v", err))
		return current.credential(), true
	}
	defer lock.Unlock()
	if latest, _ := c.read(scope); latest.isUsable(c.Now()) {
		if current = latest; !current.isDue(c.Now()) {
			return current.credential(), true
		}
	}
	place, err := c.reserve(scope)
	if err != nil {
		c.Warn(fmt.Sprintf("a credential is not renewed ahead: %v", err))
		return current.credential(), true
	}
	try := attempt{scope: scope, last: current, lock: lock, begun: c.Now()}
	limited, cancel := context.WithTimeout(ctx, min(renewLimit, current.goodUntil().Sub(c.Now())))
	defer cancel()
	credential, err := fetch(limited)
	if err == nil && !newEntry(scope, credential, c.Now()).isUsable(c.Now()) {
		err = errors.New("the new one is about to expire")
	}
	switch {
	case err == nil:
		c.keep(ctx, try, place, c.next(scope, current, credential, nil), nil)
		return credential, true
	case !current.isUsable(c.Now()):
		place.release() // a short try says little, and a long one comes next
		return provider.Credential{}, false
	}
	c.keep(ctx, try, place, c.next(scope, current, credential, err), err)
	c.Warn(fmt.Sprintf("a credential is not renewed ahead, the one in hand is good until %s: %v", current.goodUntil().Format(time.RFC3339), err))
	return current.credential(), true
}

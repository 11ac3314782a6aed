// Package cache keeps registry credentials in a directory of the node, for all processes that
// need them: of a hundred that miss at once, one asks the authority and all get its answer.
//
// The directory holds a file per scope, named by the hash of the scope:
//
//	ID.json   the entry: the credential, its times, and the last failure to get one
//	ID.lock   locked by the one process that fetches; it removes it when it is done
//	ID.*.tmp  the entry that it is about to put in place
//
// A cache that is broken in whatever way never fails a request that would have been answered
// without it: it costs a warning and a call of the authority.
package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const (
	// renewLimit is how long a request that has an answer in hand may take to renew it.
	renewLimit = 3 * time.Second
	// ownTry is what the wait for another process leaves of the time: that process may have
	// been stopped, and then the request is still answered without it.
	ownTry = 10 * time.Second
	// fetchLimit is how long a fetch may take that others wait for: less than they do, of the
	// plugin's 45 s, so that they get its failure rather than try themselves.
	fetchLimit = 30 * time.Second
)

// A Cache is a directory of credentials. All fields must be set.
type Cache struct {
	// Dir is the directory. It is made if it is not there, its parents as well, and not used
	// unless it belongs to the effective user and is closed to all others.
	Dir string
	// Node is the node's name: it decides when within its second half of life a credential is
	// renewed, so that a fleet that booted together does not call together.
	Node string
	Now  func() time.Time
	// Warn takes a line on what is wrong with the cache, Debug one on what it does. Neither
	// gets to see a secret.
	Warn, Debug func(string)
}

// A Fetch gets a new credential from the authority, as provider.Provider's Fetch does.
type Fetch func(context.Context) (provider.Credential, error)

// Get returns the credential of scope: from the directory, or with fetch, whose answer is kept
// for the other processes. Credentials are given out until a minute before they expire; those
// without an expiry for a minute.
//
// An error is fetch's, of this call or of another that failed a short while ago; that one has
// the text, the hint and the provider.ErrNone of the original, and with ErrNone its
// RepositoryOnly.
func (c *Cache) Get(ctx context.Context, scope provider.Scope, fetch Fetch) (provider.Credential, error) {
	if err := c.makeDir(); err != nil {
		c.Warn("the cache is not used: " + err.Error())
		return fetch(ctx)
	}
	started := c.Now()
	e, err := c.read(scope)
	if err != nil {
		c.Warn(fmt.Sprintf("a cached credential is not used: %v", err))
	}
	if e.isUsable(started) && e.isDue(started) {
		return c.renew(ctx, scope, e, fetch), nil
	}
	for {
		if credential, err, found := c.answer(e); found {
			return credential, err
		}
		unlock, err := c.lockWithin(ctx, scope)
		switch {
		case errors.Is(err, errRemoved) && ctx.Err() == nil: // its holder is done
			e, _ = c.read(scope)
			continue
		case err != nil:
			c.Warn(fmt.Sprintf("fetch without the cache: %v", err))
			return fetch(ctx)
		}
		return c.fetchLocked(ctx, scope, started, unlock, fetch)
	}
}

// answer returns what e has to say: its credential, or a failure that still holds.
func (c *Cache) answer(e entry) (provider.Credential, error, bool) {
	now := c.Now()
	switch {
	case e.isUsable(now):
		c.Debug("from the cache, where it is since " + e.Issued.Format(time.RFC3339))
		return e.credential(), nil, true
	case e.Failure.holds(now):
		return provider.Credential{RepositoryOnly: e.Failure.RepositoryOnly}, e.Failure.err(now), true
	}
	return provider.Credential{}, nil, false
}

// fetchLocked fetches and keeps the outcome, unless another process has done so since started.
// It unlocks.
func (c *Cache) fetchLocked(ctx context.Context, scope provider.Scope, started time.Time, unlock func(), fetch Fetch) (provider.Credential, error) {
	last, _ := c.read(scope)
	if credential, err, found := c.answer(last); found {
		unlock()
		return credential, err
	}
	if last.Issued.After(started) && !last.Issued.After(c.Now()) {
		// The process waited for a credential that is too short-lived to be kept. The others
		// that wait would do so in turn.
		unlock()
		return fetch(ctx)
	}
	place, err := c.reserve(scope)
	if err != nil {
		unlock() // what cannot be kept is no reason for others to wait
		c.Warn(fmt.Sprintf("fetch without the cache: %v", err))
		return fetch(ctx)
	}
	defer unlock()
	limited, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	credential, err := fetch(limited)
	c.keep(ctx, place, c.next(scope, last, credential, err))
	return credential, err
}

// renew returns a new credential in place of current's, which is past half of its life, or
// current's if another process is at it or there is none to get within a short time.
func (c *Cache) renew(ctx context.Context, scope provider.Scope, current entry, fetch Fetch) provider.Credential {
	unlock, err := c.tryLock(scope)
	if err != nil {
		c.Debug(fmt.Sprintf("from the cache, not renewed ahead: %v", err))
		return current.credential()
	}
	defer unlock()
	if latest, _ := c.read(scope); latest.isUsable(c.Now()) {
		if current = latest; !current.isDue(c.Now()) {
			return current.credential()
		}
	}
	place, err := c.reserve(scope)
	if err != nil {
		c.Warn(fmt.Sprintf("a credential is not renewed ahead: %v", err))
		return current.credential()
	}
	credential, err := within(ctx, renewLimit, fetch)
	if err == nil && !newEntry(scope, credential, c.Now()).isUsable(c.Now()) {
		err = errors.New("the new one is about to expire")
	}
	next := c.next(scope, current, credential, err)
	c.keep(ctx, place, next)
	if err != nil {
		c.Warn(fmt.Sprintf("a credential is not renewed ahead, the one in hand is good until %s: %v", current.goodUntil().Format(time.RFC3339), err))
		return current.credential()
	}
	return next.credential()
}

// within calls fetch and does not wait longer than limit, even if fetch does.
func within(ctx context.Context, limit time.Duration, fetch Fetch) (provider.Credential, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type outcome struct {
		credential provider.Credential
		err        error
	}
	done := make(chan outcome, 1)
	go func() {
		credential, err := fetch(ctx)
		done <- outcome{credential, err}
	}()
	select {
	case o := <-done:
		return o.credential, o.err
	case <-ctx.Done():
		return provider.Credential{}, fmt.Errorf("no answer within %v", limit)
	}
}

// next returns the entry that follows last after the outcome of a fetch.
func (c *Cache) next(scope provider.Scope, last entry, credential provider.Credential, err error) entry {
	now := c.Now()
	if err != nil {
		failure := last.Failure.next(credential.RepositoryOnly, err, now)
		switch {
		case !now.Before(last.goodUntil()):
			last = entry{Version: version, Scope: scope}
		case failure.Until.After(last.goodUntil()):
			failure.Until = last.goodUntil() // then a try with all the time is due
		}
		last.Failure = failure
		return last
	}
	e := newEntry(scope, credential, now)
	if !e.Expires.IsZero() {
		e.Refresh = now.Add(c.renewAfter(scope, e.Expires.Sub(now)))
	}
	return e
}

// keep puts next in its reserved place and clears away what is over. An end by a signal says
// nothing about the authority and is not kept.
func (c *Cache) keep(ctx context.Context, place *place, next entry) {
	if next.Failure != nil && errors.Is(ctx.Err(), context.Canceled) {
		place.release()
		return
	}
	if err := place.put(next); err != nil {
		c.Warn(fmt.Sprintf("keep a credential in the cache: %v", err))
		return
	}
	c.sweep()
}

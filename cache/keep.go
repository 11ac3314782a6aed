package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

// stoppedAfter is how long a fetch takes only if the process was stopped meanwhile.
const stoppedAfter = fetchLimit + 5*time.Second

// An attempt is a fetch whose outcome is to be kept.
type attempt struct {
	scope provider.Scope
	last  entry          // what was kept when it began
	lock  *filelock.Lock // nil for an attempt without
	begun time.Time
}

// next returns the entry that follows last after the outcome of a fetch.
func (c *Cache) next(scope provider.Scope, last entry, credential provider.Credential, err error) entry {
	now := c.Now()
	if err != nil {
		failure := last.Failure.next(err, now)
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

// keep puts next, the outcome of an attempt with the error err, in its reserved place, unless there is a
// reason not to. It removes expired entries.
func (c *Cache) keep(ctx context.Context, try attempt, place *place, next entry, err error) {
	if reason := c.reasonToDrop(ctx, try, next, err); reason != "" {
		c.Debug("not kept in the cache: " + reason)
		place.release()
		return
	}
	if err := place.put(next); err != nil {
		c.Warn(fmt.Sprintf("keep a credential in the cache: %v", err))
		return
	}
	c.sweep()
}

// reasonToDrop returns why the outcome is not kept, "" if it is.
func (c *Cache) reasonToDrop(ctx context.Context, try attempt, next entry, err error) string {
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return "a signal ended the fetch, which says nothing about the authority"
	case provider.IsLocal(err):
		return "the failure is trouble of this machine"
	case c.Now().Sub(try.begun) > stoppedAfter:
		return "this process was stopped, and the outcome is old"
	case try.lock != nil && try.lock.Lost():
		return "the lock is gone: this process was stopped, or the directory was removed"
	}
	// A process without the lock may have kept something in the meantime, or removed it.
	current, _ := c.read(try.scope)
	isSame := current.Issued.Equal(try.last.Issued) && current.Failure.isSame(try.last.Failure)
	isLater := err == nil && (!current.isUsable(c.Now()) || next.Expires.After(current.Expires))
	if !isSame && !isLater {
		return "another process has kept a newer one"
	}
	return ""
}

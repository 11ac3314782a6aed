package cache

import (
	"context"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// GetFresh returns a credential that the caller is going to store for a long time, and when it was
// fetched. A cached credential is returned only if it has an expiry and isFresh accepts it. Otherwise
// GetFresh fetches a new one, and returns that whether or not isFresh would accept it. Errors are
// those of Get.
func (c *Cache) GetFresh(ctx context.Context, scope provider.Scope, isFresh func(issued, expires time.Time) bool, fetch Fetch) (credential provider.Credential, issued time.Time, err error) {
	e, err := c.open(scope)
	if err != nil {
		e, err = c.fetch(ctx, scope, fetch)
	} else {
		e, err = c.obtain(ctx, scope, e, func(e entry) bool {
			return !e.Expires.IsZero() && isFresh(e.Issued, e.Expires)
		}, fetch)
	}
	return e.credential(), e.Issued, err
}

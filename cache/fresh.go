package cache

import (
	"context"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// GetFresh is Get for who stores the credential elsewhere, for long: what is in the directory
// is the answer only if it has an expiry and isFresh takes it, else a new one is fetched, fresh
// or not. It returns as well when the credential was fetched.
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

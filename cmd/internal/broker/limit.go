package broker

import (
	"context"
	"errors"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
)

const (
	// TimeLimit is how long a credential may take, from the start of the process to the answer.
	// The kubelet kills a plugin after 60 s and reports that in place of our error.
	TimeLimit = 44 * time.Second
	// Grace is how long after the end of its context a call may still return its own error.
	Grace = time.Second
)

// bounded returns the result of f. It gives up on f a moment after the end of ctx, even if f does
// not look at its context.
func bounded(ctx context.Context, f cache.Fetch) (provider.Credential, error) {
	type result struct {
		credential provider.Credential
		err        error
	}
	done := make(chan result, 1)
	go func() {
		credential, err := f(ctx)
		done <- result{credential, err}
	}()
	select {
	case r := <-done:
		return r.credential, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return r.credential, r.err
	case <-time.After(Grace):
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return provider.Credential{}, errors.New("get the credential: no result in time")
	}
	return provider.Credential{}, errors.New("get the credential: stopped by a signal")
}

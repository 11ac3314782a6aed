package main

import (
	"context"
	"errors"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
)

const (
	// timeLimit and grace hold for everything from start to answer. The kubelet kills a plugin
	// after 60 s and then shows its own words in place of ours.
	timeLimit = 44 * time.Second
	// grace is for the error of what was under way when the time was over.
	grace = time.Second
)

// bounded returns what f does, and does not wait for it past the end of ctx, also if something
// in f does not look at its context.
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
	case <-time.After(grace):
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return provider.Credential{}, errors.New("get the credential: no result in time")
	}
	return provider.Credential{}, errors.New("get the credential: stopped by a signal")
}

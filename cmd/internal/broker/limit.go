package broker

import (
	"context"
	"errors"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/await"
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
	waiting, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(Grace, func() { giveUp(tooLate(ctx)) })
	})
	defer stop()
	return await.Result(waiting, func() (provider.Credential, error) { return f(ctx) }, nil)
}

// tooLate is the error for an f that has not ended with its context.
func tooLate(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("get the credential: no result in time")
	}
	return errors.New("get the credential: stopped by a signal")
}

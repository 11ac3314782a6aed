package broker

import (
	"context"
	"errors"
	"fmt"
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
	// unknownLife is the longest life of a credential whose backend does not know how long its tokens live.
	unknownLife = 24 * time.Hour
)

// ask asks the chosen provider. A credential that no registry can take is a failure of its source. None lives
// longer than its authority can grant, whatever the answer says: what is cached is given out until then.
func (b *Broker) ask(ctx context.Context, choice provider.Choice, request provider.Request) (provider.Credential, error) {
	credential, err := choice.Provider.Fetch(ctx, request)
	if err != nil {
		return provider.Credential{}, err
	}
	if err := credential.Check(); err != nil {
		return provider.Credential{}, fmt.Errorf("use the credential for %s that %s gave: %w", request.Image.Host, ScopeProvider(choice.Scope), err)
	}
	if !credential.Expires.IsZero() {
		life := choice.MaxTokenLife
		if life == 0 {
			life = unknownLife
		}
		if latest := b.Now().Add(life); credential.Expires.After(latest) {
			credential.Expires = latest
		}
	}
	return credential, nil
}

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

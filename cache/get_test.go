package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

func TestAMissIsFetchedAndThenAHit(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(12 * time.Hour)
	tests := []struct {
		name       string
		credential provider.Credential
	}{
		{"with an expiry", provider.Credential{Username: "AWS", Password: provider.NewSecret(canary), Expires: expires}},
		{"without an expiry", provider.Credential{Username: "me", Password: provider.NewSecret(canary)}},
		{"for the repository alone", provider.Credential{Username: "me", Password: provider.NewSecret(canary), Expires: expires, RepositoryOnly: true}},
		{"another time zone", provider.Credential{Username: "me", Password: provider.NewSecret(canary), Expires: expires.In(time.FixedZone("X", 5*3600+1800))}},
		{"every printable ASCII character", provider.Credential{Username: "ab\\\"'<>& ", Password: provider.NewSecret(canary + printableASCII())}},
		{"beyond ASCII", provider.Credential{Username: "jürgen", Password: provider.NewSecret(canary + "ä€\u2028\ufffd🔑")}},
		{"as large as a token may be", provider.Credential{Username: "me", Password: provider.NewSecret(canary + strings.Repeat("<", 8<<10))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			calls := 0
			fetch := func(context.Context) (provider.Credential, error) {
				calls++
				return test.credential, nil
			}
			for _, way := range []string{"miss", "hit", "second hit"} {
				got := c.get(t, scope, fetch)
				if got.Username != test.credential.Username || got.Password.Reveal() != test.credential.Password.Reveal() ||
					!got.Expires.Equal(test.credential.Expires) || got.RepositoryOnly != test.credential.RepositoryOnly {
					t.Errorf("the credential of the %s is %+v, want %+v", way, got, test.credential)
				}
			}
			if calls != 1 {
				t.Errorf("the authority was called %d times, want once", calls)
			}
			c.wantFiles(t, ID(scope)+entrySuffix)
		})
	}
}

func printableASCII() string {
	var all []byte
	for b := byte(' '); b < 0x7f; b++ {
		all = append(all, b)
	}
	return string(all)
}

func TestOneOfManyFetches(t *testing.T) {
	t.Parallel()
	const n = 100
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	slow := func(ctx context.Context) (provider.Credential, error) {
		c.untilWaiting(n - 1)
		return a.fetch(ctx)
	}
	together(n, func(int) {
		if got := c.get(t, scope, slow).Password.Reveal(); got != password(1) {
			t.Errorf("the password is %q, want %q", got, password(1))
		}
	})
	if calls := a.calls.Load(); calls != 1 {
		t.Errorf("the authority was called %d times, want once", calls)
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestNoScopeGetsTheCredentialOfAnother(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	scopes := make([]provider.Scope, 20)
	for i := range scopes {
		scopes[i] = provider.NewScope("provider", "test", "role", fmt.Sprint(i))
	}
	together(8, func(worker int) {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		for range 75 {
			want := scopes[random.IntN(len(scopes))]
			// All kinds of lives and outcomes, and a clock that goes both ways.
			life := time.Duration(random.IntN(600)) * time.Second
			fails := random.IntN(10) == 0
			c.clock.advance(time.Duration(random.IntN(60)-20) * time.Second)
			credential, err := c.Get(t.Context(), want, func(context.Context) (provider.Credential, error) {
				if fails {
					return provider.Credential{}, refusal(want)
				}
				return provider.Credential{
					Username: string(want),
					Password: provider.NewSecret(canary + string(want)),
					Expires:  c.clock.now().Add(life),
				}, nil
			})
			switch {
			case err != nil && !isOf(err, want):
				t.Errorf("the error of %q is that of another: %v", want, err)
			case err == nil && (credential.Username != string(want) || credential.Password.Reveal() != canary+string(want)):
				t.Errorf("%q gets the credential of %q", want, credential.Username)
			}
		}
	})
	// A clock that is ahead of that of the files takes the places of others for stale.
	c.takeWarnings()
}

func refusal(scope provider.Scope) error { return fmt.Errorf("refused for %q", scope) }

// isOf reports whether err is the refusal of scope, or tells of it.
func isOf(err error, scope provider.Scope) bool {
	text, _, _ := strings.Cut(err.Error(), " (")
	return text == refusal(scope).Error()
}

func TestAHolderThatDoesNotEndIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	c.makeDirectory(t)
	lock, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), ownTry/2)
	defer cancel()
	credential, err := c.Get(ctx, scope, a.fetch)
	if err != nil || credential.Password.Reveal() != password(1) {
		t.Errorf("the credential is %+v, the error %v", credential, err)
	}
	c.wantWarning(t, "fetch without the lock: another process that fetches the same credential has not ended in time")
	c.wantFiles(t, ID(scope)+lockSuffix, ID(scope)+entrySuffix)
	c.wantCall(t, a, 1)
	lock.Unlock()
}

func TestACredentialThatCannotBeKept(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	want := provider.Credential{
		Username: "me", Password: provider.NewSecret(canary),
		Expires: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), // which JSON does not have
	}
	for range 2 {
		got := c.get(t, scope, func(context.Context) (provider.Credential, error) { return want, nil })
		if got != want {
			t.Errorf("the credential is %+v, want %+v", got, want)
		}
		c.wantWarning(t, "keep a credential in the cache: ")
		c.wantFiles(t)
	}
}

// TestAFetchThatOthersWaitForIsToldItsTime, which ends before theirs.
func TestAFetchThatOthersWaitForIsToldItsTime(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
		if end, limited := ctx.Deadline(); !limited || time.Until(end) > fetchLimit {
			t.Errorf("its time ends %v, limited %v", end, limited)
		}
		return a.fetch(ctx)
	})
}

func TestAWaiterTakesOverWhenTheFetchWasStopped(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	stopped, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	fetching := make(chan struct{})
	group.Go(func() {
		_, err := c.Get(stopped, scope, func(ctx context.Context) (provider.Credential, error) {
			close(fetching)
			<-ctx.Done()
			return provider.Credential{}, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the stopped Get gives the error %v", err)
		}
	})
	<-fetching
	group.Go(func() { c.wantCall(t, a, 1) })
	c.untilWaiting(1)
	stop()
	group.Wait()
}

// TestWhoGetsTheLockLooksAgain has a call that found nothing before another one, which has
// ended when it gets the lock.
func TestWhoGetsTheLockLooksAgain(t *testing.T) {
	t.Parallel()
	for _, refused := range []error{nil, errors.New("refused")} {
		c := newCache(t)
		a := &authority{clock: c.clock, life: time.Hour, err: refused}
		c.clock.advance(time.Second)
		c.Get(t.Context(), scope, a.fetch)
		lock, err := c.tryScope(t, scope)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.fetchLocked(t.Context(), scope, lock, acceptAll, noFetch(t))
		switch {
		case refused == nil && (err != nil || answer.Password.Reveal() != password(1)):
			t.Errorf("the credential is %v, the error %v", answer.credential(), err)
		case refused != nil && (err == nil || err.Error() != "refused (0s ago, next try in 5s)"):
			t.Errorf("the error is %v", err)
		}
		c.wantFiles(t, ID(scope)+entrySuffix)
	}
}

// TestWaitersDoNotQueueForWhatIsNotKept: after two that kept nothing, the others go at once.
func TestWaitersDoNotQueueForWhatIsNotKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		password string
		life     time.Duration
	}{
		"too large":       {strings.Repeat("x", maxEntry), time.Hour},
		"about to expire": {"x", expiryMargin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 20
			c := newCache(t)
			want := provider.Credential{Username: "user", Password: provider.NewSecret(test.password), Expires: c.clock.now().Add(test.life).UTC()}
			var fetching atomic.Int32
			half := make(chan struct{})
			reached := sync.OnceFunc(func() { close(half) })
			together(n, func(int) {
				got := c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
					if fetching.Add(1) == n/2 {
						reached()
					}
					defer fetching.Add(-1)
					limit := time.Minute
					if _, waitedFor := ctx.Deadline(); waitedFor { // one of the first two
						limit = time.Second
					}
					select {
					case <-half:
					case <-time.After(limit):
					}
					return want, nil
				})
				if got != want {
					t.Error("the credential is another")
				}
			})
			c.takeWarnings()
			select {
			case <-half:
			default:
				t.Error("no half of them fetched at once")
			}
		})
	}
}

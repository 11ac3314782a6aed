package cache

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const life = 12 * time.Hour

// newDueCache returns a cache with the first credential of the authority, at the time when it is
// to be renewed. That is now, as it is for the files.
func newDueCache(t *testing.T) (*testCache, *authority) {
	t.Helper()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	c.clock.advance(-c.renewAfter(scope, life))
	c.wantCall(t, a, 1)
	c.clock.advance(c.renewAfter(scope, life))
	return c, a
}

func TestWhenACredentialIsRenewed(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	c.clock.advance(-1)
	c.wantCall(t, a, 1)
	c.clock.advance(1)
	c.wantCall(t, a, 2)
	c.wantCall(t, a, 2)
	c.clock.advance(c.renewAfter(scope, life))
	c.wantCall(t, a, 3)
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestRenewalIsSpreadOverTheNodes(t *testing.T) {
	t.Parallel()
	const nodes, parts = 5000, 10
	var counts [parts]int
	for i := range nodes {
		c := Cache{Node: fmt.Sprintf("ip-10-0-%d-%d.ec2.internal", i/250, i%250)}
		after := c.renewAfter(scope, life)
		if after < life/2 || after >= life*3/4 {
			t.Fatalf("node %s renews after %v", c.Node, after)
		}
		if again := c.renewAfter(scope, life); again != after {
			t.Fatalf("node %s renews after %v, or after %v", c.Node, after, again)
		}
		counts[parts*(after-life/2)/(life/4)]++
	}
	for part, count := range counts {
		if count < nodes/parts*3/4 || count > nodes/parts*5/4 {
			t.Errorf("of %d nodes %d renew in part %d of %d", nodes, count, part, parts)
		}
	}
	c := Cache{Node: "node"}
	if a, b := c.renewAfter("a=1\n", life), c.renewAfter("a=2\n", life); a == b {
		t.Errorf("two scopes are renewed at the same time, after %v", a)
	}
}

// TestAShortLifeIsNotRenewedPastItsEnd takes lives that end before they are due, or nearly.
func TestAShortLifeIsNotRenewedPastItsEnd(t *testing.T) {
	t.Parallel()
	for life := 50 * time.Second; life < 5*time.Minute; life += 10 * time.Second {
		c := newCache(t)
		a := &authority{clock: c.clock, life: life}
		c.wantCall(t, a, 1)
		c.clock.advance(life - expiryMargin)
		a.err = errors.New("refused")
		if credential, err := c.Get(t.Context(), scope, a.fetch); err == nil {
			t.Errorf("%v of %v before its end, the credential %v is given out", expiryMargin, life, credential)
		}
	}
}

func TestOneOfManyRenews(t *testing.T) {
	t.Parallel()
	const n = 100
	c, a := newDueCache(t)
	var answered atomic.Int32
	others := make(chan struct{})
	together(n, func(int) {
		renewed := false
		credential := c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
			renewed = true
			<-others
			return a.fetch(ctx)
		})
		want := password(1)
		if renewed {
			want = password(2)
		} else if answered.Add(1) == n-1 {
			close(others)
		}
		if got := credential.Password.Reveal(); got != want {
			t.Errorf("renewed: %v, the password is %q, want %q", renewed, got, want)
		}
	})
	if n := answered.Load(); n != 99 {
		t.Errorf("%d answered with the credential in hand", n)
	}
	c.wantCall(t, a, 2)
}

// TestALateRenewalFindsThatItIsDone has a call that looked before another one renewed.
func TestALateRenewalFindsThatItIsDone(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	before := c.load(t, scope)
	c.wantCall(t, a, 2)
	credential, found := c.renew(t.Context(), scope, before, noFetch(t))
	if got := credential.Password.Reveal(); !found || got != password(2) {
		t.Errorf("found: %v, the password is %q, want %q", found, got, password(2))
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestAFailedRenewal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
	}{
		{"unreachable", errors.New("ask the authority: refused")},
		{"no credential any more", &provider.NoCredentialError{Reason: "no login"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, a := newDueCache(t)
			a.err = test.err
			get := func(wantCalls int64) {
				t.Helper()
				if got := c.get(t, scope, a.fetch).Password.Reveal(); got != password(1) || a.calls.Load() != wantCalls {
					t.Fatalf("the password is %q after %d calls, want %q after %d", got, a.calls.Load(), password(1), wantCalls)
				}
			}
			get(2)
			c.wantWarning(t, "not renewed ahead, the one in hand is good until", test.err.Error())
			get(2)
			c.clock.advance(firstFailure - 1)
			get(2)
			c.clock.advance(1)
			get(3)
			c.wantWarning(t, "not renewed ahead")
			c.clock.advance(2*firstFailure - 1)
			get(3)

			a.err = nil
			c.clock.advance(1)
			c.wantCall(t, a, 4)
			if f := c.load(t, scope).Failure; f != nil {
				t.Errorf("after a success there is still the failure %+v", f)
			}
		})
	}
}

// TestTheAuthorityIsDownFromMinuteOne keeps asking until the credential's end.
func TestTheAuthorityIsDownFromMinuteOne(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: time.Hour}
	c.wantCall(t, a, 1)
	a.err = errors.New("ask the authority: refused")
	end := c.clock.now().Add(a.life - expiryMargin)
	for c.clock.now().Before(end) {
		if got := c.get(t, scope, a.fetch).Password.Reveal(); got != password(1) {
			t.Fatalf("%v before the end, the password is %q", end.Sub(c.clock.now()), got)
		}
		c.clock.advance(time.Second)
	}
	c.takeWarnings()
	if calls := a.calls.Load(); calls > 40 {
		t.Errorf("the authority was called %d times", calls)
	}
	if credential, err := c.Get(t.Context(), scope, a.fetch); err == nil {
		t.Errorf("after its end, the credential %v is given out", credential)
	}
	a.err = nil
	a.calls.Store(1)
	c.clock.advance(maxFailure)
	c.wantCall(t, a, 2)
}

// TestARenewalsFailureEndsWithTheCredential has a try that failed, perhaps for its short time
// alone, when the credential was about to end.
func TestARenewalsFailureEndsWithTheCredential(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	a.err = errors.New("no answer within 3s")
	c.clock.advance(c.load(t, scope).goodUntil().Add(-time.Second).Sub(c.clock.now()))
	c.get(t, scope, a.fetch)
	c.wantWarning(t, "not renewed ahead")
	c.clock.advance(time.Second)
	a.err = nil
	c.wantCall(t, a, 3)
}

// TestARenewalThatBringsNothingOfUse keeps the credential that is good for hours.
func TestARenewalThatBringsNothingOfUse(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{-time.Hour, time.Second, expiryMargin} {
		c, a := newDueCache(t)
		a.life = life
		for range 2 {
			if got := c.get(t, scope, a.fetch).Password.Reveal(); got != password(1) || a.calls.Load() != 2 {
				t.Errorf("with one that lives for %v, the password is %q after %d calls, want %q after 2", life, got, a.calls.Load(), password(1))
			}
		}
		c.wantWarning(t, "not renewed ahead")
	}
}

func TestASignalDuringARenewalIsNoFailure(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	ctx, stop := context.WithCancel(t.Context())
	credential, err := c.Get(ctx, scope, func(ctx context.Context) (provider.Credential, error) {
		stop()
		<-ctx.Done()
		return provider.Credential{}, ctx.Err()
	})
	if err != nil || credential.Password.Reveal() != password(1) {
		t.Errorf("the credential is %v, the error %v", credential, err)
	}
	c.wantWarning(t, "not renewed ahead")
	if f := c.load(t, scope).Failure; f != nil {
		t.Errorf("the failure %+v is kept", f)
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestARenewalIsToldItsTime takes as long as renewLimit.
func TestARenewalIsToldItsTime(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	credential := c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
		if deadline, limited := ctx.Deadline(); !limited || time.Until(deadline) > renewLimit {
			t.Error("the fetch is not told its time")
		}
		<-ctx.Done()
		return provider.Credential{}, errors.New("ask the authority: no answer in time")
	})
	if got := credential.Password.Reveal(); got != password(1) {
		t.Errorf("the password is %q, want %q", got, password(1))
	}
	c.wantWarning(t, "not renewed ahead", "no answer in time")
	c.wantFiles(t, ID(scope)+entrySuffix)
	if f := c.load(t, scope).Failure; f == nil {
		t.Error("the failure is not kept")
	}
}

// TestARenewalThatOutlivesTheCredential: what is over is not given out, and the failure of the
// short try is not the answer either.
func TestARenewalThatOutlivesTheCredential(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	c.clock.advance(c.load(t, scope).goodUntil().Add(-time.Second).Sub(c.clock.now()))
	tries := 0
	credential := c.get(t, scope, func(ctx context.Context) (provider.Credential, error) {
		if tries++; tries == 1 {
			c.clock.advance(2 * time.Second)
			return provider.Credential{}, errors.New("ask the authority: no answer in time")
		}
		if deadline, limited := ctx.Deadline(); !limited || time.Until(deadline) < renewLimit {
			t.Error("the second try is a short one")
		}
		return a.fetch(ctx)
	})
	if got := credential.Password.Reveal(); got != password(2) || tries != 2 {
		t.Errorf("the password is %q after %d tries, want %q after 2", got, tries, password(2))
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestARenewalWhereNothingCanBeKept(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	before := c.load(t, scope)
	c.Dir += "-gone"
	credential, found := c.renew(t.Context(), scope, before, noFetch(t))
	if got := credential.Password.Reveal(); !found || got != password(1) {
		t.Errorf("found: %v, the password is %q, want %q", found, got, password(1))
	}
}

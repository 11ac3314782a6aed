package cache

import (
	"errors"
	"testing"
	"time"
)

// atLeast takes credentials with that much of their life left.
func (c *testCache) atLeast(left time.Duration) func(issued, expires time.Time) bool {
	return func(_, expires time.Time) bool { return expires.Sub(c.clock.now()) >= left }
}

// wantFresh gets a credential with at least that much of its life left, which must be that of
// the authority's call of that number, and the last one, fetched at issued.
func (c *testCache) wantFresh(t *testing.T, left time.Duration, a *authority, number int, issued time.Time) {
	t.Helper()
	credential, at, err := c.GetFresh(t.Context(), scope, c.atLeast(left), a.fetch)
	if err != nil {
		t.Fatalf("GetFresh gives the error %v", err)
	}
	if want := password(number); credential.Password.Reveal() != want || int(a.calls.Load()) != number {
		t.Errorf("the password is %s after %d calls, want %s after %d", credential.Password.Reveal(), a.calls.Load(), want, number)
	}
	if !at.Equal(issued) {
		t.Errorf("it was fetched at %v, want %v", at, issued)
	}
}

func TestGetFresh(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	first := c.clock.now()
	c.wantFresh(t, life, a, 1, first)
	c.clock.advance(time.Hour)
	c.wantFresh(t, life-time.Hour, a, 1, first)
	second := c.clock.now()
	c.wantFresh(t, life-time.Hour+1, a, 2, second)
	c.wantFresh(t, life, a, 2, second)
	c.wantCall(t, a, 2)                  // the plugin has the new one as well
	c.wantFresh(t, life+1, a, 3, second) // more than there is: a new one all the same
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestFreshOfAFile: a credential without an expiry may have been changed since.
func TestFreshOfAFile(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock}
	c.wantCall(t, a, 1)
	c.wantFresh(t, 0, a, 2, c.clock.now())
	c.wantCall(t, a, 2)
}

// TestFreshRefused: the credential in hand stays, but it is not the answer.
func TestFreshRefused(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	c.wantCall(t, a, 1)
	a.err = errors.New("refused")
	want := func(text string) {
		t.Helper()
		credential, _, err := c.GetFresh(t.Context(), scope, c.atLeast(2*life), a.fetch)
		if err == nil || err.Error() != text || !credential.Password.Empty() {
			t.Errorf("GetFresh gives the user %q and the error %v, want %s", credential.Username, err, text)
		}
	}
	want("refused")
	want("refused (0s ago, next try in 5s)")
	if credential := c.get(t, scope, noFetch(t)); credential.Password.Reveal() != password(1) {
		t.Errorf("the password is %s", credential.Password.Reveal())
	}
	c.clock.advance(5 * time.Second)
	a.err = nil
	c.wantFresh(t, life, a, 3, c.clock.now())
}

func TestFreshWithoutADirectory(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	writeFile(t, c.Dir, nil)
	a := &authority{clock: c.clock, life: life}
	c.wantFresh(t, 0, a, 1, c.clock.now())
	c.wantWarning(t, "the cache is not used")
	c.wantFresh(t, 0, a, 2, c.clock.now())
	c.wantWarning(t, "the cache is not used")
}

func TestFreshOfManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	c.clock.advance(-time.Hour) // then it is now, as it is for the locks
	c.wantCall(t, a, 1)
	c.clock.advance(time.Hour)
	together(50, func(int) {
		credential, issued, err := c.GetFresh(t.Context(), scope, c.atLeast(life), a.fetch)
		if err != nil || credential.Password.Reveal() != password(2) || !issued.Equal(c.clock.now()) {
			t.Errorf("the user is %q, fetched at %v, the error %v", credential.Username, issued, err)
		}
	})
	if calls := a.calls.Load(); calls != 2 {
		t.Errorf("the authority was called %d times", calls)
	}
}

package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

// failing returns a fetch that fails, and the number of its calls.
func failing(err error) (Fetch, *int) {
	calls := new(int)
	return func(context.Context) (provider.Credential, error) {
		*calls++
		return provider.Credential{}, err
	}, calls
}

func TestAFailureIsRemembered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		err            error
		repositoryOnly bool
		text, hint     string
	}{
		{name: "plain", err: errors.New("ask the authority: refused"), text: "ask the authority: refused"},
		{
			name: "with a hint",
			err:  fmt.Errorf("get a token: %w", provider.WithHint(errors.New("refused"), "allow it")),
			text: "get a token: refused", hint: "allow it",
		},
		{name: "no credential", err: &provider.NoCredentialError{Reason: "no login"}, text: "none is configured: no login"},
		{
			name:           "no credential for the repository",
			err:            provider.WithHint(&provider.NoCredentialError{Reason: "no login", RepositoryOnly: true}, "log in"),
			repositoryOnly: true,
			text:           "none is configured: no login", hint: "log in",
		},
		{name: "several lines", err: errors.New("\nfirst\nsecond"), text: "first"},
		{name: "very long", err: errors.New(strings.Repeat("x", maxText-1) + "ü"), text: strings.Repeat("x", maxText-1) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			fetch, calls := failing(test.err)
			if _, err := c.Get(t.Context(), scope, fetch); err != test.err {
				t.Errorf("the first error is %v, want the authority's own", err)
			}
			c.clock.advance(2 * time.Second)
			credential, err := c.Get(t.Context(), scope, fetch)
			want := test.text + " (2s ago, next try in 3s)"
			if err == nil || err.Error() != want || provider.Hint(err) != test.hint {
				t.Fatalf("the error is %v with the hint %q, want %s with %q", err, provider.Hint(err), want, test.hint)
			}
			if got, want := errors.Is(err, provider.ErrNone), errors.Is(test.err, provider.ErrNone); got != want {
				t.Errorf("the error is ErrNone: %v, want %v", got, want)
			}
			if none, ok := errors.AsType[*provider.NoCredentialError](err); ok &&
				(none.RepositoryOnly != test.repositoryOnly || none.Error() != test.text) {
				t.Errorf("the error is %q, %+v, want RepositoryOnly %v", none.Error(), none, test.repositoryOnly)
			}
			if credential != (provider.Credential{}) {
				t.Errorf("the credential is %+v, want none", credential)
			}
			if *calls != 1 {
				t.Errorf("the authority was called %d times, want once", *calls)
			}
			if !utf8.ValidString(err.Error()) {
				t.Error("the text is not UTF-8")
			}
		})
	}
}

func TestManyThatWaitGetTheFailureOfOne(t *testing.T) {
	t.Parallel()
	const n = 100
	c := newCache(t)
	failed := provider.WithHint(&provider.NoCredentialError{Reason: "no login", RepositoryOnly: true}, "log in")
	fetch, calls := failing(failed)
	slow := func(ctx context.Context) (provider.Credential, error) {
		c.untilWaiting(n - 1)
		return fetch(ctx)
	}
	together(n, func(int) {
		_, err := c.Get(t.Context(), scope, slow)
		if err != failed && (err == nil || err.Error() != "none is configured: no login (0s ago, next try in 5s)") {
			t.Errorf("the error is %v", err)
		}
		none, ok := errors.AsType[*provider.NoCredentialError](err)
		if provider.Hint(err) != "log in" || !ok || !none.RepositoryOnly {
			t.Errorf("the hint is %q, the error %#v", provider.Hint(err), err)
		}
	})
	if *calls != 1 {
		t.Errorf("the authority was called %d times, want once", *calls)
	}
}

func TestFailuresPauseLongerAndLonger(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	fetch, calls := failing(errors.New("refused"))
	for i, pause := range []time.Duration{5, 10, 20, 40, 60, 60, 60} {
		for _, step := range []time.Duration{0, pause*time.Second - 1} {
			c.clock.advance(step)
			if _, err := c.Get(t.Context(), scope, fetch); err == nil || *calls != i+1 {
				t.Fatalf("%v after failure %d: the error is %v after %d calls", step, i+1, err, *calls)
			}
		}
		c.clock.advance(1)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	fetch, _ := failing(errors.New("refused"))
	fail := func(wantCount int) {
		t.Helper()
		if _, err := c.Get(t.Context(), scope, fetch); err == nil {
			t.Fatal("Get gives no error")
		}
		if f := c.load(t, scope).Failure; f == nil || f.Count != wantCount {
			t.Fatalf("the failure is %+v, want number %d", f, wantCount)
		}
	}
	fail(1)
	c.clock.advance(firstFailure + forgetFailure)
	fail(2) // only just
	c.clock.advance(2*firstFailure + forgetFailure + 1)
	fail(1)
	c.clock.advance(-time.Hour) // what was in the future is not known
	fail(1)

	c.clock.advance(firstFailure)
	a := &authority{clock: c.clock, life: 2 * time.Minute}
	c.wantCall(t, a, 1)
	if f := c.load(t, scope).Failure; f != nil {
		t.Errorf("after a success there is still the failure %+v", f)
	}
	c.clock.advance(a.life)
	fail(1)
}

func TestFailureAfterAnyCount(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, count := range []int{0, -1, -5, -64, 63, 64, 65, 1 << 40, math.MaxInt, math.MinInt} {
		f := &Failure{Count: count, At: now, Until: now}
		pause := f.next(errors.New("refused"), now).Until.Sub(now)
		if pause < firstFailure || pause > maxFailure {
			t.Errorf("the pause after count %d is %v", count, pause)
		}
	}
}

func TestASignalIsNoFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		kept bool
	}{
		{"a signal", context.WithCancel, false},
		{"the time limit", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithDeadline(ctx, time.Now())
			return ctx, cancel
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			ctx, end := test.end(t.Context())
			_, err := c.Get(ctx, scope, func(ctx context.Context) (provider.Credential, error) {
				end()
				<-ctx.Done()
				return provider.Credential{}, errors.New("ask the authority: stopped")
			})
			if err == nil {
				t.Fatal("Get gives no error")
			}
			if kept := c.load(t, scope).Failure != nil; kept != test.kept {
				t.Errorf("the failure is kept: %v, want %v", kept, test.kept)
			}
			if !test.kept {
				c.wantFiles(t)
			}
		})
	}
}

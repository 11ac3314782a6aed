package cache

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

// The holder of a lock that holdLikeAnother takes gives no sign of life, as one that was stopped.

func TestAFrozenHolderIsReplaced(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	c.holdLikeAnother(t)
	a := &authority{clock: c.clock, life: life}
	begun := time.Now()
	together(20, func(int) {
		if got := c.get(t, scope, a.fetch).Password.Reveal(); got != password(1) {
			t.Errorf("the password is %q", got)
		}
	})
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	c.wantCall(t, a, 1) // it was kept
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestALongFrozenHolderIsReplacedAtOnce is for renewals, which do not wait.
func TestALongFrozenHolderIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	c.holdLikeAnother(t)
	path := c.path(scope, lockSuffix)
	c.wantCall(t, a, 1) // it may be alive
	old := time.Now().Add(-staleAfter - time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	c.wantCall(t, a, 2)
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestAFrozenReplacement has the process stopped as well that was about to replace the lock: a renewal does not
// wait for it, and the next one is as usual.
func TestAFrozenReplacement(t *testing.T) {
	t.Parallel()
	c, a := newDueCache(t)
	path := c.path(scope, lockSuffix)
	old := time.Now().Add(-staleAfter - time.Second)
	for _, path := range []string{path, path + placeSuffix} {
		holdFile(t, path)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	c.wantCall(t, a, 1)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("a hit took %v", took)
	}
	c.wantCall(t, a, 2)
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestClearOfAFrozenHolder(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	c.holdLikeAnother(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if removed, err := c.Clear(ctx, ""); removed != 1 || err != nil {
		t.Errorf("%d entries are removed, the error is %v", removed, err)
	}
	c.wantFiles(t)
}

// TestAThawedHolder has a fetch during which another process takes the lock over and keeps a newer
// credential, or removes the entry.
func TestAThawedHolder(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"success": nil, "failure": errors.New("no answer in time")} {
		for _, cleared := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c, _ := newDueCache(t)
				planted := c.plant(scope)
				c.Get(t.Context(), scope, func(ctx context.Context) (provider.Credential, error) {
					path := c.path(scope, lockSuffix)
					info, failed := os.Lstat(path)
					if failed != nil {
						t.Fatal(failed)
					}
					lock, failed := filelock.Replace(path, info)
					if failed != nil {
						t.Fatal(failed)
					}
					defer lock.Unlock()
					if cleared {
						os.Remove(c.path(scope, entrySuffix))
					} else {
						c.store(t, planted)
					}
					return provider.Credential{Username: "late", Password: provider.NewSecret(canary), Expires: c.clock.now().Add(life)}, err
				})
				c.takeWarnings()
				e := c.load(t, scope)
				if cleared && e.Version != 0 || !cleared && (e.Username != planted.Username || e.Failure != nil) {
					t.Errorf("the entry has the username %q, the failure %v", e.Username, e.Failure)
				}
				if names := fileNames(t, c.Dir); strings.Contains(strings.Join(names, " "), placeSuffix) {
					t.Errorf("left: %q", names)
				}
			})
		}
	}
}

// TestWithoutTheLock: of two processes that fetch at once, the newer success is kept.
func TestWithoutTheLock(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, test := range []struct {
		name  string
		other func(c *testCache, e entry) entry // what the other one keeps during the fetch
		life  time.Duration
		err   error
		want  string // the username that is kept
	}{
		{"nothing else", nil, life, nil, "mine"},
		{"an older credential", func(c *testCache, e entry) entry { return e }, 2 * life, nil, "mine"},
		{"a newer credential", func(c *testCache, e entry) entry { return e }, time.Minute, nil, "planted"},
		{"without expiry", func(c *testCache, e entry) entry { return e }, 0, nil, "planted"},
		{"one that has expired", func(c *testCache, e entry) entry { e.Expires = e.Issued; return e }, 2 * time.Minute, nil, "mine"},
		{"a failure", func(c *testCache, e entry) entry {
			return entry{Version: version, Scope: scope, Failure: e.Failure.next(refused, c.Now())}
		}, life, nil, "mine"},
		{"failure after nothing", nil, 0, refused, "failure"},
		{"failure after a credential", func(c *testCache, e entry) entry { return e }, 0, refused, "planted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			c.makeDirectory(t)
			_, err := c.fetchUnlocked(t.Context(), scope, acceptAll, func(context.Context) (provider.Credential, error) {
				if test.other != nil {
					c.store(t, test.other(c, c.plant(scope)))
				}
				credential := provider.Credential{Username: "mine", Password: provider.NewSecret(canary)}
				if test.life != 0 {
					credential.Expires = c.clock.now().Add(test.life)
				}
				return credential, test.err
			})
			if !errors.Is(err, test.err) {
				t.Errorf("the error is %v", err)
			}
			e := c.load(t, scope)
			if got := e.Username; got != test.want && !(test.want == "failure" && e.Failure != nil && got == "") {
				t.Errorf("the entry has the username %q, the failure %+v", got, e.Failure)
			}
			c.wantFiles(t, ID(scope)+entrySuffix)
		})
	}
}

// TestAnAnswerOfAnotherWithoutTheLock: of those that wait in vain, the later ones get what an earlier one kept.
func TestAnAnswerOfAnotherWithoutTheLock(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	planted := c.plant(scope)
	c.store(t, planted)
	answer, err := c.fetchUnlocked(t.Context(), scope, acceptAll, noFetch(t))
	if err != nil || answer.Username != planted.Username {
		t.Errorf("the username is %q, the error %v", answer.Username, err)
	}
}

// TestKeptAfterTroubleOfOthers: what a process gets is kept, also if others before it had trouble of their own.
func TestKeptAfterTroubleOfOthers(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: life}
	var calls atomic.Int32
	together(20, func(int) {
		c.Get(t.Context(), scope, func(ctx context.Context) (provider.Credential, error) {
			if calls.Add(1) <= 3 {
				time.Sleep(100 * time.Millisecond) // the others are waiting by then
				return provider.Credential{}, &os.PathError{Op: "open", Path: "/x", Err: syscall.ENFILE}
			}
			return a.fetch(ctx)
		})
	})
	if c.load(t, scope).Username != "me" {
		t.Error("nothing is kept")
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestNotKept: what a fetch got that took impossibly long, and trouble of this machine.
func TestNotKept(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		took time.Duration
		err  error
		kept bool
	}{
		{"a failure", 30 * time.Second, errors.New("refused"), true},
		{"a failure of one that was stopped", time.Minute, errors.New("no answer in time"), false},
		{"a success of one that was stopped", time.Minute, nil, false},
		{"too many open files", 0, &os.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}, false},
		{"no memory", 0, provider.WithHint(&os.SyscallError{Syscall: "socket", Err: syscall.ENOMEM}, "hint"), false},
		{"no file", 0, &os.PathError{Op: "open", Path: "/x", Err: syscall.ENOENT}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			a := &authority{clock: c.clock, life: life, err: test.err}
			c.Get(t.Context(), scope, func(ctx context.Context) (provider.Credential, error) {
				c.clock.advance(test.took)
				return a.fetch(ctx)
			})
			if test.kept {
				c.wantFiles(t, ID(scope)+entrySuffix)
			} else {
				c.wantFiles(t)
			}
		})
	}
}

// TestAFailureIsNotForEver: an entry with absurd times is no reason not to ask.
func TestAFailureIsNotForEver(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	now := c.clock.now()
	c.store(t, entry{Version: version, Scope: scope, Failure: &Failure{Text: "refused", At: now.Add(-time.Hour), Until: now.AddDate(3000, 0, 0)}})
	c.wantCall(t, &authority{clock: c.clock, life: life}, 1)
}

// TestAnEntryThatNoRegistryTakes is not given out.
func TestAnEntryThatNoRegistryTakes(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*entry){
		func(e *entry) { e.Username = "m\ne" },
		func(e *entry) { e.Username = "m:e" },
		func(e *entry) { e.Password = plainSecret{provider.NewSecret(planted + "\x00")} },
		func(e *entry) { e.Password = plainSecret{provider.NewSecret(planted + "\r\n")} },
	} {
		c := newCache(t)
		e := c.plant(scope)
		change(&e)
		c.store(t, e)
		a := &authority{clock: c.clock, life: life}
		c.wantCall(t, a, 1)
		c.wantWarning(t, "a cached credential is not used")
		c.wantCall(t, a, 1)
	}
}

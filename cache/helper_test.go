package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/provider"
)

const (
	// canary is in every password, so that it can be looked for where none may be.
	canary = "c4n4ry"
	// planted is in passwords that nobody may ever get.
	planted = canary + "-planted"

	scope = provider.Scope("provider=test\n")
)

// A testCache is a cache in a directory that is not there yet. What it warns of must be taken
// by takeWarnings, or the test fails.
type testCache struct {
	*Cache
	clock *clock

	mu       sync.Mutex
	warnings []string
	waiting  int // how often it has told that it waits for another process
	moved    *sync.Cond
}

func newCache(t *testing.T) *testCache {
	t.Helper()
	c := &testCache{clock: newClock()}
	c.moved = sync.NewCond(&c.mu)
	c.Cache = &Cache{
		Dir:  filepath.Join(t.TempDir(), "cache"),
		Node: "node-1",
		Now:  c.clock.now,
		Hide: func(provider.Credential) {},
		Warn: func(line string) {
			checkLine(t, line)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.warnings = append(c.warnings, line)
		},
		Debug: func(line string) {
			checkLine(t, line)
			c.mu.Lock()
			defer c.mu.Unlock()
			if strings.HasPrefix(line, "wait for another process") {
				c.waiting++
				c.moved.Broadcast()
			}
		},
	}
	dir := c.Dir
	t.Cleanup(func() {
		// A wait that was given up may still make a lock, and remove it.
		for tries := 0; os.RemoveAll(dir) != nil && tries < 1000; tries++ {
			time.Sleep(time.Millisecond)
		}
		if lines := c.takeWarnings(); len(lines) > 0 {
			t.Errorf("unexpected warnings:\n%s", strings.Join(lines, "\n"))
		}
	})
	return c
}

// checkLine fails the test if line holds a secret or is not one line.
func checkLine(t *testing.T, line string) {
	if strings.Contains(line, canary) || strings.Contains(line, "\n") {
		t.Errorf("a message holds a secret or a line end: %q", line)
	}
}

func (c *testCache) takeWarnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.warnings
	c.warnings = nil
	return taken
}

// wantWarning takes the warnings, which must be one that contains all of parts.
func (c *testCache) wantWarning(t *testing.T, parts ...string) {
	t.Helper()
	lines := c.takeWarnings()
	if len(lines) != 1 {
		t.Fatalf("the warnings are %q, want one with %q", lines, parts)
	}
	for _, part := range parts {
		if !strings.Contains(lines[0], part) {
			t.Errorf("the warning is %q, want %q in it", lines[0], part)
		}
	}
}

// untilWaiting returns when n calls have found that another one fetches.
func (c *testCache) untilWaiting(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting < n {
		c.moved.Wait()
	}
}

// makeDirectory makes the directory as the first call would.
func (c *testCache) makeDirectory(t *testing.T) {
	t.Helper()
	if err := c.makeDir(); err != nil {
		t.Fatal(err)
	}
}

// store writes e to the place of its scope, and returns the path.
func (c *testCache) store(t *testing.T, e entry) string {
	t.Helper()
	data, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	return c.storeData(t, e.Scope, data)
}

func (c *testCache) storeData(t *testing.T, scope provider.Scope, data []byte) string {
	t.Helper()
	c.makeDirectory(t)
	path := c.path(scope, entrySuffix)
	writeFile(t, path, data)
	return path
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// load returns the entry of scope, which must not be broken.
func (c *testCache) load(t *testing.T, scope provider.Scope) entry {
	t.Helper()
	e, err := c.read(scope)
	if err != nil {
		t.Errorf("the entry is broken: %v", err)
	}
	return e
}

// wantFiles fails the test unless the directory holds the files of those names alone.
func (c *testCache) wantFiles(t *testing.T, names ...string) {
	t.Helper()
	if got := fileNames(t, c.Dir); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Errorf("the directory holds %q, want %q", got, names)
	}
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

// get gets the credential of scope, and fails the test if that is not possible.
func (c *testCache) get(t *testing.T, scope provider.Scope, fetch Fetch) provider.Credential {
	t.Helper()
	credential, err := c.Get(t.Context(), scope, fetch)
	if err != nil {
		t.Errorf("Get gives the error %v", err)
	}
	return credential
}

// wantCall gets the credential, which must be that of the authority's call of that number, and
// the last one.
func (c *testCache) wantCall(t *testing.T, a *authority, number int) {
	t.Helper()
	credential := c.get(t, scope, a.fetch)
	if want := password(number); credential.Password.Reveal() != want || credential.Username != "me" {
		t.Errorf("the credential is %s %s, want %s", credential.Username, credential.Password.Reveal(), want)
	}
	if calls := int(a.calls.Load()); calls != number {
		t.Errorf("the authority was called %d times, want %d", calls, number)
	}
}

// A clock stands still unless it is told otherwise. It starts at the time of day, which is that
// of the files.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func newClock() *clock { return &clock{time: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

// An authority gives out credentials that are numbered by its calls.
type authority struct {
	clock *clock
	life  time.Duration // of its credentials; zero for no expiry
	err   error         // what it fails with; nil for not at all
	calls atomic.Int64
}

func (a *authority) fetch(context.Context) (provider.Credential, error) {
	number := int(a.calls.Add(1))
	if a.err != nil {
		return provider.Credential{}, a.err
	}
	credential := provider.Credential{Username: "me", Password: provider.NewSecret(password(number))}
	if a.life != 0 {
		credential.Expires = a.clock.now().Add(a.life)
	}
	return credential, nil
}

func password(number int) string { return fmt.Sprintf("%s-%d", canary, number) }

// noFetch must not be called.
func noFetch(t *testing.T) Fetch {
	return func(context.Context) (provider.Credential, error) {
		t.Error("the authority is called")
		return provider.Credential{}, context.Canceled
	}
}

// plant returns an entry of scope whose credential nobody may get.
func (c *testCache) plant(scope provider.Scope) entry {
	now := c.clock.now()
	return newEntry(scope, provider.Credential{
		Username: "planted",
		Password: provider.NewSecret(planted),
		Expires:  now.Add(time.Hour),
	}, now.Add(-time.Second))
}

// together calls f n times at once, with the number of the call, and returns when all are done.
func together(n int, f func(int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}

// tryScope takes the lock of scope, or fails at once.
func (c *testCache) tryScope(t *testing.T, scope provider.Scope) (*filelock.Lock, error) {
	t.Helper()
	return c.tryLock(c.path(scope, lockSuffix))
}

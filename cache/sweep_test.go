package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const stem = "0123456789abcdef0123456789abcdef"

// setAge makes the file at path as old as age.
func (c *testCache) setAge(t *testing.T, path string, age time.Duration) {
	t.Helper()
	time := c.clock.now().Add(-age)
	if err := os.Chtimes(path, time, time); err != nil {
		t.Fatal(err)
	}
}

func TestWhichEntriesAreSwept(t *testing.T) {
	t.Parallel()
	now := time.Now()
	credential := func(issued, expires time.Duration) entry {
		return entry{
			Username: "me", Password: plainSecret{provider.NewSecret(canary)},
			Issued: now.Add(issued), Expires: now.Add(expires),
		}
	}
	with := func(e entry, failure Failure) entry {
		e.Failure = &failure
		return e
	}
	failed := Failure{Text: "refused", Count: 1, At: now.Add(-5 * time.Second), Until: now}
	forgotten := Failure{Text: "refused", Count: 1, At: now.Add(-6 * time.Minute), Until: now.Add(-forgetFailure - 1)}
	forever := credential(-storedFor, 0)
	forever.Expires = time.Time{}
	fresh := forever
	fresh.Issued = now.Add(-storedFor + 1)
	tests := []struct {
		name  string
		entry entry
		swept bool
	}{
		{"good", credential(-time.Hour, time.Hour), false},
		{"good for a moment", credential(-time.Hour, expiryMargin+1), false},
		{"not good any more", credential(-time.Hour, expiryMargin), true},
		{"expired", credential(-time.Hour, -time.Hour), true},
		{"without an expiry", fresh, false},
		{"without an expiry, a minute old", forever, true},
		{"failure", with(entry{}, failed), false},
		{"forgotten failure", with(entry{}, forgotten), true},
		{"expired with a failure", with(credential(-time.Hour, -time.Hour), failed), false},
		{"good with a forgotten failure", with(credential(-time.Hour, time.Hour), forgotten), false},
		{"expired with a forgotten failure", with(credential(-time.Hour, -time.Hour), forgotten), true},
	}
	c := newCache(t)
	c.clock.time = now
	var want []string
	for _, test := range tests {
		e := test.entry
		e.Version, e.Scope = version, provider.NewScope("name", test.name)
		path := c.store(t, e)
		c.setAge(t, path, 1000*time.Hour) // which does not matter
		if !test.swept {
			want = append(want, filepath.Base(path))
		}
	}
	c.sweep()
	c.wantFiles(t, want...)
	for _, test := range tests {
		_, err := os.Lstat(c.path(provider.NewScope("name", test.name), entrySuffix))
		if gone := errors.Is(err, os.ErrNotExist); gone != test.swept {
			t.Errorf("%s is swept: %v, want %v", test.name, gone, test.swept)
		}
	}
}

func TestWhichFilesAreSwept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		age   time.Duration
		swept bool
	}{
		{stem + ".lock", staleAfter, false},
		{stem + ".lock", staleAfter + time.Second, true},
		{stem + ".lock", -time.Hour, false},
		{stem + ".1234.tmp", staleAfter, false},
		{stem + ".1234.tmp", staleAfter + time.Second, true},
		{stem + ".json", orphanAfter, false}, // it cannot be read
		{stem + ".json", orphanAfter + time.Second, true},

		{"README", 1000 * time.Hour, false},
		{"x.json", 1000 * time.Hour, false},
		{"x.lock", 1000 * time.Hour, false},
		{"x.tmp", 1000 * time.Hour, false},
		{stem, 1000 * time.Hour, false},
		{stem + ".", 1000 * time.Hour, false},
		{stem + ".txt", 1000 * time.Hour, false},
		{stem + ".json~", 1000 * time.Hour, false},
		{stem + "0.lock", 1000 * time.Hour, false},
		{stem[1:] + ".lock", 1000 * time.Hour, false},
		{strings.ToUpper(stem) + ".lock", 1000 * time.Hour, false},
		{stem[1:] + "g.lock", 1000 * time.Hour, false},
		{"." + stem + ".lock", 1000 * time.Hour, false},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s after %v", test.name, test.age), func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			c.makeDirectory(t)
			path := filepath.Join(c.Dir, test.name)
			writeFile(t, path, nil)
			c.setAge(t, path, test.age)
			c.sweep()
			if test.swept {
				c.wantFiles(t)
			} else {
				c.wantFiles(t, test.name)
			}
		})
	}
}

func TestDirectoriesInTheCacheAreSwept(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	for _, name := range []string{stem + entrySuffix, stem + lockSuffix, "foreign", "foreign.json"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, name, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
		c.setAge(t, filepath.Join(c.Dir, name), 1000*time.Hour)
	}
	c.sweep()
	c.wantFiles(t, "foreign", "foreign.json")
}

func TestALockThatIsHeldIsNotSwept(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	e := c.plant(scope)
	e.Expires = e.Issued
	c.store(t, e)
	lock, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	c.setAge(t, c.path(scope, lockSuffix), 1000*time.Hour)
	c.sweep()
	c.wantFiles(t, ID(scope)+entrySuffix, ID(scope)+lockSuffix) // who holds it is about to renew the entry
	lock.Unlock()
	c.sweep()
	c.wantFiles(t)
}

// TestAnEntryThatIsRenewedDuringASweep is put in place when the sweep has read the expired one.
func TestAnEntryThatIsRenewedDuringASweep(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	renewed := c.plant(scope)
	expired := renewed
	expired.Expires = expired.Issued
	path := c.store(t, expired)
	looks := 0
	c.Now = func() time.Time {
		if looks++; looks == 1 {
			c.store(t, renewed)
		}
		return c.clock.now()
	}
	c.sweepEntry(path, false)
	if looks != 2 {
		t.Errorf("the sweep looked %d times", looks)
	}
	if e := c.load(t, scope); !e.isUsable(c.clock.now()) {
		t.Errorf("the renewed entry is gone, there is %+v", e)
	}
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// TestTheDirectoryDoesNotGrow has a scope of its own in each minute, and what is left by
// killed processes.
func TestTheDirectoryDoesNotGrow(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: 5 * time.Minute}
	for i := range 50 {
		c.get(t, provider.NewScope("number", fmt.Sprint(i)), a.fetch)
		left := ID(provider.NewScope("killed", fmt.Sprint(i)))
		for _, name := range []string{left + lockSuffix, left + ".1" + placeSuffix} {
			writeFile(t, filepath.Join(c.Dir, name), nil)
			c.setAge(t, filepath.Join(c.Dir, name), 0)
		}
		if n := len(fileNames(t, c.Dir)); n > 4+2*3 {
			t.Fatalf("after %d minutes the directory holds %d files", i, n)
		}
		c.clock.advance(time.Minute)
	}
}

func TestASweepWithoutDirectory(t *testing.T) {
	t.Parallel()
	newCache(t).sweep()
}

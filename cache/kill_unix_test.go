//go:build !windows

package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// The tests below kill processes that use the cache: the test's own binary, which is such a
// process, and no test, if these variables are set.
const (
	killDir  = "PULLPASS_TEST_KILL_DIR"  // the directory of the cache
	killTime = "PULLPASS_TEST_KILL_TIME" // what its clock shows; unset for one that runs
	killStep = "PULLPASS_TEST_KILL_STEP" // at which of its steps it kills itself
	killFail = "PULLPASS_TEST_KILL_FAIL" // the authority fails
)

var killScopes = []provider.Scope{"number=1\n", "number=2\n", "number=3\n"}

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(killDir) == "":
		os.Exit(m.Run())
	case os.Getenv(killTime) == "":
		runUntilKilled()
	default:
		runUntilStep()
	}
}

// killCredential returns a credential of scope that tells whose it is, and until when.
func killCredential(scope provider.Scope, expires time.Time) provider.Credential {
	return provider.Credential{
		Username: strings.TrimSpace(string(scope)),
		Password: provider.NewSecret(fmt.Sprint(canary, strings.TrimSpace(string(scope)), expires.UnixNano(), strings.Repeat("x", 2000))),
		Expires:  expires,
	}
}

// checkKillCredential returns an error unless credential is that of scope, whole and good.
func checkKillCredential(scope provider.Scope, credential provider.Credential, now time.Time) error {
	want := killCredential(scope, credential.Expires)
	switch {
	case credential.Username != want.Username || credential.Password.Reveal() != want.Password.Reveal():
		return fmt.Errorf("%q gets the credential of %q, or a damaged one", scope, credential.Username)
	case !credential.Expires.After(now):
		return fmt.Errorf("%q gets a credential that has expired", scope)
	}
	return nil
}

// runUntilKilled gets credentials that are good for some milliseconds. It writes a line for
// each fault that it sees.
func runUntilKilled() {
	go func() { // until the test ends
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	c := &Cache{Dir: os.Getenv(killDir), Node: "node-1", Now: time.Now, Debug: func(string) {}, Hide: func(provider.Credential) {}, Warn: func(line string) { fmt.Println(line) }}
	fmt.Println("ready")
	for {
		scope := killScopes[rand.IntN(len(killScopes))]
		credential, err := c.Get(context.Background(), scope, func(context.Context) (provider.Credential, error) {
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
			return killCredential(scope, time.Now().Add(expiryMargin+time.Duration(rand.IntN(5000))*time.Microsecond)), nil
		})
		if err == nil {
			err = checkKillCredential(scope, credential, time.Now())
		}
		if err != nil {
			fmt.Println(err)
		}
	}
}

// TestKilledAtAnyTime kills processes while they get credentials, two at a time.
func TestKilledAtAnyTime(t *testing.T) {
	t.Parallel()
	kills := 300
	if testing.Short() {
		kills = 30
	}
	c := newCache(t)
	c.Now = time.Now
	for round := range kills / 2 {
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if err := runAndKill(t, c.Dir); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		group.Wait()
		for _, scope := range killScopes {
			c.checkAfterKill(t, scope)
		}
		if t.Failed() {
			return
		}
	}
	c.checkSwept(t)
}

// runAndKill starts a process, and kills it after a while. The error tells what it saw.
func runAndKill(t *testing.T, dir string) error {
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), killDir+"="+dir)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	if lines.Text() != "ready" {
		err = fmt.Errorf("the process is not ready but says %q", lines.Text())
	}
	time.Sleep(time.Duration(rand.IntN(10_000)) * time.Microsecond) // at any moment, that is
	command.Process.Kill()
	for lines.Scan() {
		err = errors.Join(err, errors.New(lines.Text()))
	}
	command.Wait()
	if status := command.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		err = errors.Join(err, fmt.Errorf("the process was not killed but ended with %v", command.ProcessState))
	}
	return err
}

// checkAfterKill has the next call in a directory where processes were killed.
func (c *testCache) checkAfterKill(t *testing.T, scope provider.Scope) {
	t.Helper()
	e := c.load(t, scope)
	if e.Version != 0 && e.Failure == nil {
		// It may be over, but whole it must be.
		if err := checkKillCredential(scope, e.credential(), time.Time{}); err != nil {
			t.Errorf("in the directory: %v", err)
		}
	}
	held, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatalf("a lock of a killed process: %v", err)
	}
	held.Unlock()
	credential := c.get(t, scope, func(context.Context) (provider.Credential, error) {
		return killCredential(scope, c.Now().Add(expiryMargin+time.Millisecond)), nil
	})
	if err := checkKillCredential(scope, credential, c.Now()); err != nil {
		t.Error(err)
	}
}

// checkSwept has a call of days later, after which there must be nothing but its own entry.
func (c *testCache) checkSwept(t *testing.T) {
	t.Helper()
	now := c.Now
	c.Now = func() time.Time { return now().Add(100 * time.Hour) }
	a := &authority{clock: &clock{time: c.Now()}, life: time.Hour}
	c.wantCall(t, a, 1)
	c.wantFiles(t, ID(scope)+entrySuffix)
}

// runUntilStep gets one credential, and kills itself when the cache has called for the time, a
// fetch and so on for the wanted number of times.
func runUntilStep() {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(os.Getenv(name), 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	now, last := time.Unix(0, number(killTime)), number(killStep)
	steps := int64(0)
	step := func() {
		if steps++; steps == last {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	c := &Cache{
		Dir: os.Getenv(killDir), Node: "node-1",
		Now:   func() time.Time { step(); return now },
		Debug: func(string) { step() },
		Warn:  func(string) { step() },
		Hide:  func(provider.Credential) {},
	}
	scope := killScopes[0]
	c.Get(context.Background(), scope, func(context.Context) (provider.Credential, error) {
		step()
		defer step()
		if os.Getenv(killFail) != "" {
			return provider.Credential{}, errors.New("refused")
		}
		return killCredential(scope, now.Add(time.Hour)), nil
	})
}

// TestKilledAtEveryStep kills a process at its first step, then another one at its second, and
// so on, until one gets to its end.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	states := []struct {
		name string
		make func(*testing.T, *testCache)
	}{
		{"empty", func(*testing.T, *testCache) {}},
		{"expired", func(t *testing.T, c *testCache) {
			c.store(t, killEntry(c, -time.Hour))
			c.store(t, c.plant("name=another\n"))
			c.clock.advance(2 * time.Hour)
		}},
		{"broken", func(t *testing.T, c *testCache) { c.storeData(t, killScopes[0], []byte("{")) }},
		{"to be renewed", func(t *testing.T, c *testCache) {
			e := killEntry(c, time.Hour)
			e.Refresh = e.Issued
			c.store(t, e)
		}},
	}
	for _, state := range states {
		for _, fail := range []string{"", "yes"} {
			t.Run(fmt.Sprintf("%s, fail=%s", state.name, fail), func(t *testing.T) {
				t.Parallel()
				for step, killed := 1, true; killed; step++ {
					c := newCache(t)
					state.make(t, c)
					killed = runToStep(t, c, step, fail)
					if _, err := c.read(killScopes[0]); err != nil && state.name == "broken" {
						// It was killed before it came to replace it.
						c.get(t, killScopes[0], func(context.Context) (provider.Credential, error) {
							return killCredential(killScopes[0], c.Now().Add(time.Hour)), nil
						})
						c.wantWarning(t, "a cached credential is not used")
					}
					if e := c.load(t, killScopes[0]); e.Failure.holds(c.Now()) && !e.isUsable(c.Now()) {
						c.clock.advance(firstFailure)
					}
					c.checkAfterKill(t, killScopes[0])
					c.checkSwept(t)
					if t.Failed() {
						t.Fatalf("so it is after step %d", step)
					}
					if !killed && step < 5 {
						t.Errorf("there are only %d steps", step)
					}
				}
			})
		}
	}
}

// killEntry returns an entry that was made a moment ago.
func killEntry(c *testCache, life time.Duration) entry {
	now := c.clock.now()
	return newEntry(killScopes[0], killCredential(killScopes[0], now.Add(life)), now.Add(-time.Second))
}

// runToStep runs a process to its step, and reports whether it got there.
func runToStep(t *testing.T, c *testCache, step int, fail string) (killed bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), killDir+"="+c.Dir, killFail+"="+fail,
		killTime+"="+strconv.FormatInt(c.Now().UnixNano(), 10), killStep+"="+strconv.Itoa(step))
	output, err := command.CombinedOutput()
	if err == nil {
		return false
	}
	if status := command.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Fatalf("the process was not killed but ended with %v: %s", err, output)
	}
	return true
}

package plugin

import (
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestKill kills a process at every step of a miss, a few hundred times. Whoever comes next
// has an answer, and so have those that were waiting for it.
func TestKill(t *testing.T) {
	const kills = 300
	aws := newAWSCloud(t)
	aws.always(script.Order{Delay: 2 * time.Millisecond})
	s := newStore(t)
	env := join(pullpass.Offline(t), aws.env, s.env())
	begin := func() *pullpass.Process {
		return pullpass.Launch(t, binaries.Released, env, strings.NewReader(requestFor(aws.image)), "-v")
	}
	check := func(p *pullpass.Process) {
		t.Helper()
		r, err := end(p)
		if err != nil {
			t.Fatal(err)
		}
		aws.accepts(t, r)
	}
	begun := time.Now()
	check(begin())
	miss := time.Since(begun) // the last one, or less if one has ended sooner

	killed, locks := 0, 0
	for i := range kills {
		s.empty(t)
		victim := begin()
		var waiting *pullpass.Process
		if i%3 == 0 {
			waiting = begin()
		}
		life := time.Duration(rand.Float64() * float64(miss))
		time.Sleep(life)
		victim.Process.Kill()
		victim.Wait()
		if victim.ProcessState.ExitCode() == -1 {
			killed++
		} else {
			miss = life // a stall has made it too long
		}
		if waiting != nil {
			check(waiting)
		} else {
			locks += len(s.files(t, ".lock"))
		}
		s.notLocked(t)
		missing := len(s.files(t, ".json")) == 0
		begun := time.Now()
		check(begin())
		if missing {
			miss = time.Since(begun)
		}
	}
	places := len(s.files(t, ".tmp"))
	t.Logf("a miss takes %v; of %d processes %d were killed, with %d locks and %d places left behind", miss, kills, killed, locks, places)
	if killed < kills/3 || locks == 0 || places == 0 {
		t.Error("the kills were not spread over a miss")
	}

	// What is left goes with a write, once it is old enough to be nobody's.
	old := time.Now().Add(-3 * time.Minute)
	for _, path := range s.files(t, "") {
		if !strings.HasSuffix(path, ".json") {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.empty(t)
	check(begin())
	s.holdsOneEntry(t)
}

// empty removes the entries.
func (s store) empty(t *testing.T) {
	t.Helper()
	for _, path := range s.files(t, ".json") {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// notLocked checks that nobody holds a lock.
func (s store) notLocked(t *testing.T) {
	t.Helper()
	for _, path := range s.files(t, ".lock") {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Errorf("a lock is held: %v", err)
		}
		file.Close()
	}
}

// TestStoppedHolder stops the process that fetches while it holds the lock, as a debugger or
// the freezer of a cgroup does. The kernel does not free that lock. The others wait for a
// while, and answer within their time.
func TestStoppedHolder(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	held := make(chan struct{})
	holder := stopFetch(t, aws, s, held)
	for _, r := range aws.burst(t, binaries.Tested, s, 5) {
		aws.accepts(t, r)
		if want := "pullpass: warning: fetch without the cache: another process that fetches the same credential has not ended in time"; !strings.Contains(r.stderr, want) {
			t.Errorf("no warning:\n%s", r.stderr)
		}
	}
	continueFetch(t, holder, held)
	s.notLocked(t)
}

// TestStoppedRenewal is TestStoppedHolder with a credential in hand: nobody waits.
func TestStoppedRenewal(t *testing.T) {
	aws := newAWSCloud(t)
	s := newStore(t)
	password := aws.accepts(t, aws.ask(t, s))
	s.age(t)
	held := make(chan struct{})
	holder := stopFetch(t, aws, s, held)
	for _, r := range aws.burst(t, binaries.Tested, s, 5) {
		if aws.accepts(t, r) != password {
			t.Error("the password is not the one in hand")
		}
	}
	aws.fetched(t, 2) // the first, and the holder's
	continueFetch(t, holder, held)
	s.notLocked(t)
}

// stopFetch starts a process and stops it while it waits for its token, until held is closed.
func stopFetch(t *testing.T, aws *cloud, s store, held chan struct{}) *pullpass.Process {
	t.Helper()
	aws.fake.Next(aws.token, script.Order{Until: held})
	calls := aws.fake.Calls(aws.token)
	holder := pullpass.Launch(t, binaries.Released, join(pullpass.Offline(t), aws.env, s.env()), strings.NewReader(requestFor(aws.image)), "-v")
	aws.await(t, calls+1)
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	return holder
}

// continueFetch has the holder go on, and checks that it ends in the one or the other way.
func continueFetch(t *testing.T, holder *pullpass.Process, held chan struct{}) {
	t.Helper()
	close(held)
	if err := holder.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if r, err := end(holder); err != nil || r.code > 1 {
		t.Errorf("the holder ended with exit code %d, %v\n%s", r.code, err, r.stderr)
	}
}

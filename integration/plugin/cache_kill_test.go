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

package plugin

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// stoppedWait is how long the wait for a stopped process may take here. It is some 5 s, and was 34 s.
const stoppedWait = 20 * time.Second

// TestStoppedHolder stops the process that fetches while it holds the lock, as a debugger or
// the freezer of a cgroup does. The kernel does not free that lock. One of the others takes its
// place, and all get what that one fetches. What the holder gets in the end is not kept.
func TestStoppedHolder(t *testing.T) {
	for name, end := range map[string]script.Order{
		"success": {},
		"failure": awsfake.ECRError(400, "AccessDeniedException", "not authorized"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aws := newAWSCloud(t)
			s := newStore(t)
			held := make(chan struct{})
			end.Until = held
			holder := stopFetch(t, aws, s, end)
			begun := time.Now()
			password := ""
			for _, r := range aws.burst(t, binaries.Tested, s, 5) {
				if got := aws.accepts(t, r); password != "" && got != password {
					t.Error("two passwords")
				} else {
					password = got
				}
			}
			if took := time.Since(begun); took > stoppedWait {
				t.Errorf("the wait took %v", took)
			}
			aws.fetched(t, 2) // the holder's, and one
			again := aws.ask(t, s)
			if aws.accepts(t, again) != password || strings.Contains(again.stderr, "wait for another process") {
				t.Errorf("it was not kept:\n%s", again.stderr)
			}
			continueFetch(t, holder, held)
			if aws.accepts(t, aws.ask(t, s)) != password || readEntry(t, s.entry(t)).failure() != nil {
				t.Error("the stopped process has replaced a newer credential")
			}
			aws.fetched(t, 2)
			s.holdsOneEntry(t)
		})
	}
}

// TestStoppedHolderAndFailure: the others get the failure of the one that took the holder's place, which is
// kept like any other. It is not replaced by the holder's.
func TestStoppedHolderAndFailure(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	held := make(chan struct{})
	first := awsfake.ECRError(400, "AccessDeniedException", "late")
	first.Until = held
	holder := stopFetch(t, aws, s, first)
	aws.fake.Always(aws.token, awsfake.ECRError(400, "AccessDeniedException", "early"))
	for _, r := range aws.burst(t, binaries.Tested, s, 5) {
		r.failed(t, "early")
	}
	aws.fetched(t, 2)
	aws.ask(t, s).failed(t, "early", "next try in")
	continueFetch(t, holder, held)
	if text, _ := readEntry(t, s.entry(t)).failure()["text"].(string); !strings.Contains(text, "early") {
		t.Errorf("the failure is %q", text)
	}
}

// TestStoppedForLong: what a process gets that was stopped for longer than a fetch takes is not kept, even if
// nobody else was there.
func TestStoppedForLong(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	held := make(chan struct{})
	holder := stopFetch(t, aws, s, script.Order{Until: held})
	time.Sleep(36 * time.Second)
	continueFetch(t, holder, held)
	if kept := s.files(t, ""); len(kept) != 0 {
		t.Errorf("it has kept %q", kept)
	}
}

// TestStoppedRenewal is TestStoppedHolder with a credential in hand: nobody waits. After two minutes,
// somebody else renews it.
func TestStoppedRenewal(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	password := aws.accepts(t, aws.ask(t, s))
	s.age(t)
	held := make(chan struct{})
	holder := stopFetch(t, aws, s, script.Order{Until: held})
	for _, r := range aws.burst(t, binaries.Tested, s, 5) {
		if aws.accepts(t, r) != password {
			t.Error("the password is not the one in hand")
		}
	}
	aws.fetched(t, 2) // the first, and the holder's
	old := time.Now().Add(-3 * time.Minute)
	for _, path := range s.files(t, ".lock") {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	renewed := aws.accepts(t, aws.ask(t, s))
	if renewed == password {
		t.Error("it is not renewed")
	}
	aws.fetched(t, 3)
	continueFetch(t, holder, held)
	if aws.accepts(t, aws.ask(t, s)) != renewed {
		t.Error("the stopped process has replaced a newer credential")
	}
	s.notLocked(t)
}

// TestStoppedAtExpiry has the credential expire while its renewal is stopped.
func TestStoppedAtExpiry(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	aws.accepts(t, aws.ask(t, s))
	s.age(t)
	held := make(chan struct{})
	holder := stopFetch(t, aws, s, script.Order{Until: held})
	edit(t, s.entry(t), entry{"expires": time.Now()})
	begun := time.Now()
	for range 3 {
		aws.accepts(t, aws.ask(t, s))
	}
	if took := time.Since(begun); took > stoppedWait {
		t.Errorf("three pulls took %v", took)
	}
	aws.fetched(t, 3)
	continueFetch(t, holder, held)
}

// TestClearWhileStopped: the commands on the cache end, and what was cleared stays away.
func TestClearWhileStopped(t *testing.T) {
	t.Parallel()
	aws := newAWSCloud(t)
	s := newStore(t)
	aws.accepts(t, aws.ask(t, s))
	s.age(t)
	held := make(chan struct{})
	failure := awsfake.ECRError(400, "AccessDeniedException", "not authorized")
	failure.Until = held
	holder := stopFetch(t, aws, s, failure)
	begun := time.Now()
	for _, args := range [][]string{{"cache", "list"}, {"cache", "clear"}, {"cache", "list"}} {
		if r, err := end(pullpass.Launch(t, binaries.Tested, join(pullpass.Offline(t), s.env()), nil, args...)); r.code != 0 && err == nil {
			t.Errorf("%q ended with exit code %d\n%s", args, r.code, r.stderr)
		}
	}
	if took := time.Since(begun); took > stoppedWait {
		t.Errorf("it took %v", took)
	}
	continueFetch(t, holder, held)
	if kept := s.files(t, ""); len(kept) != 0 {
		t.Errorf("the stopped process has brought back %q", kept)
	}
}

// stopFetch starts a process and stops it while it waits for its token, which gets this answer.
func stopFetch(t *testing.T, aws *cloud, s store, answer script.Order) *pullpass.Process {
	t.Helper()
	aws.fake.Next(aws.token, answer)
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

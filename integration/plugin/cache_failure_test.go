package plugin

import (
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestBurstOfFailures has the upstream fail after a while.
func TestBurstOfFailures(t *testing.T) {
	failing := func(order script.Order) script.Order {
		order.Delay = 300 * time.Millisecond
		return order
	}
	for name, c := range map[string]struct {
		order script.Order
		want  []string
	}{
		"out of order": {failing(awsfake.ECRError(500, "ServerException", "out of order")), []string{"ServerException: out of order"}},
		"refused": {failing(awsfake.ECRError(400, "AccessDeniedException", "not authorized")),
			[]string{"AccessDeniedException: not authorized", "pullpass: hint: allow ecr:GetAuthorizationToken"}},
		"cut off": {failing(script.Order{Cut: true}), []string{"EOF"}},
	} {
		t.Run(name, func(t *testing.T) { testBurstOfFailures(t, c.order, c.order.Delay, c.want) })
	}
}

// TestBurstWithoutAnswer has an upstream that takes the calls and says nothing, for half a minute.
func TestBurstWithoutAnswer(t *testing.T) {
	t.Parallel()
	testBurstOfFailures(t, script.Hang(), 25*time.Second, []string{"no answer in time"})
}

// testBurstOfFailures: of a hundred processes at once one tries, as often as the SDK does, which
// takes it at least a time, and all fail with its reason rather than after tries of their own in
// turn. Those that come a little later fail without a try.
func testBurstOfFailures(t *testing.T, order script.Order, least time.Duration, want []string) {
	aws := newAWSCloud(t)
	aws.fake.Always(aws.token, order)
	s := newStore(t)
	begun := time.Now()
	tries := originals(t, aws, aws.burst(t, binaries.Released, s, 100), want)
	failure := readEntry(t, s.entry(t)).failure()
	// On a slow machine some start when the failure is over. They may try again, after a pause
	// that is twice as long each time, up to a minute.
	took, pause := least, 5*time.Second
	for range tries - 1 {
		took, pause = took+pause+least, min(2*pause, time.Minute)
	}
	if within := failure.time(t, "at").Sub(begun); tries == 0 || within < took {
		t.Errorf("%d processes report a failure of their own, within %v", tries, within)
	}

	failure["until"] = time.Now().Add(time.Minute)
	edit(t, s.entry(t), entry{"failure": failure})
	if later := originals(t, aws, aws.burst(t, binaries.Released, s, 10), want); later != 0 {
		t.Errorf("%d that come later report a failure of their own", later)
	}
	if calls := aws.fake.Calls(aws.token); calls > 3*tries {
		t.Errorf("%d calls for a token in %d tries", calls, tries)
	}
	checkCalls(t, aws.fake, map[string]int{awsfake.IMDSToken: tries, awsfake.IMDSRole: tries, awsfake.IMDSCredentials: tries})
}

// originals checks that all have failed with the texts, and returns how many of a failure of
// their own.
func originals(t *testing.T, aws *cloud, runs []run, want []string) int {
	t.Helper()
	n := 0
	for _, r := range runs {
		r.failed(t, append(want, "pullpass: error: get an ECR token for eu-central-1: ")...)
		r.silent(t, aws.fake.Secrets()...)
		if !strings.Contains(r.stderr, " ago, next try in ") {
			n++
		}
	}
	return n
}

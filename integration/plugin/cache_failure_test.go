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
		t.Run(name, func(t *testing.T) { testBurstOfFailures(t, c.order, c.want) })
	}
}

// TestBurstWithoutAnswer has an upstream that takes the calls and says nothing, for half a minute.
func TestBurstWithoutAnswer(t *testing.T) {
	t.Parallel()
	testBurstOfFailures(t, script.Hang(), []string{"no answer in time"})
}

// testBurstOfFailures: of a hundred processes at once one tries, as often as the SDK does, and
// all fail with its reason rather than after tries of their own in turn. Those that come a
// little later fail without a try.
func testBurstOfFailures(t *testing.T, order script.Order, want []string) {
	aws := newAWSCloud(t)
	aws.fake.Always(aws.token, order)
	s := newStore(t)
	original := 0
	for _, r := range append(aws.burst(t, binaries.Released, s, 100), aws.burst(t, binaries.Released, s, 10)...) {
		r.failed(t, append(want, "pullpass: error: get an ECR token for eu-central-1: ")...)
		r.silent(t, aws.fake.Secrets()...)
		if !strings.Contains(r.stderr, " ago, next try in ") {
			original++
		}
	}
	if original != 1 {
		t.Errorf("%d processes report a failure of their own", original)
	}
	if calls := aws.fake.Calls(aws.token); calls > 3 {
		t.Errorf("%d calls for a token", calls)
	}
	checkCalls(t, aws.fake, map[string]int{awsfake.IMDSToken: 1, awsfake.IMDSRole: 1, awsfake.IMDSCredentials: 1})
}

package hostile

import (
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// maxPeak is what the plugin may need, whatever it is answered.
const maxPeak = 32 << 20 // bytes

// TestHostileAnswers has every call that the product makes answered in every hostile way.
func TestHostileAnswers(t *testing.T) {
	all, orders := calls(t), script.Hostile()
	for _, c := range all {
		for name, order := range orders {
			t.Run(c.flow+"/"+c.operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				check(t, c, order, 20*time.Second)
			})
		}
	}
}

// TestTricklingAnswers has every call answered by a byte a second.
func TestTricklingAnswers(t *testing.T) {
	for _, c := range calls(t) {
		t.Run(c.flow+"/"+c.operation, func(t *testing.T) {
			t.Parallel()
			check(t, c, script.Trickle(), 44*time.Second)
		})
	}
}

func check(t *testing.T, c call, order script.Order, limit time.Duration) {
	flow := flows()[c.flow]
	site := flow.start(t)
	site.fake.Always(c.operation, order)
	r := flow.ask(t, site)
	if site.fake.Calls(c.operation) == 0 {
		t.Fatalf("%s was not called", c.operation)
	}
	line := r.errorLine()
	if r.Exit != 1 || r.stdout != "" || strings.Count(r.stderr, "pullpass: error: ") != 1 || len(line) > 700 {
		t.Errorf("exit code %d, stdout %.100q, stderr %.2000q", r.Exit, r.stdout, r.stderr)
	}
	if strings.Contains(line, script.Canary) || strings.Contains(line, ": : ") || strings.HasSuffix(line, ": \n") {
		t.Errorf("the error is %q", line)
	}
	if r.Peak > maxPeak {
		t.Errorf("the peak of its memory is %.1f MiB: %s", float64(r.Peak)/(1<<20), line)
	}
	if r.Wall > limit {
		t.Errorf("it took %v: %s", r.Wall, line)
	}
	for _, secret := range append(site.secrets, site.fake.Secrets()...) {
		if secret != "" && strings.Contains(r.stderr, secret) {
			t.Errorf("a secret is in %q", r.stderr)
		}
	}
	t.Logf("peak %.1f MiB, %v, %d calls: %s", float64(r.Peak)/(1<<20), r.Wall.Round(time.Millisecond), site.fake.Calls(c.operation), line)
}

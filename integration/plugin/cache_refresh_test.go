package plugin

import (
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

const notRenewed = "pullpass: warning: a credential is not renewed ahead, the one in hand is good until "

// TestRefreshAhead: past half of the token's life one process renews it.
func TestRefreshAhead(t *testing.T) {
	for name, start := range clouds {
		t.Run(name, func(t *testing.T) {
			cloud, s := start(t), newStore(t)
			cloud.lifetime(12 * time.Hour)
			old := cloud.accepts(t, cloud.ask(t, s))
			e := readEntry(t, s.entry(t))
			life := e.time(t, "expires").Sub(e.time(t, "issued"))
			if after := e.time(t, "refresh").Sub(e.time(t, "issued")); after < life/2 || after > life*3/4 {
				t.Errorf("a token that lives %v is renewed after %v", life, after)
			}
			if cloud.accepts(t, cloud.ask(t, s)) != old {
				t.Error("the password is another before the time")
			}
			cloud.fetched(t, 1)

			renewed := cloud.renew(t, s, 1, old)
			cloud.fake.Always(cloud.token, script.Order{Delay: 200 * time.Millisecond})
			cloud.renew(t, s, 50, renewed)
			s.holdsOneEntry(t)
		})
	}
}

// renew has n processes at once ask for a credential that is due, and returns its new password.
// One of them renews it. On a busy machine the 2 s that it has for that may be over before; then
// all do it again.
func (c *cloud) renew(t *testing.T, s store, n int, old string) string {
	t.Helper()
	for range 10 {
		s.age(t)
		before, late, fresh := c.fake.Calls(c.token), 0, map[string]bool{}
		for _, r := range c.burst(t, binaries.Tested, s, n) {
			if password := c.accepts(t, r); password != old {
				fresh[password] = true
			}
			if strings.Contains(r.stderr, notRenewed) {
				late++
			}
		}
		calls := c.fake.Calls(c.token) - before
		if len(fresh) > 1 || len(fresh)+late == 0 || calls > len(fresh)+late {
			t.Fatalf("%d got %d new passwords, with %d calls for a token and %d that were late", n, len(fresh), calls, late)
		}
		for password := range fresh {
			return password
		}
		t.Logf("%d were late", late)
	}
	t.Fatal("the credential is not renewed")
	return ""
}

// TestRefreshFails: the token in hand is the answer, of the one that tries after a few seconds
// at most, and of the others at once.
func TestRefreshFails(t *testing.T) {
	for name, order := range map[string]script.Order{
		"refused":   script.Fail(403, ""),
		"no answer": script.Hang(),
	} {
		for cloudName, start := range clouds {
			t.Run(cloudName+", "+name, func(t *testing.T) {
				t.Parallel()
				cloud, s := start(t), newStore(t)
				password := cloud.accepts(t, cloud.ask(t, s))
				s.age(t)
				cloud.fake.Always(cloud.token, order)
				begun := time.Now()
				r := cloud.ask(t, s)
				t.Logf("the answer took %v", time.Since(begun).Round(time.Millisecond))
				if cloud.accepts(t, r) != password || !strings.Contains(r.stderr, notRenewed) {
					t.Errorf("another password, or no warning:\n%s", r.stderr)
				}
				cloud.fetched(t, 2)
				// The pause may be over by now, on a slow machine.
				failure := readEntry(t, s.entry(t)).failure()
				if pause := failure.time(t, "until").Sub(failure.time(t, "at")); pause != 5*time.Second {
					t.Errorf("the pause is of %v", pause)
				}
				failure["until"] = time.Now().Add(time.Minute)
				edit(t, s.entry(t), entry{"failure": failure})
				for _, r := range cloud.burst(t, binaries.Tested, s, 10) {
					if cloud.accepts(t, r) != password || strings.Contains(r.stderr, notRenewed) {
						t.Errorf("another password, or a try:\n%s", r.stderr)
					}
				}
				cloud.fetched(t, 2)

				failure["until"] = time.Now()
				edit(t, s.entry(t), entry{"failure": failure})
				cloud.fake.Always(cloud.token, script.Order{})
				if cloud.accepts(t, cloud.ask(t, s)) == password {
					t.Error("the password is still the old one")
				}
				cloud.fetched(t, 3)
				if failure := readEntry(t, s.entry(t)).failure(); failure != nil {
					t.Errorf("the entry still has a failure: %v", failure["text"])
				}
			})
		}
	}
}

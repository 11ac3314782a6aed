package plugin

import (
	"regexp"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// lastMinute is the part of a token's life in which it is given out no more.
const lastMinute = time.Minute

// TestOutage takes the cloud away right after the first answer. The node lives on until the
// token's last minute, fails then, and is healed soon after the cloud is back.
func TestOutage(t *testing.T) {
	const usable = 10 * time.Second
	for name, start := range clouds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, s := start(t), newStore(t)
			cloud.lifetime(lastMinute + usable)
			password := cloud.accepts(t, cloud.ask(t, s))
			until := readEntry(t, s.entry(t)).time(t, "expires").Add(-lastMinute)
			cloud.always(script.Fail(503, "out of order"))
			answers := 0
			for {
				begun := time.Now()
				r := cloud.ask(t, s)
				if r.code != 0 {
					r.failed(t, "503")
					r.silent(t, cloud.fake.Secrets()...)
					if ended := time.Now(); ended.Before(until) {
						t.Fatalf("no answer %v before the token's last minute:\n%s", until.Sub(ended), r.stderr)
					}
					break
				}
				if begun.After(until) {
					t.Fatalf("an answer %v into the token's last minute", begun.Sub(until))
				}
				if cloud.accepts(t, r) != password {
					t.Fatal("the password is another")
				}
				answers++
				time.Sleep(usable / 20)
			}
			if answers == 0 {
				t.Error("no answer at all")
			}

			cloud.always(script.Order{})
			cloud.lifetime(time.Hour)
			calls := cloud.fake.Calls(cloud.token)
			pause := nextTry(t, cloud.ask(t, s))
			if got := cloud.fake.Calls(cloud.token); got != calls {
				t.Errorf("%d calls for a token during the pause", got-calls)
			}
			time.Sleep(pause)
			if healed := cloud.accepts(t, cloud.ask(t, s)); healed == password {
				t.Error("the password is still the old one")
			}
			s.holdsOneEntry(t)
		})
	}
}

var nextTryText = regexp.MustCompile(`\(\d+s ago, next try in (\d+s)\)\n`)

// nextTry returns after how long the failed run says that the next may try.
func nextTry(t *testing.T, r run) time.Duration {
	t.Helper()
	r.failed(t, "503")
	found := nextTryText.FindStringSubmatch(r.stderr)
	if found == nil {
		t.Fatalf("the error does not say when the next try is:\n%s", r.stderr)
	}
	pause, err := time.ParseDuration(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return pause + time.Second // it was rounded
}

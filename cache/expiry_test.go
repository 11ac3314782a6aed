package cache

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

func TestHowLongACredentialIsGivenOut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		life time.Duration
		age  time.Duration
		hit  bool
	}{
		{"at once", time.Hour, 0, true},
		{"just before the margin", 2 * time.Minute, time.Minute - 1, true},
		{"at the margin", 2 * time.Minute, time.Minute, false},
		{"within the margin", 2 * time.Minute, time.Minute + 1, false},
		{"expired", 2 * time.Minute, time.Hour, false},
		{"without an expiry, within a minute", 0, time.Minute - 1, true},
		{"without an expiry, after a minute", 0, time.Minute, false},
		{"from the future", time.Hour, -1, false},
		{"without an expiry, from the future", 0, -1, false},
		{"lives less than the margin", time.Minute - 1, 0, false},
		{"lives as long as the margin", time.Minute, 0, false},
		{"lives longer than the margin", time.Minute + 1, 0, true},
		{"has expired before it came", -time.Hour, 0, false},
		{"lives as long as is believed", maxLife, maxLife/2 - time.Hour, true},
		{"lives longer than is believed, within a minute", maxLife + time.Second, time.Minute - 1, true},
		{"lives longer than is believed, after a minute", maxLife + time.Second, time.Minute, false},
		{"lives for centuries", 290 * 365 * 24 * time.Hour, time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			a := &authority{clock: c.clock, life: test.life}
			c.wantCall(t, a, 1)
			c.clock.advance(test.age)
			if test.hit {
				c.wantCall(t, a, 1)
			} else {
				c.wantCall(t, a, 2)
			}
		})
	}
}

func TestAClockThatJumps(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: 12 * time.Hour}
	c.wantCall(t, a, 1)
	c.clock.advance(-10 * time.Minute)
	c.wantCall(t, a, 2)
	c.wantCall(t, a, 2)
	c.clock.advance(1000 * time.Hour)
	c.wantCall(t, a, 3)
	c.wantCall(t, a, 3)
	c.clock.advance(-1000 * time.Hour)
	c.wantCall(t, a, 4)
	c.clock.advance(10 * time.Minute)
	c.wantCall(t, a, 4)
}

// TestAnOutageWhileTheClockIsWrong: the credential is there again when the clock is right again.
func TestAnOutageWhileTheClockIsWrong(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	a := &authority{clock: c.clock, life: 12 * time.Hour}
	c.wantCall(t, a, 1)
	c.clock.advance(-10 * time.Minute)
	_, err := c.Get(t.Context(), scope, func(context.Context) (provider.Credential, error) {
		return provider.Credential{}, errors.New("out of order")
	})
	if err == nil {
		t.Error("the credential from the future is given out")
	}
	c.clock.advance(11 * time.Minute)
	c.wantCall(t, a, 1)
}

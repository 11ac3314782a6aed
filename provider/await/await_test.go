package await

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestResult(t *testing.T) {
	failed := errors.New("failed")
	for _, want := range []error{nil, failed} {
		value, err := Result(t.Context(), func() (int, error) { return 1, want }, nil)
		if value != 1 || err != want {
			t.Errorf("got %d, %v, want 1, %v", value, err, want)
		}
	}
}

// TestGivenUp ends the context before f: late gets the value of an f that did not fail.
func TestGivenUp(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		late int
	}{
		{"a late value", nil, 1},
		{"a late error", errors.New("failed"), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cause := errors.New("too slow")
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
				defer cancel()
				f := func() (int, error) {
					time.Sleep(time.Minute)
					return 1, test.err
				}
				got := 0
				value, err := Result(ctx, f, func(value int) { got = value })
				if value != 0 || err != cause {
					t.Errorf("got %d, %v, want 0, %v", value, err, cause)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if got != test.late {
					t.Errorf("late got %d, want %d", got, test.late)
				}
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wait := make(chan struct{})
	defer close(wait)
	if _, err := Result(ctx, func() (int, error) { <-wait; return 0, nil }, nil); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

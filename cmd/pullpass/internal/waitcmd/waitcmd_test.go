package waitcmd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestWait: the command ends when its context does, as it does after a signal, and not before.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const until = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), until)
		defer cancel()
		started := time.Now()
		command := New()
		command.SetArgs(nil)
		if err := command.ExecuteContext(ctx); err != nil || time.Since(started) != until {
			t.Errorf("ended after %v: %v", time.Since(started), err)
		}
	})
}

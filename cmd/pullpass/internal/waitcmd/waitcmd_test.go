package waitcmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// TestWait: the command ends when its context does, as it does after a signal, and not before. It prints the log if
// there is one to print.
func TestWait(t *testing.T) {
	for _, line := range []string{"", "time=2026-10-05T12:00:00Z level=info\n"} {
		path := ""
		if line != "" {
			path = filepath.Join(t.TempDir(), "pullpass.log")
			if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			const until = time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), until)
			defer cancel()
			started := time.Now()
			var out, messages bytes.Buffer
			b := &broker.Broker{Env: &env.Env{Log: &env.Log{Out: &messages}}, LogFile: path}
			command := New(b, &cli.Stdio{Out: &out})
			command.SetArgs(nil)
			if err := command.ExecuteContext(ctx); err != nil || time.Since(started) != until {
				t.Errorf("ended after %v: %v", time.Since(started), err)
			}
			if out.String() != line || messages.Len() > 0 {
				t.Errorf("printed %q, said %q", &out, &messages)
			}
		})
	}
}

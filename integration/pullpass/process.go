package pullpass

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"testing"
	"time"
)

// A Process is a run of the binary that may not have ended.
type Process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

// A Run is what came of a process that has ended.
type Run struct {
	Code           int // -1 if it was killed
	Stdout, Stderr string
}

// Launch starts a pullpass with env as its whole environment. It is killed when the test ends,
// or after two minutes.
func Launch(t testing.TB, binary string, env []string, stdin io.Reader, args ...string) *Process {
	t.Helper()
	p := NewProcess(t, binary, env, stdin, args...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// NewProcess is Launch for a process that is still to be started.
func NewProcess(t testing.TB, binary string, env []string, stdin io.Reader, args ...string) *Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	p := &Process{Cmd: exec.CommandContext(ctx, binary, args...)}
	p.Env = env
	p.Stdin, p.Stdout, p.Stderr = stdin, &p.stdout, &p.stderr
	return p
}

// End waits for the process's end. The error is about the test, not of the process.
func (p *Process) End() (Run, error) {
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Run{}, err
	}
	return Run{Code: p.ProcessState.ExitCode(), Stdout: p.stdout.String(), Stderr: p.stderr.String()}, nil
}

// Package subprocess runs the programs that give credentials, so that they can neither hold up
// a pull nor outlive it.
package subprocess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

const (
	maxAnswer = 1 << 20 // bytes
	// pipeDelay is how long a process that the program has left behind can keep us waiting.
	pipeDelay = 500 * time.Millisecond
)

// A Command is a program to run. It gets pipes of its own, never our stdio.
type Command struct {
	Path    string // absolute; on Unix, it is trusted as safefile.CheckProgram does
	Args    []string
	Environ []string // KEY=value; nil for our own
	Stdin   io.Reader
	Timeout time.Duration
}

// Output returns what the program writes to stdout; stderr is dropped. It returns when the
// program has ended or was ended with all processes that it started: at the end of Timeout or
// of ctx, or for an answer of more than 1 MiB. The error holds nothing of the output. It is an
// *exec.ExitError for a program that failed by itself, whose output is returned all the same.
func (c Command) Output(ctx context.Context) ([]byte, error) {
	if err := checkProgram(c.Path); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	stdout := &boundedBuffer{overflow: cancel}
	cmd := exec.CommandContext(limited, c.Path, c.Args...)
	cmd.Env = c.Environ
	cmd.Stdin = c.Stdin
	cmd.Stdout = stdout
	cmd.WaitDelay = pipeDelay

	end, err := startTree(cmd)
	if err == nil {
		err = cmd.Wait()
		end()
	}
	switch {
	case stdout.full:
		return nil, errors.New("its answer is longer than 1 MiB")
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		// ErrWaitDelay: it succeeded and left a process behind that held its stdout open.
		return stdout.data.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("no answer within %s", c.Timeout)
	}
	return stdout.data.Bytes(), err
}

// A boundedBuffer keeps what is written to it, up to maxAnswer bytes, and then calls overflow.
type boundedBuffer struct {
	data     bytes.Buffer
	full     bool
	overflow func()
}

func (b *boundedBuffer) Write(data []byte) (int, error) {
	if b.data.Len()+len(data) > maxAnswer {
		b.full = true
		b.overflow()
		return 0, io.ErrShortWrite
	}
	return b.data.Write(data)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/term"
)

// AskPassword writes a prompt to out and reads a line from the terminal fd, without echo. The end of
// ctx ends that as well. The terminal is left as it was.
func AskPassword(ctx context.Context, fd int, out io.Writer, prompt string) ([]byte, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	// Before the prompt: what is typed as soon as it is seen must not be shown.
	if err := hideTyping(fd); err != nil {
		return nil, err
	}
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	fmt.Fprint(out, prompt)
	go func() {
		line, err := term.ReadPassword(fd)
		done <- result{line, err}
	}()
	defer fmt.Fprintln(out) // the user's own line end was not shown
	select {
	case r := <-done:
		return r.line, errors.Join(r.err, term.Restore(fd, before))
	case <-ctx.Done():
		return nil, errors.Join(errors.New("stopped by a signal"), term.Restore(fd, before))
	}
}

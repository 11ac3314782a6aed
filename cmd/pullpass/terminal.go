package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/term"
)

// askPassword asks for a line on the terminal fd, without echo. A signal ends that, and gives
// the terminal back as it was.
func askPassword(ctx context.Context, fd int, out io.Writer, prompt string) ([]byte, error) {
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

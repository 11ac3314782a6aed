package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/term"

	"github.com/pullpass/pullpass/provider/await"
)

// AskPassword writes a prompt to out and reads a line from the terminal fd, without echo. It stops at the
// end of ctx. The terminal gets its former state back.
func AskPassword(ctx context.Context, fd int, out io.Writer, prompt string) ([]byte, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	// Before the prompt: the user may type as soon as it appears.
	if err := hideTyping(fd); err != nil {
		return nil, err
	}
	fmt.Fprint(out, prompt)
	defer fmt.Fprintln(out) // the user's own line end was not shown
	line, err := await.Result(ctx, func() ([]byte, error) { return term.ReadPassword(fd) }, nil)
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped by a signal")
	}
	return line, errors.Join(err, term.Restore(fd, before))
}

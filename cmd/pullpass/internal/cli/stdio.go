// Package cli has what all commands need at a shell: stdio and the terminal, exit codes, the version, and
// the ways to write a time.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pullpass/pullpass/provider/await"
	"github.com/pullpass/pullpass/provider/scrub"
)

// StdinName is the name of a file argument that means stdin.
const StdinName = "-"

// maxInput is the limit of an input in bytes. All Secrets of a cluster can be some MiB.
const maxInput = 16 << 20

// A Stdio is the stdio of a process.
type Stdio struct {
	In io.Reader
	// Answer is stdout, for credentials and for what has to stay as it is. Only the files that cmd's TestAnswer
	// lists write to it.
	Answer io.Writer
	// Out is stdout for all else. It and WriteJSON hide the secrets that scrubber knows.
	Out      io.Writer
	scrubber *scrub.Scrubber
	Terminal bool // In is a terminal
	Shown    bool // Answer is a terminal
	// AskPassword shows a prompt and reads a line without echo. It needs Terminal.
	AskPassword func(ctx context.Context, prompt string) ([]byte, error)
}

// ScrubOut sets up Out and WriteJSON, which write to Answer. At the end, flush writes what is left of a line that
// did not end.
func (s *Stdio) ScrubOut(scrubber *scrub.Scrubber) (flush func() error) {
	out := &scrub.Writer{Scrubber: scrubber, Out: s.Answer}
	s.Out, s.scrubber = out, scrubber
	return out.Flush
}

// WriteJSON writes a JSON document to stdout. In its strings, secrets are REDACTED; the rest stays, so that
// a secret with an ordinary name cannot break the document. ScrubOut comes first.
func (s *Stdio) WriteJSON(document string) error {
	_, err := io.WriteString(s.Answer, s.scrubber.JSON(document))
	return err
}

// ReadInput returns the content of a file, or of stdin for StdinName. It is an error if that is larger
// than 16 MiB, or if ctx ends first. The error names the input.
func (s *Stdio) ReadInput(ctx context.Context, name string) ([]byte, error) {
	// Nobody may ever write to a pipe.
	data, err := await.Result(ctx, func() ([]byte, error) { return s.readWhole(name) }, nil)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("read %s: stopped by a signal", InputName(name))
	}
	return data, err
}

func (s *Stdio) readWhole(name string) ([]byte, error) {
	if name == StdinName {
		return readLimited(s.In, InputName(name))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, name)
}

func readLimited(in io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case len(data) > maxInput:
		return nil, fmt.Errorf("read %s: it is larger than %d MiB", name, maxInput>>20)
	}
	return data, nil
}

// InputName returns what messages call the input with a name.
func InputName(name string) string {
	if name == StdinName {
		return "stdin"
	}
	return name
}

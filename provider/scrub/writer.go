package scrub

import (
	"bytes"
	"io"
)

// A Writer scrubs what is written through it, whole lines at a time: a text that comes in pieces is one
// to it. It is not safe for use by several goroutines.
type Writer struct {
	Scrubber *Scrubber
	Out      io.Writer
	rest     []byte // of the last line, which has not ended
}

// Write writes the lines that have ended. The error is that of Out.
func (w *Writer) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if end == 0 {
		return len(data), nil
	}
	lines := string(w.rest[:end])
	w.rest = w.rest[end:]
	if _, err := io.WriteString(w.Out, w.Scrubber.Scrub(lines)); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Flush writes the rest, a line that has not ended. The error is that of Out.
func (w *Writer) Flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	_, err := io.WriteString(w.Out, w.Scrubber.Scrub(string(w.rest)))
	w.rest = nil
	return err
}

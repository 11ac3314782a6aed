package provider

import "errors"

// WithHint adds to err what its reader can do about it.
func WithHint(err error, hint string) error { return &hinted{err, hint} }

// Hint returns the hint of err, or "".
func Hint(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

//go:build !linux

package cli

// hideTyping leaves it to term.ReadPassword to end the echo, an instant after the prompt.
func hideTyping(int) error { return nil }

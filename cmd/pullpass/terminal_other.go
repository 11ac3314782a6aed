//go:build !linux

package main

// hideTyping leaves it to term.ReadPassword to end the echo, an instant after the prompt.
func hideTyping(int) error { return nil }

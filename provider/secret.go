package provider

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "REDACTED"

// A Secret is a password or a token. It prints as REDACTED through fmt, log/slog and
// encoding/json; only Reveal gives the value. The zero Secret is the empty string.
type Secret struct {
	// A pointer, since fmt prints a struct's unexported fields without asking their methods:
	// of a Secret in such a field it can show an address, never the value.
	value *string
}

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the secret itself, for the answer to whoever asked for it and nothing else.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether the secret is the empty string.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb or flag shows the value.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which JSON, XML and YAML encoders ask.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler, so that a secret can be decoded without
// being a string in between.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

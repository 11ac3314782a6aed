// Package scrub takes the secrets of a process out of the texts that leave it. Nobody needs to know how a
// secret got into a text: servers repeat what they were sent, and libraries quote what they read.
package scrub

import (
	"errors"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/provider"
)

// redacted replaces a secret.
const redacted = "REDACTED"

// A Scrubber knows the secrets of a process, and replaces them in texts. The zero Scrubber knows none. It
// is safe for use by several goroutines. Until the first text comes, a secret costs no more than its place
// in a list: an answer from the cache pays for nothing else.
//
// A text loses each secret as it is, and in the forms in which it travels: in base64, at any place in a
// longer text and in both alphabets; in hexadecimal; escaped as in URLs, JSON, Go and XML. Texts are cut
// off, so parts of secrets count as well: 12 bytes of any form are taken for a part. Those are 72 bits of a
// random token, which few texts have by chance; a shorter part says little about a token. Where a part is
// found, the whole word around it is replaced.
//
// A secret of fewer than 12 bytes is replaced as a whole. If it has only letters, or only digits, it must
// also stand as a word of its own: the password "admin" does not change "administrator". One of fewer than
// 4 bytes is in most texts by chance, and is not replaced.
type Scrubber struct {
	mu      sync.Mutex
	secrets []string
	later   []func() []string
	known   int     // how many of secrets are in tables
	tables  *tables // nil for none
}

// Hide adds secrets. Space around them does not count. Of a JSON object, such as a key file, the values of
// its fields are secrets, except those that are public in the files of Google's.
func (s *Scrubber) Hide(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = append(s.secrets, secrets...)
}

// HideLater adds the secrets that find returns. It is called when they are needed first.
func (s *Scrubber) HideLater(find func() []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = append(s.later, find)
}

// Scrub returns text with REDACTED in place of all secrets.
func (s *Scrubber) Scrub(text string) string {
	if t := s.current(); t != nil && text != "" {
		return t.scrub(text)
	}
	return text
}

// current returns the tables of all secrets so far.
func (s *Scrubber) current() *tables {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.later) > 0 {
		s.secrets = append(s.secrets, s.later[0]()...)
		s.later = s.later[1:]
	}
	if s.known < len(s.secrets) {
		s.tables, s.known = newTables(s.secrets), len(s.secrets)
	}
	return s.tables
}

// Error returns err with the text and the hint that Scrub leaves. Other errors in it are found by errors.Is
// and errors.As as before; of a *provider.NoCredentialError, the reason is scrubbed.
func (s *Scrubber) Error(err error) error {
	if err == nil {
		return nil
	}
	text, hint := s.Scrub(err.Error()), s.Scrub(provider.Hint(err))
	if text == err.Error() && hint == provider.Hint(err) {
		return err
	}
	clean := &scrubbed{text: text, cause: err}
	if none, ok := errors.AsType[*provider.NoCredentialError](err); ok {
		clean.none = &provider.NoCredentialError{Reason: s.Scrub(none.Reason), RepositoryOnly: none.RepositoryOnly}
	}
	if hint != "" {
		return provider.WithHint(clean, hint)
	}
	return clean
}

// A scrubbed error is one whose text had a secret.
type scrubbed struct {
	text  string
	none  *provider.NoCredentialError // nil if the cause is none
	cause error
}

func (e *scrubbed) Error() string { return e.text }

func (e *scrubbed) Unwrap() error { return e.cause }

// As gives the scrubbed error in place of the cause's.
func (e *scrubbed) As(target any) bool {
	if none, ok := target.(**provider.NoCredentialError); ok && e.none != nil {
		*none = e.none
		return true
	}
	return false
}

// JSON is Scrub for the strings in a JSON document. It leaves the names of members, and what is no string.
func (s *Scrubber) JSON(document string) string {
	if s.current() == nil {
		return document
	}
	var out strings.Builder
	for {
		start := strings.IndexByte(document, '"')
		if start < 0 {
			break
		}
		end := start + literalLength(document[start:])
		out.WriteString(document[:start])
		literal := document[start:end]
		document = document[end:]
		if !strings.HasPrefix(strings.TrimLeft(document, " \t\r\n"), ":") {
			literal = s.literal(literal)
		}
		out.WriteString(literal)
	}
	return out.String() + document
}

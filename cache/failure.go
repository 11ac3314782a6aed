package cache

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const (
	// A failure is kept for this long, and twice as long for each further one, up to the limit. It is
	// long enough for a burst of requests and for the kubelet's polling, and short enough for
	// somebody who has just fixed the cause.
	firstFailure = 5 * time.Second
	maxFailure   = time.Minute
	// forgetFailure is how long after Until a failure still counts as one in a row.
	forgetFailure = 5 * time.Minute
	maxText       = 2000 // bytes
)

// A Failure is a fetch that got no credential.
type Failure struct {
	Text           string    `json:"text"` // one line, no secret
	Hint           string    `json:"hint,omitempty"`
	None           bool      `json:"none,omitempty"`           // it is a provider.NoCredentialError
	RepositoryOnly bool      `json:"repositoryOnly,omitempty"` // as that one says
	Count          int       `json:"count"`                    // of failures in a row
	At             time.Time `json:"at"`
	Until          time.Time `json:"until"` // when the next try may be
}

// next returns the failure that follows f, which may be nil for none.
func (f *Failure) next(err error, now time.Time) *Failure {
	count := 1
	if !f.isForgotten(now) {
		count = f.Count + 1
	}
	doublings := uint(count - 1) // huge if the count of a broken entry is negative
	pause := min(firstFailure<<min(doublings, 4), maxFailure)
	text, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	none, isNone := errors.AsType[*provider.NoCredentialError](err)
	return &Failure{
		Text:           text,
		Hint:           provider.Hint(err),
		None:           isNone,
		RepositoryOnly: isNone && none.RepositoryOnly,
		Count:          count,
		At:             now.UTC(),
		Until:          now.Add(pause).UTC(),
	}
}

// holds reports whether the failure is returned instead of a new try.
func (f *Failure) holds(now time.Time) bool {
	return f != nil && !f.At.After(now) && now.Before(f.Until) && now.Sub(f.At) <= maxFailure
}

// isSame reports whether the two, which may be nil, are of the same try.
func (f *Failure) isSame(other *Failure) bool {
	if f == nil || other == nil {
		return f == other
	}
	return f.At.Equal(other.At)
}

func (f *Failure) isForgotten(now time.Time) bool {
	return f == nil || f.At.After(now) || now.After(f.Until.Add(forgetFailure))
}

// err returns the failure as an error like the original one, with its age.
func (f *Failure) err(now time.Time) error {
	remembered := &rememberedError{
		text: fmt.Sprintf("%s (%v ago, next try in %v)", f.Text, seconds(now.Sub(f.At)), seconds(f.Until.Sub(now))),
	}
	if f.None {
		remembered.kind = &provider.NoCredentialError{
			Reason:         strings.TrimPrefix(f.Text, provider.ErrNone.Error()+": "),
			RepositoryOnly: f.RepositoryOnly,
		}
	}
	if f.Hint != "" {
		return provider.WithHint(remembered, f.Hint)
	}
	return remembered
}

func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }

// A rememberedError is an error that an earlier fetch got.
type rememberedError struct {
	text string
	kind error // what errors.Is and errors.As find, nil for nothing
}

func (e *rememberedError) Error() string { return e.text }

func (e *rememberedError) Unwrap() error { return e.kind }

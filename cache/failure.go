package cache

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
)

const (
	// A failure is kept for this long, and twice as long for each further one up to the limit:
	// long enough for those that wait in a burst and for the kubelet's polling, short enough
	// for who has just mended it.
	firstFailure = 5 * time.Second
	maxFailure   = time.Minute
	// forgetFailure is how long after its end a failure still counts as the one before.
	forgetFailure = 5 * time.Minute
	maxText       = 2000 // bytes
)

// A Failure is a fetch that got no credential.
type Failure struct {
	Text           string    `json:"text"` // one line, no secret
	Hint           string    `json:"hint,omitempty"`
	None           bool      `json:"none,omitempty"`           // it is provider.ErrNone
	RepositoryOnly bool      `json:"repositoryOnly,omitempty"` // and of the repository alone
	Count          int       `json:"count"`                    // of failures in a row
	At             time.Time `json:"at"`
	Until          time.Time `json:"until"` // nobody tries again before
}

// next returns the failure that follows f, which may be nil for none.
func (f *Failure) next(repositoryOnly bool, err error, now time.Time) *Failure {
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
	return &Failure{
		Text:           text,
		Hint:           provider.Hint(err),
		None:           errors.Is(err, provider.ErrNone),
		RepositoryOnly: repositoryOnly,
		Count:          count,
		At:             now.UTC(),
		Until:          now.Add(pause).UTC(),
	}
}

// holds reports whether the failure answers for a new try.
func (f *Failure) holds(now time.Time) bool {
	return f != nil && !f.At.After(now) && now.Before(f.Until)
}

func (f *Failure) isForgotten(now time.Time) bool {
	return f == nil || f.At.After(now) || now.After(f.Until.Add(forgetFailure))
}

// err returns the failure as the error that it was, with its age.
func (f *Failure) err(now time.Time) error {
	err := error(&rememberedError{
		text: fmt.Sprintf("%s (%v ago, next try in %v)", f.Text, seconds(now.Sub(f.At)), seconds(f.Until.Sub(now))),
		none: f.None,
	})
	if f.Hint != "" {
		err = provider.WithHint(err, f.Hint)
	}
	return err
}

func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }

type rememberedError struct {
	text string
	none bool
}

func (e *rememberedError) Error() string { return e.text }

func (e *rememberedError) Is(target error) bool { return e.none && target == provider.ErrNone }

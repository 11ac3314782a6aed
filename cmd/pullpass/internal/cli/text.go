package cli

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// Duration returns a duration, which must not be negative, in at most two units: 45s, 3m, 11h58m, 2d3h.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < day:
		return twoUnits(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	}
	return twoUnits(d/day, "d", d%day/time.Hour, "h")
}

func twoUnits(large time.Duration, largeUnit string, small time.Duration, smallUnit string) string {
	text := fmt.Sprintf("%d%s", large, largeUnit)
	if small > 0 {
		text += fmt.Sprintf("%d%s", small, smallUnit)
	}
	return text
}

// Expiry returns the time at which a credential expires, in RFC 3339 and UTC, or "it is revoked". It follows
// "good until".
func Expiry(credential provider.Credential) string {
	if credential.Expires.IsZero() {
		return "it is revoked"
	}
	return credential.Expires.UTC().Format(time.RFC3339)
}

// TextOrDash returns the text of a table's cell: a dash if it is empty.
func TextOrDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

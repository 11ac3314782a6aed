package pullsecret

import (
	"maps"
	"slices"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// rotate is the hint for what has expired.
const rotate = "write the Secret anew, and see why its rotation did not"

// checkTokens returns the tokens that have expired, as far as a token itself states when.
func checkTokens(content []byte, legacy bool, now time.Time) []report.Finding {
	var findings []report.Finding
	expiries := dockerconfig.Expiries(content, legacy)
	for _, key := range slices.Sorted(maps.Keys(expiries)) {
		if expires := expiries[key]; !now.Before(expires) {
			findings = append(findings, report.Finding{Place: entryPlace(key), Text: "the token expired " + ago(expires, now), Fix: rotate})
		}
	}
	return findings
}

// checkTimes checks the annotations that pullpass writes.
func (s Secret) checkTimes(now time.Time) []report.Finding {
	var findings []report.Finding
	past := map[string]time.Time{}
	for _, key := range []string{ExpiresAt, RefreshAfter} {
		text, ok := s.annotations[key]
		if !ok {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			findings = append(findings, report.Finding{Text: "annotation " + key + " is not a time of RFC 3339", Fix: "such as 2026-10-05T12:00:00Z"})
		} else if !now.Before(t) {
			past[key] = t
		}
	}
	expired, isExpired := past[ExpiresAt]
	due, isDue := past[RefreshAfter]
	switch {
	case isExpired:
		findings = append(findings, report.Finding{Text: "it expired " + ago(expired, now) + ", says annotation " + ExpiresAt, Fix: rotate})
	case isDue:
		findings = append(findings, report.Finding{Severity: report.Note,
			Text: "it should have been written anew " + ago(due, now) + ", says annotation " + RefreshAfter, Fix: "see why its rotation did not run"})
	}
	return findings
}

// Expired returns since when the credential of an entry has expired, such as "expired 2h0m0s ago", or "" if it has
// not as far as is known. Without an expiry in the token itself, the annotation tells: it is that of the first token
// in the Secret to expire.
func (s Secret) Expired(entry dockerconfig.KubeletEntry, now time.Time) string {
	key := s.key()
	content, err := s.content(key)
	if err != nil {
		return ""
	}
	expires, known := dockerconfig.Expiries(content, key == keyDockercfg)[entry.Key]
	if !known {
		if expires, err = time.Parse(time.RFC3339, s.annotations[ExpiresAt]); err != nil {
			return ""
		}
	}
	switch {
	case now.Before(expires):
		return ""
	case known || len(s.Logins()) == 1:
		return "expired " + ago(expires, now)
	}
	return "may have expired: a token of this Secret did " + ago(expires, now)
}

func ago(t, now time.Time) string {
	return now.Sub(t).Truncate(time.Second).String() + " ago"
}

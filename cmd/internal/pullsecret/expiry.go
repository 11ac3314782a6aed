package pullsecret

import (
	"maps"
	"slices"
	"time"

	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// rotate is the hint for what has expired.
const rotate = "write the Secret anew, and see why its rotation did not"

// checkTokens finds tokens that have expired, of those that tell it themselves.
func checkTokens(content []byte, legacy bool, now time.Time) []dockerconfig.Fault {
	var faults []dockerconfig.Fault
	expiries := dockerconfig.Expiries(content, legacy)
	for _, key := range slices.Sorted(maps.Keys(expiries)) {
		if expires := expiries[key]; !now.Before(expires) {
			faults = append(faults, dockerconfig.Fault{Key: key, Text: "the token expired " + ago(expires, now), Hint: rotate})
		}
	}
	return faults
}

// checkTimes looks at the annotations that pullpass writes.
func (f Found) checkTimes(now time.Time) []dockerconfig.Fault {
	var faults []dockerconfig.Fault
	past := map[string]time.Time{}
	for _, key := range []string{ExpiresAt, RefreshAfter} {
		text, ok := f.annotations[key]
		if !ok {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			faults = append(faults, dockerconfig.Fault{Text: "annotation " + key + " is not a time of RFC 3339", Hint: "such as 2026-10-05T12:00:00Z"})
		} else if !now.Before(t) {
			past[key] = t
		}
	}
	expired, isExpired := past[ExpiresAt]
	due, isDue := past[RefreshAfter]
	switch {
	case isExpired:
		faults = append(faults, dockerconfig.Fault{Text: "it expired " + ago(expired, now) + ", says annotation " + ExpiresAt, Hint: rotate})
	case isDue:
		faults = append(faults, dockerconfig.Fault{Note: true,
			Text: "it should have been written anew " + ago(due, now) + ", says annotation " + RefreshAfter, Hint: "see why its rotation did not run"})
	}
	return faults
}

func ago(t, now time.Time) string {
	return now.Sub(t).Truncate(time.Second).String() + " ago"
}

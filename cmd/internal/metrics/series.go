package metrics

import (
	"math"
	"time"
)

// The names of the samples.
const (
	fetchesTotal  = "pullpass_fetches_total"
	durationSum   = "pullpass_fetch_duration_seconds_sum"
	durationCount = "pullpass_fetch_duration_seconds_count"
	lastSuccess   = "pullpass_last_success_timestamp_seconds"
	expiry        = "pullpass_credential_expiry_timestamp_seconds"
)

// forgetAfter is how long a scope is kept after its credential has expired. If its credentials have no
// expiry, the time starts when it got the last one.
const forgetAfter = 24 * time.Hour

// A key identifies a sample.
type key struct {
	name     string
	provider string
	other    string // result or scope; "" for the names that have neither
}

// series are the samples of a file.
type series map[key]float64

func (s series) add(f Fetch) {
	for _, result := range []string{Success, None, Failure} {
		s[key{fetchesTotal, f.Provider, result}] += 0 // there from the start, for the sake of rate()
	}
	s[key{fetchesTotal, f.Provider, f.Result}]++
	s[key{durationCount, f.Provider, ""}]++
	sum := key{durationSum, f.Provider, ""}
	s[sum] = math.Round((s[sum]+f.Took.Seconds())*1e6) / 1e6 // without the noise of a sum of floats
	if f.Result != Success {
		return
	}
	s[key{lastSuccess, f.Provider, f.Scope}] = float64(f.At.Unix())
	if f.Expires.IsZero() {
		delete(s, key{expiry, f.Provider, f.Scope})
	} else {
		s[key{expiry, f.Provider, f.Scope}] = float64(f.Expires.Unix())
	}
}

// forget drops the scopes that are no longer in use, so that the file does not grow.
func (s series) forget(now time.Time) {
	limit := float64(now.Add(-forgetAfter).Unix())
	for k := range s {
		if k.name != lastSuccess && k.name != expiry {
			continue
		}
		success, expires := key{lastSuccess, k.provider, k.other}, key{expiry, k.provider, k.other}
		end, hasExpiry := s[expires]
		if !hasExpiry {
			end = s[success]
		}
		if end < limit {
			delete(s, success)
			delete(s, expires)
		}
	}
}

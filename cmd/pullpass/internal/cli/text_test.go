package cli

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0:                               "0s",
		59*time.Second + 999_999_999:    "59s",
		time.Minute:                     "1m",
		59*time.Minute + 59*time.Second: "59m",
		time.Hour:                       "1h",
		11*time.Hour + 58*time.Minute + time.Second: "11h58m",
		24 * time.Hour:                "1d",
		47*time.Hour + 59*time.Minute: "1d23h",
		1000 * time.Hour:              "41d16h",
	} {
		if got := Duration(duration); got != want {
			t.Errorf("%v is %s, want %s", duration, got, want)
		}
	}
}

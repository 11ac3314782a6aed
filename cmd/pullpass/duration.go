package main

import (
	"fmt"
	"time"
)

// people writes a duration of at least 0 for people, in at most two units: 45s, 3m, 11h58m,
// 2d3h.
func people(d time.Duration) string {
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

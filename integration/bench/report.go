package main

import (
	"fmt"
	"math"
)

// A report is all that came out of a run. A part that was left out is empty.
type report struct {
	machine  machine
	programs []program
	options  options
	inMemory bool  // whether the caches were on a tmpfs
	floor    int64 // bytes; less peak memory than this cannot be seen

	singles []series // one request at a time
	slow    []series // the same with slowDelay
	cold    []series // the same with a cold page cache
	evicted evicted
	bursts  []burst
	outage  []series // a burst while ECR is out of order
}

// find returns the series of that name. One that is not there has no runs, and its figures
// are NaN.
func find(all []series, name string) series {
	for _, s := range all {
		if s.name == name {
			return s
		}
	}
	return series{name: name}
}

// subject is the name of the pullpass that the bounds and the picture are about.
func (r report) subject() string { return r.options.pullpass[0].name }

// burstAt returns the series of the bursts with that delay in milliseconds.
func (r report) burstAt(delay int64) []series {
	for _, b := range r.bursts {
		if b.delay.Milliseconds() == delay {
			return b.series
		}
	}
	return nil
}

// milliseconds writes a time with the digits that mean something.
func milliseconds(ms float64) string {
	switch {
	case math.IsNaN(ms):
		return "–"
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

// ratio writes how often b is in a.
func ratio(a, b float64) string {
	if q := a / b; !math.IsNaN(q) && !math.IsInf(q, 0) {
		return fmt.Sprintf("%.2f×", q)
	}
	return "–"
}

// number writes a figure that is whole in most cases.
func number(n float64) string {
	if n == math.Trunc(n) {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.1f", n)
}

// mebibytes writes an amount of memory.
func mebibytes(n float64) string {
	if math.IsNaN(n) {
		return "–"
	}
	return fmt.Sprintf("%.1f", n)
}

// whole writes a figure whose fraction means nothing.
func whole(n float64) string { return fmt.Sprintf("%.0f", n) }

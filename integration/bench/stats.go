package main

import (
	"math"
	"slices"
)

// A summary describes values by their order, which a few disturbed runs do not change much.
type summary struct {
	Low, Median, High float64 // the 10th, 50th and 90th percentile
	Max               float64
}

func summarise(values []float64) summary {
	sorted := slices.Sorted(slices.Values(values))
	return summary{
		Low:    quantile(sorted, 0.1),
		Median: quantile(sorted, 0.5),
		High:   quantile(sorted, 0.9),
		Max:    quantile(sorted, 1),
	}
}

// quantile returns the value below which a share q of the sorted values lies, between two
// neighbours in proportion. Of no values it is NaN.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

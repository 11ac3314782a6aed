package main

import (
	"math"
	"testing"
)

func TestSummarise(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   summary
	}{
		"one":      {[]float64{7}, summary{7, 7, 7, 7}},
		"two":      {[]float64{3, 1}, summary{1.2, 2, 2.8, 3}},
		"unsorted": {[]float64{5, 1, 4, 2, 3}, summary{1.4, 3, 4.6, 5}},
		"outlier":  {[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1000}, summary{1, 1, 1, 1000}},
	} {
		got := summarise(c.values)
		for _, pair := range [][2]float64{{got.Low, c.want.Low}, {got.Median, c.want.Median}, {got.High, c.want.High}, {got.Max, c.want.Max}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Errorf("%s: got %+v, want %+v", name, got, c.want)
				break
			}
		}
	}
	values := []float64{2, 1}
	if summarise(values); values[0] != 2 {
		t.Error("the values were sorted in place")
	}
	if none := summarise(nil); !math.IsNaN(none.Median) || !math.IsNaN(none.Max) {
		t.Errorf("of nothing: got %+v", none)
	}
}

package main

import (
	"fmt"
	"math"
)

// A bound is a figure that pullpass must not exceed.
type bound struct {
	what            string
	measured, limit float64 // measured is NaN if it was not
	unit            string
}

func (b bound) known() bool { return !math.IsNaN(b.measured) }
func (b bound) met() bool   { return b.measured <= b.limit }

// verdict is what the report says of the bound.
func (b bound) verdict() string {
	switch {
	case !b.known():
		return "not measured"
	case b.met():
		return "met"
	}
	return "**not met**"
}

func (b bound) value(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case b.unit == "":
		return number(v)
	}
	return fmt.Sprintf("%.2f%s", v, b.unit)
}

// bounds are those that the project has set itself, each with what was measured.
func (r report) bounds() []bound {
	hitRun, missRun := find(r.singles, r.subject()+hit), find(r.singles, r.subject()+miss)
	hello, configRun := find(r.singles, helloName), find(r.singles, r.subject()+configured)
	provider := find(r.singles, providerName)
	helper := min(find(r.singles, helperKeysName).of(wall).Median, find(r.singles, helperRoleName).of(wall).Median)
	slow := r.burstAt(slowDelay.Milliseconds())
	cold, warm, theirs := find(slow, r.subject()+miss), find(slow, r.subject()+hit), find(slow, providerName)
	outage := find(r.outage, r.subject()+miss)
	return []bound{
		{"A hit: wall time, to the hello world", hitRun.of(wall).Median / hello.of(wall).Median, 1.9, "×"},
		{"A hit with --config: wall time, to the hello world", configRun.of(wall).Median / hello.of(wall).Median, 1.9, "×"},
		{"A hit: wall time, to ecr-credential-provider's request", hitRun.of(wall).Median / provider.of(wall).Median, 0.5, "×"},
		{"A hit: wall time, to the faster of ecr-login's hits", hitRun.of(wall).Median / helper, 1.2, "×"},
		{"A hit: peak memory as linked, the largest of all runs", find(r.singles, r.subject()+hit+linked).of(peak).Max, 8.5, " MiB"},
		{"A miss: peak memory, the largest of all runs", missRun.of(peak).Max, 12, " MiB"},
		{"Burst at 50 ms, empty cache: wall time, to ecr-credential-provider's", cold.of(wall).Median / theirs.of(wall).Median, 0.5, "×"},
		{"Burst at 50 ms, empty cache: CPU time, to ecr-credential-provider's", cold.of(cpu).Median / theirs.of(cpu).Median, 0.5, "×"},
		{"Burst at 50 ms, empty cache: calls of ECR, the most", cold.of(ecrCalls).Max, 1, ""},
		{"Burst at 50 ms, empty cache: calls of the metadata service, the most", cold.of(imdsCalls).Max, 3, ""},
		{"Burst at 50 ms, warm cache: calls of anything, the most", warm.of(ecrCalls).Max + warm.of(imdsCalls).Max, 0, ""},
		{"Burst while ECR fails: wall time, the longest", outage.of(wall).Max / 1000, 2, " s"},
		{"Burst while ECR fails: calls of ECR, the most", outage.of(ecrCalls).Max, 3, ""},
	}
}

// missed counts the bounds that were measured and not met.
func (r report) missed() int {
	n := 0
	for _, b := range r.bounds() {
		if b.known() && !b.met() {
			n++
		}
	}
	return n
}

//go:build !race

package pullpass

// RaceEnabled tells that the tests run with the race detector.
const RaceEnabled = false

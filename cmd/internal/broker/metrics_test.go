package broker

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/internal/metrics"
	"github.com/pullpass/pullpass/provider"
)

// TestFetchLog: what has not ended when the log is taken has failed, and its end comes too late.
func TestFetchLog(t *testing.T) {
	var log fetchLog
	start := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	scope := provider.NewScope("provider", "ecr", "region", "eu-central-1")
	credential := provider.Credential{Username: "AWS", Expires: at(1000)}

	stuck := log.begin(scope, at(0))
	good := log.begin(scope, at(1))
	log.end(good, credential, nil, at(3))
	log.end(log.begin(scope, at(4)), provider.Credential{}, &provider.NoCredentialError{Reason: "nothing"}, at(5))
	log.end(log.begin(scope, at(6)), provider.Credential{}, errors.New("no"), at(6))
	taken := log.take(at(7))
	log.end(stuck, credential, nil, at(8))

	const id = "90c01adc28b5"
	want := []metrics.Fetch{
		{Provider: "ecr", Scope: id, Result: metrics.Failure, Took: 7 * time.Second, At: at(7)},
		{Provider: "ecr", Scope: id, Result: metrics.Success, Took: 2 * time.Second, At: at(3), Expires: at(1000)},
		{Provider: "ecr", Scope: id, Result: metrics.None, Took: time.Second, At: at(5)},
		{Provider: "ecr", Scope: id, Result: metrics.Failure, Took: 0, At: at(6)},
	}
	if fmt.Sprint(taken) != fmt.Sprint(want) {
		t.Errorf("it took\n%v, want\n%v", taken, want)
	}
	if again := log.take(at(9)); len(again) > 0 {
		t.Errorf("it took again %v", again)
	}
}

// TestMetricsLocked: nobody waits for the metrics.
func TestMetricsLocked(t *testing.T) {
	directory := t.TempDir()
	lock, err := filelock.Try(filepath.Join(directory, ".pullpass.prom.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	synctest.Test(t, func(t *testing.T) { // its clock stands still unless someone waits
		var stderr bytes.Buffer
		b := &Broker{Env: &env.Env{Now: time.Now, Log: &env.Log{Out: &stderr}}}
		b.Config.MetricsFile = filepath.Join(directory, "pullpass.prom")
		b.fetches.begin(provider.NewScope("provider", "ecr"), b.Now())
		started := time.Now()
		b.WriteMetrics(t.Context())
		if took := time.Since(started); took != 0 || stderr.Len() > 0 {
			t.Errorf("it took %v, stderr %q", took, &stderr)
		}
	})
	if left, err := filepath.Glob(filepath.Join(directory, ".pullpass.prom.*.fetch")); len(left) != 1 {
		t.Errorf("left for the holder: %q, %v", left, err)
	}
}

// TestMetricsOnAHungFileSystem: the process does not wait for one that does not answer. The clock stands
// for it, which is asked between the steps.
func TestMetricsOnAHungFileSystem(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		hung := make(chan struct{})
		defer close(hung)
		calls := 0
		now := func() time.Time {
			if calls++; calls > 2 {
				<-hung
			}
			return time.Now()
		}
		b := &Broker{Env: &env.Env{Now: now, Log: &env.Log{Out: &stderr}}}
		b.Config.MetricsFile = filepath.Join(directory, "pullpass.prom")
		b.fetches.begin(provider.NewScope("provider", "ecr"), b.Now())
		started := time.Now()
		b.WriteMetrics(t.Context())
		if took := time.Since(started); took != metricsLimit || !strings.Contains(stderr.String(), "the file system does not answer in time") {
			t.Errorf("it took %v, stderr %q", took, &stderr)
		}
	})
}

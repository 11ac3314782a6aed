package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
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
	log.end(log.begin(scope, at(4)), provider.Credential{}, fmt.Errorf("%w: nothing", provider.ErrNone), at(5))
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

// TestMetricsOfTheGivenUp: a fetch that takes all the time is a failure in the metrics, and
// what the metrics take comes after that.
func TestMetricsOfTheGivenUp(t *testing.T) {
	args := emptyConfig(t)
	textfile := filepath.Join(t.TempDir(), "pullpass.prom")
	config := "apiVersion: pullpass/v1\nkind: Config\nmetrics: {textfile: " + textfile + "}\n"
	if err := os.WriteFile(args[1], []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p, _, stderr, release := stuck(t)
		p.Args = args
		if code := run(t.Context(), p); code != exitFailed || stderr.String() != "pullpass: error: get the credential: no result in time\n" {
			t.Errorf("exit code %d, stderr %q", code, stderr)
		}
		release()
		synctest.Wait()
	})
	data, err := os.ReadFile(textfile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`pullpass_fetches_total{provider="ecr",result="failure"} 1`, `pullpass_fetch_duration_seconds_sum{provider="ecr"} 45`} {
		if !strings.Contains(string(data), line+"\n") {
			t.Errorf("no line %s in\n%s", line, data)
		}
	}
}

// TestMetricsLocked: nobody waits for the metrics.
func TestMetricsLocked(t *testing.T) {
	folder := t.TempDir()
	unlock, err := filelock.Try(filepath.Join(folder, ".pullpass.prom.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	synctest.Test(t, func(t *testing.T) { // its clock stands still unless someone waits
		var stderr bytes.Buffer
		n := &node{process: &process{Now: time.Now}, messages: &messages{out: &stderr}}
		n.config.MetricsFile = filepath.Join(folder, "pullpass.prom")
		n.fetches.begin(provider.NewScope("provider", "ecr"), n.Now())
		started := time.Now()
		n.writeMetrics(t.Context())
		if took := time.Since(started); took != 0 || stderr.Len() > 0 {
			t.Errorf("it took %v, stderr %q", took, &stderr)
		}
	})
	if left, err := filepath.Glob(filepath.Join(folder, ".pullpass.prom.*.fetch")); len(left) != 1 {
		t.Errorf("left for the holder: %q, %v", left, err)
	}
}

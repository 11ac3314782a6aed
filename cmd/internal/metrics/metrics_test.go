package metrics

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

var start = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// textfile returns a file whose clock stands at *now, and what it warns of.
func textfile(t *testing.T, now *time.Time) (file Textfile, warnings *[]string) {
	warnings = new([]string)
	return Textfile{
		Path: filepath.Join(t.TempDir(), "pullpass.prom"),
		Now:  func() time.Time { return *now },
		Warn: func(text string) { *warnings = append(*warnings, text) },
	}, warnings
}

func add(t *testing.T, file Textfile, fetches ...Fetch) {
	t.Helper()
	if err := file.Add(t.Context(), fetches...); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, file Textfile) string {
	t.Helper()
	data, err := os.ReadFile(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAdd(t *testing.T) {
	now := start
	file, warnings := textfile(t, &now)
	add(t, file, Fetch{Provider: "ecr", Scope: "0123456789ab", Result: Success, Took: 1234567891 * time.Nanosecond, At: now, Expires: now.Add(12 * time.Hour)})
	add(t, file, Fetch{Provider: "ecr", Scope: "0123456789ab", Result: Failure, Took: 200 * time.Millisecond, At: now.Add(time.Hour)})
	add(t, file,
		Fetch{Provider: "dockerhub", Scope: "ffffffffffff", Result: None, Took: 100 * time.Microsecond, At: now},
		Fetch{Provider: "dockerhub", Scope: "ba9876543210", Result: Success, Took: 200 * time.Microsecond, At: now.Add(time.Minute)})
	const want = `# HELP pullpass_fetches_total Calls of the registries' authorities for a credential. Result none: there is no credential to get.
# TYPE pullpass_fetches_total counter
pullpass_fetches_total{provider="dockerhub",result="failure"} 0
pullpass_fetches_total{provider="dockerhub",result="none"} 1
pullpass_fetches_total{provider="dockerhub",result="success"} 1
pullpass_fetches_total{provider="ecr",result="failure"} 1
pullpass_fetches_total{provider="ecr",result="none"} 0
pullpass_fetches_total{provider="ecr",result="success"} 1
# HELP pullpass_fetch_duration_seconds Time that these calls took.
# TYPE pullpass_fetch_duration_seconds summary
pullpass_fetch_duration_seconds_count{provider="dockerhub"} 2
pullpass_fetch_duration_seconds_sum{provider="dockerhub"} 0.0003
pullpass_fetch_duration_seconds_count{provider="ecr"} 2
pullpass_fetch_duration_seconds_sum{provider="ecr"} 1.434568
# HELP pullpass_last_success_timestamp_seconds When the last such call for a scope got a credential.
# TYPE pullpass_last_success_timestamp_seconds gauge
pullpass_last_success_timestamp_seconds{provider="dockerhub",scope="ba9876543210"} 1791201660
pullpass_last_success_timestamp_seconds{provider="ecr",scope="0123456789ab"} 1791201600
# HELP pullpass_credential_expiry_timestamp_seconds When the last credential of a scope expires.
# TYPE pullpass_credential_expiry_timestamp_seconds gauge
pullpass_credential_expiry_timestamp_seconds{provider="ecr",scope="0123456789ab"} 1791244800
`
	if got := content(t, file); got != want {
		t.Errorf("the file holds\n%s", got)
	}
	if len(*warnings) > 0 {
		t.Errorf("warnings %q", *warnings)
	}
	isAlone(t, file)
}

// TestForget: scopes go a day after their credential has expired, counters stay.
func TestForget(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	add(t, file,
		Fetch{Provider: "gcr", Scope: "expiring", Result: Success, At: now, Expires: now.Add(time.Hour)},
		Fetch{Provider: "dockerhub", Scope: "stored", Result: Success, At: now})
	holds := func(scope string, want bool) {
		t.Helper()
		if got := strings.Contains(content(t, file), `scope="`+scope+`"`); got != want {
			t.Errorf("%v later, %s is there: %v", now.Sub(start), scope, got)
		}
	}
	for _, step := range []struct {
		after            time.Duration
		expiring, stored bool
	}{
		{24 * time.Hour, true, true},
		{24*time.Hour + time.Second, true, false},
		{25 * time.Hour, true, false},
		{25*time.Hour + time.Second, false, false},
	} {
		now = start.Add(step.after)
		add(t, file, Fetch{Provider: "ecr", Scope: "x", Result: Failure, At: now})
		holds("expiring", step.expiring)
		holds("stored", step.stored)
	}
	if got := content(t, file); !strings.Contains(got, `pullpass_fetches_total{provider="gcr",result="success"} 1`) {
		t.Errorf("a counter is gone:\n%s", got)
	}
}

// TestExpiryGoes: a scope whose new credential has no expiry does not keep that of the old one.
func TestExpiryGoes(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	fetch := Fetch{Provider: "gcr", Scope: "x", Result: Success, At: now, Expires: now.Add(time.Hour)}
	add(t, file, fetch)
	fetch.Expires = time.Time{}
	add(t, file, fetch)
	if got := content(t, file); strings.Contains(got, expiry) {
		t.Errorf("the file holds\n%s", got)
	}
}

// TestBrokenFile: what cannot be read is replaced.
func TestBrokenFile(t *testing.T) {
	for name, broken := range map[string]string{
		"no metrics":      "canary\n",
		"another's":       "apt_upgrades_pending{arch=\"canary\"} 1\n",
		"no number":       "pullpass_fetches_total{provider=\"ecr\",result=\"success\"} canary\n",
		"not a number":    "pullpass_fetches_total{provider=\"ecr\",result=\"success\"} NaN\n",
		"infinite":        "pullpass_fetches_total{provider=\"ecr\",result=\"success\"} +Inf\n",
		"negative":        "pullpass_fetches_total{provider=\"ecr\",result=\"success\"} -1\n",
		"truncated":       "pullpass_fetches_total{provider=\"ecr\",result=\"succ",
		"truncated twice": "pullpass_fetches_total{provider=\"ecr\\",
		"timestamp":       "pullpass_fetches_total{provider=\"ecr\",result=\"success\"} 1 1791201600000\n",
		"huge":            "#" + strings.Repeat("canary", maxFile/6+1),
	} {
		t.Run(name, func(t *testing.T) {
			now := start
			file, warnings := textfile(t, &now)
			if err := os.WriteFile(file.Path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			add(t, file, Fetch{Provider: "ecr", Scope: "x", Result: None, At: now})
			if got := content(t, file); !strings.Contains(got, "pullpass_fetches_total{provider=\"ecr\",result=\"none\"} 1\n") || strings.Contains(got, "canary") {
				t.Errorf("the file holds\n%s", got)
			}
			if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "begin anew") || strings.Contains((*warnings)[0], "canary") {
				t.Errorf("warnings %q", *warnings)
			}
		})
	}
}

// TestOtherVersion: what other versions of pullpass count is dropped without ado.
func TestOtherVersion(t *testing.T) {
	now := start
	file, warnings := textfile(t, &now)
	const other = "# a comment\n\npullpass_hits_total{provider=\"ecr\"} 7\npullpass_fetches_total{provider=\"ecr\",outcome=\"success\"} 7\n" +
		"pullpass_fetches_total{provider=\"ecr\",result=\"success\"} 7\n"
	if err := os.WriteFile(file.Path, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, file, Fetch{Provider: "ecr", Scope: "x", Result: Success, At: now, Expires: now})
	if got := content(t, file); !strings.Contains(got, "result=\"success\"} 8\n") || strings.Contains(got, " 7\n") {
		t.Errorf("the file holds\n%s", got)
	}
	if len(*warnings) > 0 {
		t.Errorf("warnings %q", *warnings)
	}
}

// TestEscape: whatever a label holds comes back.
func TestEscape(t *testing.T) {
	const strange = "a\\n\n\"b\\\"} 1,{=\\"
	s := series{key{fetchesTotal, strange, strange}: 3}
	text := s.text()
	if lines := strings.Count(text, "\n"); lines != 3 || !strings.Contains(text, `provider="a\\n\n\"b\\\"} 1,{=\\"`) {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	back, err := parse(text)
	if err != nil || len(back) != 1 || back[key{fetchesTotal, strange, strange}] != 3 {
		t.Errorf("%v, %v", back, err)
	}
}

func FuzzParse(f *testing.F) {
	now := start
	s := series{}
	s.add(Fetch{Provider: "a\"\\\n", Scope: "x", Result: Success, At: now, Expires: now})
	f.Add(s.text())
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(text)
		if err != nil {
			return
		}
		written := s.text()
		again, err := parse(written)
		if err != nil || again.text() != written {
			t.Errorf("%q gives\n%s\nand that %v", text, written, err)
		}
	})
}

// TestAddTogether: no fetch is lost, whoever else writes.
func TestAddTogether(t *testing.T) {
	now := start
	file, warnings := textfile(t, &now)
	const writers, fetches = 20, 10
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			for range fetches {
				err := file.Add(t.Context(), Fetch{Provider: "ecr", Scope: fmt.Sprint(i), Result: Success, Took: time.Second, At: now, Expires: now})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	got := content(t, file)
	for _, line := range []string{`pullpass_fetches_total{provider="ecr",result="success"} 200`, `pullpass_fetch_duration_seconds_sum{provider="ecr"} 200`} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
	isAlone(t, file)
	if strings.Count(got, lastSuccess+"{") != writers || len(*warnings) > 0 {
		t.Errorf("warnings %q, the file holds\n%s", *warnings, got)
	}
}

// TestLocked: nobody waits for another process, and what was left for it is not lost.
func TestLocked(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	lock, err := filelock.Try(beside(file, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	fetch := Fetch{Provider: "ecr", Result: None}
	add(t, file, fetch, fetch)
	add(t, file, fetch)
	if _, err := os.Lstat(file.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
	lock.Unlock()
	add(t, file, fetch)
	if got := content(t, file); !strings.Contains(got, "result=\"none\"} 4\n") {
		t.Errorf("the file holds\n%s", got)
	}
	isAlone(t, file)
}

// isAlone checks that nothing but the file is in its directory.
func isAlone(t *testing.T, file Textfile) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(file.Path))
	if err != nil || len(files) != 1 || files[0].Name() != filepath.Base(file.Path) {
		t.Errorf("the directory holds %v, %v", files, err)
	}
}

// TestLeftByTheKilled: fetches that a killed process has left are counted if they are complete.
func TestLeftByTheKilled(t *testing.T) {
	now := time.Now()
	file, warnings := textfile(t, &now)
	for name, content := range map[string]string{
		".pullpass.prom.1.fetch": "",
		".pullpass.prom.2.fetch": "broken",
		".pullpass.prom.3.fetch": `[{"Provider": "ecr", "Scope": "x", "Result": "success", "At": "2026-10-05T12:00:00Z"}]`,
		".pullpass.prom.tmp":     "broken",
	} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file.Path), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	add(t, file, Fetch{Provider: "ecr", Scope: "x", Result: Success, At: now})
	if got := content(t, file); !strings.Contains(got, "result=\"success\"} 2\n") {
		t.Errorf("the file holds\n%s", got)
	}
	now = now.Add(2 * staleAfter)
	add(t, file, Fetch{Provider: "ecr", Scope: "x", Result: Success, At: now})
	isAlone(t, file)
	if len(*warnings) > 0 {
		t.Errorf("warnings %q", *warnings)
	}
}

// TestContextIsOver: what there was no time for is left for the next.
func TestContextIsOver(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fetch := Fetch{Provider: "ecr", Result: None}
	if err := file.Add(ctx, fetch); err != nil {
		t.Fatal(err)
	}
	add(t, file, fetch)
	if got := content(t, file); !strings.Contains(got, "result=\"none\"} 2\n") {
		t.Errorf("the file holds\n%s", got)
	}
}

func TestAddWhereNoFileCanBe(t *testing.T) {
	now := start
	file, _ := textfile(t, &now)
	file.Path = filepath.Join(filepath.Dir(file.Path), "missing", "pullpass.prom")
	if err := file.Add(t.Context(), Fetch{Provider: "ecr", Result: None}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the directory: %v", err)
	}
	file, _ = textfile(t, &now)
	if err := os.Mkdir(file.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := file.Add(t.Context(), Fetch{Provider: "ecr", Result: None}); err == nil {
		t.Error("a directory is replaced")
	}
	isAlone(t, file)
}

// beside is the path of a file beside the textfile.
func beside(file Textfile, suffix string) string {
	directory, name := filepath.Split(file.Path)
	return filepath.Join(directory, "."+name+suffix)
}

package cachecmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

// cacheStart is when the entries of newTestCache begin.
var cacheStart = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// newTestCache makes a cache with entries of all kinds and returns its directory.
func newTestCache(t *testing.T) string {
	t.Helper()
	now := cacheStart
	c := &cache.Cache{
		Dir:   filepath.Join(t.TempDir(), "cache"),
		Node:  "node",
		Now:   func() time.Time { return now },
		Warn:  func(text string) { t.Error(text) },
		Debug: func(string) {},
		Hide:  func(provider.Credential) {},
	}
	put := func(username string, life time.Duration, err error, pairs ...string) {
		t.Helper()
		_, got := c.Get(t.Context(), provider.NewScope(pairs...), func(context.Context) (provider.Credential, error) {
			credential := provider.Credential{Username: username, Password: provider.NewSecret("canary")}
			if life > 0 {
				credential.Expires = now.Add(life)
			}
			return credential, err
		})
		if got != nil && !errors.Is(got, err) {
			t.Fatal(got)
		}
	}
	put("AWS", 12*time.Hour, nil, "provider", "ecr", "service", "ecr", "region", "eu-central-1")
	put("oauth2accesstoken", time.Hour, nil, "provider", "gcr")
	now = now.Add(42 * time.Minute)
	put("", 0, provider.WithHint(errors.New("get a Google access token: the server\x1b[1m, which is far away from here, does not answer any more"), "wait"),
		"provider", "gcr", "file", "/etc/g.json")
	now = now.Add(time.Minute)
	put("me", 0, nil, "provider", "dockerhub", "defaultConfig", "/a.json", "defaultConfig", "/b.json", "repository", "acme/app")
	return c.Dir
}

// runAt runs the command with the cache in dir, a clock that stands still and an empty environment.
func runAt(t *testing.T, now time.Time, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: pullpass/v1\nkind: Config\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	b := &broker.Broker{
		Env: &env.Env{
			Getenv: func(string) string { return "" },
			Now:    func() time.Time { return now },
			Log:    &env.Log{Out: &messages},
		},
		ConfigPath: config,
		CacheDir:   dir,
	}
	stdio := &cli.Stdio{Answer: &out}
	stdio.ScrubOut(&b.Log.Scrubber)
	code = cli.Execute(t.Context(), New(b, stdio), args, b.Log)
	return code, out.String(), messages.String()
}

// lines makes the lines of a scope of labels and values.
func lines(pairs ...string) []broker.ScopeLine {
	var lines []broker.ScopeLine
	for i := 0; i+1 < len(pairs); i += 2 {
		lines = append(lines, broker.ScopeLine{Label: pairs[i], Value: pairs[i+1]})
	}
	return lines
}

func TestCacheListTable(t *testing.T) {
	dir := newTestCache(t)
	for _, test := range []struct {
		after  time.Duration
		format string
		want   string
	}{
		{43*time.Minute + 2*time.Second, "table", `
SCOPE         PROVIDER   USER               AGE  EXPIRES IN  REFRESH IN
63aa146defe7  dockerhub  me                 2s   never       58s
43688198965a  ecr        AWS                43m  11h16m      5h55m
5365fa8aaa26  gcr        oauth2accesstoken  43m  16m         due
51a3d3f70c43  gcr        -                  -    -           -
  failed 1m ago: get a Google access token: the server [1m, which is far away
  from here, does not answer any more
`},
		{59 * time.Minute, "table", `
SCOPE         PROVIDER   USER               AGE  EXPIRES IN  REFRESH IN
63aa146defe7  dockerhub  me                 16m  never       due
43688198965a  ecr        AWS                59m  11h1m       5h39m
5365fa8aaa26  gcr        oauth2accesstoken  59m  expired     -
51a3d3f70c43  gcr        -                  -    -           -
  failed 17m ago: get a Google access token: the server [1m, which is far away
  from here, does not answer any more
`},
		{-time.Minute, "wide", `
SCOPE         PROVIDER   USER               AGE     EXPIRES IN  REFRESH IN  DETAILS
63aa146defe7  dockerhub  me                 future  never       45m         defaultConfig=/a.json defaultConfig=/b.json repository=acme/app
43688198965a  ecr        AWS                future  12h1m       6h39m       service=ecr region=eu-central-1
5365fa8aaa26  gcr        oauth2accesstoken  future  1h1m        35m         -
51a3d3f70c43  gcr        -                  -       -           -           file=/etc/g.json
  failed 0s ago: get a Google access token: the server [1m, which is far away from here, does not answer any more
`},
	} {
		code, stdout, stderr := runAt(t, cacheStart.Add(test.after), dir, "list", "-o", test.format)
		if code != 0 || "\n"+stdout != test.want || stderr != "" {
			t.Errorf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
		}
	}
}

// TestTimes: a login that is only due to be read again has not expired.
func TestTimes(t *testing.T) {
	now := cacheStart
	for name, test := range map[string]struct {
		entry            cache.Entry
		expires, refresh string
	}{
		"a failure alone":           {cache.Entry{}, "-", "-"},
		"a login":                   {cache.Entry{Issued: now, GoodUntil: now.Add(time.Minute), Reread: true}, "never", "1m"},
		"an old login":              {cache.Entry{Issued: now.Add(-time.Hour), GoodUntil: now.Add(-59 * time.Minute), Reread: true}, "never", "due"},
		"a year that nobody trusts": {cache.Entry{Issued: now.Add(-time.Hour), Expires: now.Add(48 * time.Hour), GoodUntil: now.Add(-59 * time.Minute), Reread: true}, "2d", "due"},
		"a year that has expired":   {cache.Entry{Issued: now.Add(-time.Hour), Expires: now, GoodUntil: now.Add(-59 * time.Minute), Reread: true}, "expired", "due"},
		"a token":                   {cache.Entry{Issued: now, Refresh: now.Add(time.Hour), Expires: now.Add(2 * time.Hour), GoodUntil: now.Add(119 * time.Minute)}, "2h", "1h"},
		"a token that is due":       {cache.Entry{Issued: now, Refresh: now, Expires: now.Add(2 * time.Hour), GoodUntil: now.Add(119 * time.Minute)}, "2h", "due"},
		"a token in its last minute": {cache.Entry{Issued: now.Add(-time.Hour), Refresh: now, Expires: now.Add(time.Second), GoodUntil: now.Add(-59 * time.Second)},
			"expired", "-"},
	} {
		if expires, refresh := expiresIn(test.entry, now), refreshIn(test.entry, now); expires != test.expires || refresh != test.refresh {
			t.Errorf("%s: expires %s, refresh %s", name, expires, refresh)
		}
	}
}

// TestNarrow: with the longest texts, the table fits 80 columns; only a word that is longer does not.
func TestNarrow(t *testing.T) {
	var out strings.Builder
	err := writeEntryTable(&out, []cache.Entry{{
		ID: cache.ID("x"), Scope: provider.NewScope("provider", "a-very-long-provider"), Username: strings.Repeat("ü", 300),
		Issued: cacheStart, Refresh: cacheStart.Add(11*time.Hour + 59*time.Minute), Expires: cacheStart.Add(23*time.Hour + 59*time.Minute), GoodUntil: cacheStart.Add(23 * time.Hour),
		Failure: &cache.Failure{Text: strings.Repeat("words and\t", 30), At: cacheStart},
	}}, cacheStart, false)
	if lines := strings.Split(out.String(), "\n"); err != nil || len(lines) < 6 {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > 80 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
}

func TestCacheListJSON(t *testing.T) {
	dir := newTestCache(t)
	code, stdout, stderr := runAt(t, cacheStart.Add(time.Hour), dir, "list", "-o", "json")
	var got []entryDocument
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || stderr != "" || err != nil {
		t.Fatalf("exit code %d, stderr %q, %v", code, stderr, err)
	}
	at := func(after time.Duration) time.Time { return cacheStart.Add(after) }
	want := []entryDocument{{
		ID: "63aa146defe77b24b33d0bb63e2ebdce", Provider: "dockerhub",
		Scope:    lines("provider", "dockerhub", "defaultConfig", "/a.json", "defaultConfig", "/b.json", "repository", "acme/app"),
		Username: "me", Issued: at(43 * time.Minute), GoodUntil: at(44 * time.Minute),
	}, {
		ID: "43688198965a306f5de7406c5f222336", Provider: "ecr",
		Scope:    lines("provider", "ecr", "service", "ecr", "region", "eu-central-1"),
		Username: "AWS", Issued: at(0), Refresh: time.Date(2026, 10, 5, 18, 38, 24, 586134385, time.UTC), Expires: at(12 * time.Hour), GoodUntil: at(12*time.Hour - time.Minute),
	}, {
		ID: "5365fa8aaa26026f6b31efaa0b4ca7cc", Provider: "gcr", Scope: lines("provider", "gcr"),
		Username: "oauth2accesstoken", Issued: at(0), Refresh: time.Date(2026, 10, 5, 12, 34, 30, 944213261, time.UTC), Expires: at(time.Hour), GoodUntil: at(59 * time.Minute),
	}, {
		ID: "51a3d3f70c437235187defdb58ecb486", Provider: "gcr", Scope: lines("provider", "gcr", "file", "/etc/g.json"),
		Failure: &cache.Failure{
			Text: "get a Google access token: the server\x1b[1m, which is far away from here, does not answer any more",
			Hint: "wait", Count: 1, At: at(42 * time.Minute), Until: at(42*time.Minute + 5*time.Second),
		},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if strings.Contains(stdout, "canary") || strings.Contains(stdout, "0001-01-01") {
		t.Errorf("it shows a secret, or times that are none:\n%s", stdout)
	}
}

func TestCacheClear(t *testing.T) {
	dir := newTestCache(t)
	for _, name := range []string{"63aa146d000000000000000000000000.json", "keep.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		scope, stdout, stderr string
	}{
		{"63aa", "", "pullpass: error: clear the cache: several IDs begin with 63aa: 63aa146d000000000000000000000000, 63aa146defe77b24b33d0bb63e2ebdce\n" +
			"pullpass: hint: give more of it\n"},
		{"63aa146d0", "removed 1 entry from " + dir + "\n", ""}, // also one that cannot be read
		{"63AA", "removed 1 entry from " + dir + "\n", ""},
		{"63aa146defe77b24b33d0bb63e2ebdce", "", "pullpass: error: clear the cache: no scope's ID begins with 63aa146defe77b24b33d0bb63e2ebdce\n" +
			"pullpass: hint: see pullpass cache list\n"},
		{"", "removed 3 entries from " + dir + "\n", ""},
		{"", "removed 0 entries from " + dir + "\n", ""},
	} {
		args := []string{"clear"}
		if test.scope != "" {
			args = append(args, test.scope)
		}
		code, stdout, stderr := runAt(t, cacheStart, dir, args...)
		if (code != 0) != (test.stderr != "") || stdout != test.stdout || stderr != test.stderr {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", test.scope, code, stdout, stderr)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the directory holds %v, %v", files, err)
	}
}

package cache

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

// decodeErrors are all that decode may say: nothing in them can be a part of an entry, but for
// the number of its version.
var decodeErrors = regexp.MustCompile(`^(it is not the JSON of an entry|its version is -?[0-9]+, not 1|it is of another scope|it holds no credential)$`)

// FuzzDecode decodes data as it is, and an entry that is made of parts, whole and cut at a place.
func FuzzDecode(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	e := newEntry(scope, provider.Credential{Username: "me", Password: provider.NewSecret("s1"), Expires: now.Add(time.Hour)}, now)
	e.Failure = (*Failure)(nil).next(&provider.NoCredentialError{Reason: "no login", RepositoryOnly: true}, now)
	whole, err := e.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, string(scope), "me", "s1", int64(1e9), int64(3600e9), "refused", uint(20))
	f.Add(whole[:len(whole)/2], "a=1\n", "ü", "\x00\"\\", int64(-1), int64(0), "", uint(0))
	for _, data := range []string{"", "null", "[]", "{}", `{"version":1,"scope":"a=1\n"}`, `{"version":1e99}`, `{"version":1,"failure":{}}`,
		`{"version":1,"username":"me","password":"s1","issued":"2026-01-02T03:04:05Z","refresh":"x"}`} {
		f.Add([]byte(data), "", "", "", int64(0), int64(-1), "\n", uint(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, scope, username, password string, issued, life int64, failure string, cut uint) {
		if e, err := decode(data, provider.Scope(scope)); err != nil {
			checkDecodeError(t, err)
		} else {
			checkEntry(t, e, provider.Scope(scope))
			checkEncoding(t, e)
		}

		if !utf8.ValidString(scope) || !utf8.ValidString(username) || !utf8.ValidString(password) || username == "" || password == "" {
			return // no provider gives such
		}
		now := time.Unix(0, issued)
		credential := provider.Credential{Username: username, Password: provider.NewSecret(password), RepositoryOnly: life&1 == 1}
		if life != 0 {
			credential.Expires = now.Add(time.Duration(life))
		}
		e := newEntry(provider.Scope(scope), credential, now)
		e.Refresh = e.Expires
		if failure != "" {
			e.Failure = e.Failure.next(&provider.NoCredentialError{Reason: strings.ToValidUTF8(failure, ""), RepositoryOnly: life&2 == 2}, now)
		}
		data = checkEncoding(t, e)
		_, err := decode(data, e.Scope+"x")
		if err == nil {
			t.Error("an entry is that of another scope")
		} else {
			checkDecodeError(t, err)
		}
		_, err = decode(data[:cut%uint(len(data))], e.Scope)
		if err == nil {
			t.Errorf("%q is whole", data[:cut%uint(len(data))])
		} else {
			checkDecodeError(t, err)
		}
	})
}

func checkDecodeError(t *testing.T, err error) {
	t.Helper()
	if !decodeErrors.MatchString(err.Error()) {
		t.Errorf("the error is %q", err)
	}
}

// checkEntry uses an entry that was decoded, from whatever.
func checkEntry(t *testing.T, e entry, scope provider.Scope) {
	t.Helper()
	now := time.Now()
	if e.Scope != scope {
		t.Errorf("the scope is %q, want %q", e.Scope, scope)
	}
	if c := e.credential(); e.isUsable(now) && (c.Username == "" || c.Password.Empty()) {
		t.Errorf("there is no credential in %+v", e)
	}
	if e.Failure.holds(now) {
		e.Failure.err(now)
	}
	e.Failure.next(&provider.NoCredentialError{}, now)
	e.isDue(now)
	e.isOver(now)
}

// checkEncoding checks that decode and encoding/json make the same of an encoded entry, and
// returns that.
func checkEncoding(t *testing.T, e entry) []byte {
	t.Helper()
	data, err := e.encode()
	if err != nil {
		t.Fatalf("encode %+v: %v", e, err)
	}
	decoded, err := decode(data, e.Scope)
	if err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
	if !isEqual(decoded, e) {
		t.Errorf("encoded and decoded, %+v is %+v", e, decoded)
	}
	var reflected entry
	if err := json.Unmarshal(data, &reflected); err != nil || !isEqual(decoded, reflected) {
		t.Errorf("encoding/json reads %s as %+v, %v", data, reflected, err)
	}
	return data
}

func isEqual(a, b entry) bool {
	failures := a.Failure == b.Failure
	if a.Failure != nil && b.Failure != nil {
		x, y := *a.Failure, *b.Failure
		failures = x.At.Equal(y.At) && x.Until.Equal(y.Until)
		x.At, x.Until = y.At, y.Until
		failures = failures && x == y
	}
	return failures &&
		a.Version == b.Version && a.Scope == b.Scope &&
		a.Username == b.Username && a.Password.Reveal() == b.Password.Reveal() && a.RepositoryOnly == b.RepositoryOnly &&
		a.Issued.Equal(b.Issued) && a.Refresh.Equal(b.Refresh) && a.Expires.Equal(b.Expires)
}

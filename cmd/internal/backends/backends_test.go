package backends

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// TestAll: what the rest of pullpass relies on.
func TestAll(t *testing.T) {
	if got, want := strings.Join(All().Names(), " "), "ecr gcr dockerhub"; got != want {
		t.Errorf("the backends are %s, want %s", got, want)
	}
	seen := []string{"match", "provider", "anonymousTry"} // the other fields of a rule
	var users []string
	for _, b := range All() {
		if strings.Trim(b.Name, "abcdefghijklmnopqrstuvwxyz") != "" || slices.Contains(seen, b.Name) {
			t.Errorf("the name %q is taken, or none", b.Name)
		}
		seen = append(seen, b.Name)
		if b.Title == "" || len(b.Hosts) == 0 || b.New(nil, machine()) == nil {
			t.Errorf("%s has no title, no hosts or no provider", b.Name)
		}
		if (b.TokenIssuer == "") != (b.TokenLife == 0) {
			t.Errorf("%s: the issuer %q and the life %v belong together", b.Name, b.TokenIssuer, b.TokenLife)
		}
		for _, user := range b.Usernames {
			if slices.Contains(users, user) {
				t.Errorf("the user %s is of two backends", user)
			}
			users = append(users, user)
		}
		checkFields(t, b)
	}
}

func checkFields(t *testing.T, b provider.Backend) {
	t.Helper()
	var names []string
	for _, field := range b.Fields {
		if field.Name == "" || slices.Contains(names, field.Name) {
			t.Errorf("%s has the field %q twice, or it has no name", b.Name, field.Name)
		}
		if !strings.HasSuffix(field.About, ".") {
			t.Errorf("%s: nothing says what the field %s is", b.Name, field.Name)
		}
		names = append(names, field.Name)
	}
	for _, field := range b.Fields {
		for _, other := range append(slices.Clone(field.Excludes), field.Needs) {
			if other != "" && !slices.Contains(names, other) {
				t.Errorf("%s: the field %s knows of %s, and there is none", b.Name, field.Name, other)
			}
		}
	}
}

// machine is a node on which there is nothing.
func machine() provider.Node {
	return provider.Node{
		ConfigDir: "/etc/pullpass",
		Getenv:    func(string) string { return "" },
		Now:       time.Now,
		Proxy:     func(*http.Request) (*url.URL, error) { return nil, nil },
		Warn:      func(string) {},
		Hide:      func(...string) {},
	}
}

// TestHostsApart: no host is of two backends, which would be a credential for the wrong one.
func TestHostsApart(t *testing.T) {
	for _, a := range All() {
		for _, text := range a.Hosts.Patterns() {
			pattern, err := provider.ParsePattern(text)
			if err != nil {
				t.Errorf("%s: %s: %v", a.Name, text, err)
				continue
			}
			for _, b := range All() {
				if can := pattern.CanSelect(b.Hosts); can != (a.Name == b.Name) {
					t.Errorf("%s of %s can be a host of %s: %v", text, a.Name, b.Name, can)
				}
			}
		}
	}
}

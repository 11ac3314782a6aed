package kubelet_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// The tests of this file hold dockerconfig to the kubelet's keyring: which entry of a Docker
// config, if any, an image gets. What differs on purpose stands in the test at the end.

// hubKeys are the spellings of Docker Hub in Docker configs, right and wrong.
var hubKeys = []string{
	"docker.io", "docker.io/", "https://docker.io", "https://docker.io/v1/", "https://docker.io/v1", "http://docker.io/v2/",
	"index.docker.io", "index.docker.io/", "https://index.docker.io/v1/", "https://index.docker.io/v1", "http://index.docker.io/v2/",
	"https://index.docker.io/v1/access-token", "index.docker.io/acme", "index.docker.io:443", "index.docker.io:",
	"registry-1.docker.io", "https://registry-1.docker.io/v2/", "hub.docker.com", "*.docker.io", "docker.com",
}

func TestKeyring(t *testing.T) {
	tests := []struct {
		images []string
		keys   []string
	}{
		{images: []string{"docker.io/acme/app", "docker.io/library/nginx", "reg.io/app", "localhost:5000/app"}, keys: hubKeys},
		{
			images: []string{"docker.io/acme/app", "docker.io/acme-evil/app", "docker.io/library/nginx"},
			keys:   []string{"docker.io/acme", "docker.io/acme/", "docker.io/acme/app", "docker.io/acme/app:1.2", "docker.io/acme/*", "https://docker.io/v1/acme/", "docker.io/v1/acme", "docker.io:443", "*.io", "*.io/acme"},
		},
		{
			images: []string{"reg.io/team/app", "reg.io/team-evil/app", "reg.io/v1/app", "reg.io:443/team/app", "reg.io:5000/team/app", "sub.reg.io/team/app"},
			keys: []string{
				"reg.io", "https://reg.io", "http://reg.io", "https://reg.io/v1/", "https://reg.io/v2/", "reg.io/v1", "reg.io/v1/", "reg.io/v3/", "reg.io/v1/v1/", "reg.io/v1/v2/", "reg.io/v1/v2/app",
				"reg.io/team", "reg.io/team/", "reg.io/team/app", "reg.io/v2/team", "reg.io/v2//team", "reg.io//team", "reg.io/team/app:1", "reg.io//v1/",
				"reg.io:443", "https://reg.io:443/v1/", "reg.io:5000", "reg.io:5000/v2/team", "*.io:5000", "reg.io:", "reg.io:*", "reg.*", "r*.io", "*.io", "*.*", "*", "*.reg.io", "*/team",
				"https://http://reg.io", "http://https://reg.io", "HTTPS://reg.io", "ftp://reg.io", "//reg.io", "https:reg.io", " reg.io", "reg.io ", "reg.io/ team", "r[a-f]g.io", `r\eg.io`, `reg.io/te\am`, "",
			},
		},
		{
			images: []string{"localhost/app", "localhost:5000/app", "127.0.0.1:5000/app", "[::1]:5000/app", "1:5000/app"},
			keys:   []string{"localhost", "http://localhost", "https://localhost:5000/v2/", "docker.io", "*:5000", "127.0.0.1:5000", "[::1]:5000", "[::2]:5000", "*1:5000", "::1:5000"},
		},
	}
	var questions []kubelet.Question
	for _, test := range tests {
		for _, image := range test.images {
			// Each key alone, each two of them, and all.
			questions = append(questions, kubelet.Question{Keys: sorted(test.keys...), Image: image})
			for i, key := range test.keys {
				questions = append(questions, kubelet.Question{Keys: []string{key}, Image: image})
				for _, other := range test.keys[i+1:] {
					questions = append(questions, kubelet.Question{Keys: sorted(key, other), Image: image})
				}
			}
		}
	}
	compareKeyring(t, questions)
}

func TestKeyringCorpus(t *testing.T) {
	c := newCorpus(4)
	var questions []kubelet.Question
	for len(questions) < 8000 {
		image := c.image()
		var keys []string
		for range 1 + c.random.IntN(6) {
			near := image
			if c.percent(20) {
				near = c.image()
			}
			if key := c.pattern(near); key != "" {
				keys = append(keys, c.key(key))
			}
		}
		if c.percent(30) && !strings.HasPrefix(image, "localhost/") {
			keys = append(keys, c.pick(hubKeys...))
		}
		questions = append(questions, kubelet.Question{Keys: sorted(keys...), Image: image})
	}
	if found := compareKeyring(t, questions); found < len(questions)/5 || found > len(questions)*9/10 {
		t.Errorf("%d of %d images have a credential; the corpus is lopsided", found, len(questions))
	}
}

// key writes pattern as the keys of Docker configs may be written.
func (c corpus) key(pattern string) string {
	host, path, _ := strings.Cut(pattern, "/")
	return c.pick("", "", "https://", "http://") + host + c.pick("", "/", "/v1/", "/v2/", "/v1", "/") + path
}

// sorted returns the keys in order, each once. Of keys that mean the same, the kubelet may take
// either first and we take the lower one.
func sorted(keys ...string) []string { return slices.Compact(slices.Sorted(slices.Values(keys))) }

// compareKeyring checks that we take the entry that the kubelet tries first. It returns to how
// many questions there is one.
func compareKeyring(t *testing.T, questions []kubelet.Question) (found int) {
	t.Helper()
	differences := 0
	for i, keys := range kubelet.Keyring(t, questions) {
		want := "none"
		if len(keys) > 0 {
			found++
			want = keys[0]
		}
		if got := firstKey(t, questions[i]); got != want {
			differences++
			if differences <= 10 {
				t.Errorf("%s of %q: %s, in the kubelet %s", questions[i].Image, questions[i].Keys, got, want)
			}
		}
	}
	if differences > 0 {
		t.Errorf("%d of %d lookups differ from the kubelet", differences, len(questions))
	}
	return found
}

// firstKey returns the key whose credential dockerconfig finds, or "none".
func firstKey(t *testing.T, question kubelet.Question) string {
	t.Helper()
	auths := map[string]any{}
	for _, key := range question.Keys {
		auths[key] = map[string]string{"username": "me", "password": "of " + key}
	}
	text, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	file, err := dockerconfig.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := file.Lookup(t.Context(), parseImage(t, question.Image), noHelper{})
	if errors.Is(err, provider.ErrNone) {
		return "none"
	}
	if err != nil {
		t.Fatalf("%q: %v", question.Keys, err)
	}
	return strings.TrimPrefix(credential.Password.Reveal(), "of ")
}

// noHelper has nothing stored.
type noHelper struct{}

func (noHelper) Get(context.Context, string, string) (provider.Credential, error) {
	return provider.Credential{}, provider.ErrNone
}

// TestKeyringOnPurpose has what differs, with the reason for it.
func TestKeyringOnPurpose(t *testing.T) {
	tests := []struct{ name, key, image, ours, kubelets string }{
		{"Docker Hub's credential is not for other hosts", "https://index.docker.io/v1/", "localhost/app", "none", "https://index.docker.io/v1/"},
		{"hosts have no case", "Reg.IO", "reg.io/app", "Reg.IO", "none"},
		{"hosts have no case", "reg.io", "Reg.IO/app", "reg.io", "none"},
		{"an IPv6 address is no class of characters", "[::1]", "[::1]/app", "[::1]", "none"},
		{"a key is no URL with a user", "me@reg.io", "reg.io/app", "none", "me@reg.io"},
		{"a key is no URL with a query", "reg.io?x", "reg.io/app", "none", "reg.io?x"},
		{"a key is no URL with a fragment", "reg.io#x", "reg.io/app", "none", "reg.io#x"},
		{"a key is no URL with escapes", "reg.io/%61pp", "reg.io/app", "none", "reg.io/%61pp"},
		{"Docker Hub's host is docker.io", "registry-1.docker.io", "registry-1.docker.io/acme/app", "none", "registry-1.docker.io"},
	}
	var questions []kubelet.Question
	for _, test := range tests {
		questions = append(questions, kubelet.Question{Keys: []string{test.key}, Image: test.image})
	}
	for i, keys := range kubelet.Keyring(t, questions) {
		first := append(keys, "none")[0]
		if got := firstKey(t, questions[i]); got != tests[i].ours || first != tests[i].kubelets {
			t.Errorf("%s: %s gets %s, in the kubelet %s", tests[i].name, tests[i].image, got, first)
		}
	}
}

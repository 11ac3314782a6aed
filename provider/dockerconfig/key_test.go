package dockerconfig

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestMatchingKeys(t *testing.T) {
	tests := []struct {
		image string
		match []string // in the order of precedence
		other []string
	}{
		{
			image: "docker.io/acme/app",
			match: []string{"docker.io", "https://docker.io/v1/", "*.io", "https://index.docker.io/v1/", "index.docker.io"},
			other: []string{"https://index.docker.io/v1", "registry-1.docker.io", "hub.docker.com", "*.docker.io", "*"},
		},
		{
			image: "docker.io/acme/app",
			match: []string{"https://docker.io/v1/acme/", "docker.io/acme", "docker.io/a", "docker.io/"},
			other: []string{"docker.io/library/", "docker.io/acme/app/x", "docker.io/acme/app:1.2", "docker.io:443", "docker.io/acme/*", "index.docker.io/acme"},
		},
		{
			image: "docker.io/library/nginx",
			match: []string{"http://index.docker.io/v2/", "index.docker.io/"},
			other: []string{"index.docker.io/v1", "https://index.docker.io/v1/access-token", "index.docker.io:443", "docker.com"},
		},
		{
			image: "localhost/acme/app",
			match: []string{"http://localhost", "localhost"},
			other: []string{"index.docker.io", "https://index.docker.io/v1/", "docker.io", "localhost:5000"},
		},
		{
			image: "reg.io/team/app",
			match: []string{"reg.io/team/app", "reg.io/team/", "https://reg.io/v2/team", "https://reg.io", "https://reg.io/v1/", "reg.io", "reg.*", "r*.io", "*.io"},
			other: []string{"reg.io:443", "reg.io/v1", "*/team", "reg.io/team/app:1", "me@reg.io", "reg.io?x", "r[a-f]g.io", `r\eg.io`, "https://http://reg.io", "HTTPS://reg.io", "//reg.io", "reg.io//team", "*.reg.io", "sub.reg.io", "io", ""},
		},
		{
			image: "reg.io/team-evil/app",
			match: []string{"reg.io/team"},
			other: []string{"reg.io/team/"},
		},
		{
			image: "reg.io:5000/app",
			match: []string{"reg.io:5000/app", "reg.io:5000", "*.io:5000"},
			other: []string{"reg.io", "reg.io:443", "reg.io:*"},
		},
		{
			image: "Reg.IO/app",
			match: []string{"reg.io/app", "REG.io"},
			other: []string{"reg.io/App"},
		},
		{
			image: "[::1]:5000/app",
			match: []string{"[::1]:5000"},
			other: []string{"[::1]", "[::2]:5000", "::1"},
		},
		{
			image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
			match: []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "*.dkr.ecr.*.amazonaws.com"},
			other: []string{"*.amazonaws.com", "*.dkr.ecr.amazonaws.com"},
		},
	}
	for _, test := range tests {
		t.Run(test.image, func(t *testing.T) {
			file := fileOf(t, slices.Concat(test.match, test.other)...)
			if got := file.matchingKeys(image(t, test.image)); !slices.Equal(got, test.match) {
				t.Errorf("matching keys are\n%q, want\n%q", got, test.match)
			}
		})
	}
}

func TestSplits(t *testing.T) {
	tests := []struct {
		key   string
		image string
		want  bool
	}{
		{"docker.io/acme/", "docker.io/acme/app", true},
		{"docker.io/acme/", "docker.io/library/nginx", true},
		{"docker.io/acme/", "reg.io/acme/app", false},
		{"https://*.io/v2/acme", "docker.io/library/nginx", true},
		{"docker.io/", "docker.io/acme/app", false},
		{"https://docker.io/v1/", "docker.io/acme/app", false},
		{"https://index.docker.io/v1/", "docker.io/acme/app", false},
		{"index.docker.io/acme", "docker.io/acme/app", false}, // never matches
	}
	for _, test := range tests {
		if got := fileOf(t, test.key).Splits(image(t, test.image)); got != test.want {
			t.Errorf("key %s splits the registry of %s: %t, want %t", test.key, test.image, got, test.want)
		}
	}
}

// fileOf returns a File with an entry for each of keys.
func fileOf(t *testing.T, keys ...string) File {
	t.Helper()
	auths := make(map[string]struct{})
	for _, key := range keys {
		auths[key] = struct{}{}
	}
	data, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
}

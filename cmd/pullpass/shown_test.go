package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShown: who prints a live credential on a terminal is told so, and no one else. The kubelet has a pipe.
func TestShown(t *testing.T) {
	const (
		request = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"docker.io/acme/app"}`
		nobody  = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"ghcr.io/acme/app"}`
	)
	directory := t.TempDir()
	login := filepath.Join(directory, "config.json")
	if err := os.WriteFile(login, []byte(`{"auths": {"docker.io": {"username": "me", "password": "hunter2"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args  []string
		stdin string
		note  string // "" for none
	}{
		"plugin":                   {nil, request, "the answer holds the credential itself: pullpass get IMAGE shows all but the secret"},
		"plugin without an answer": {nil, nobody, ""},
		"secret":                   {[]string{"secret", "a", "--registry", "docker.io"}, "", "the output holds the credentials themselves: pipe it to kubectl apply -f -, or write a file with --out"},
		"secret in a file":         {[]string{"secret", "a", "--registry", "docker.io", "--out", filepath.Join(directory, "secret.yaml")}, "", ""},
		"get":                      {[]string{"get", "docker.io/acme/app"}, "", ""},
		"get --show-secret":        {[]string{"get", "docker.io/acme/app", "--show-secret"}, "", ""},
	} {
		for _, shown := range []bool{true, false} {
			p := newProcess()
			p.env.Getenv = func(variable string) string {
				return map[string]string{"DOCKER_CONFIG": directory}[variable]
			}
			p.stdio.In, p.stdio.Shown = strings.NewReader(test.stdin), shown
			code := run(t.Context(), append(emptyConfig(t), test.args...), p.env, p.stdio)
			got := ""
			for line := range strings.Lines(p.stderr.String()) {
				if strings.Contains(line, " itself: ") || strings.Contains(line, " themselves: ") {
					got += strings.TrimPrefix(strings.TrimSpace(line), "pullpass: note: ")
				}
			}
			want := ""
			if shown {
				want = test.note
			}
			if code != 0 || got != want {
				t.Errorf("%s, shown %v: exit code %d, stderr %q", name, shown, code, p.stderr.String())
			}
		}
	}
}

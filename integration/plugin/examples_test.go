package plugin

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples runs each request of examples/requests.
func TestExamples(t *testing.T) {
	aws, google := startAWS(t), startGoogle(t)
	proxy := startProxy(t, map[string]http.Handler{".amazonaws.com": aws.Handler, ".api.aws": aws.Handler})
	docker := write(t, "config.json", `{"auths": {"https://index.docker.io/v1/": {"username": "me", "password": "x"}}}`)
	env := join(aws.MetadataEnv(), google.MetadataEnv(), proxy.Env(), []string{"DOCKER_CONFIG=" + filepath.Dir(docker)})
	users := map[string]string{ // by the file's name; none for "nobody"
		"ecr.json": "AWS", "ecr-fips.json": "AWS", "ecr-dual-stack.json": "AWS", "ecr-public.json": "AWS",
		"artifact-registry.json": "oauth2accesstoken", "gcr.json": "oauth2accesstoken",
		"docker-hub.json": "me",
		"nobody.json":     "",
	}
	paths, err := filepath.Glob("../../examples/requests/*")
	if err != nil || len(paths) != len(users) {
		t.Fatalf("%d examples, %d expectations, %v", len(paths), len(users), err)
	}
	for _, path := range paths {
		request, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, env, bytes.NewReader(request))
		var got []string
		for key, login := range r.response.Auth {
			if !strings.HasPrefix(key, "*.") {
				got = append(got, login.Username)
			}
		}
		if want := users[filepath.Base(path)]; r.code != 0 || strings.Join(got, " ") != want {
			t.Errorf("%s: exit code %d, users %q, want %q\n%s", path, r.code, got, want, r.stderr)
		}
	}
}

package plugin

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// askWithLimit is ask with a limit of the shell's ulimit, such as "-n 8".
func askWithLimit(t *testing.T, limit string, env []string, image string, args ...string) run {
	t.Helper()
	script := `ulimit ` + limit + ` && exec "$0" "$@"`
	r, err := end(pullpass.Launch(t, "/bin/sh", append(pullpass.Offline(t), env...), strings.NewReader(requestFor(image)),
		append([]string{"-c", script, binaries.Released}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// noAbsence are the texts that say that there is nothing, which trouble of the machine never means.
var noAbsence = []string{"no AWS identity", "no Google identity", "no login", "none is configured", "no service account", "no credential for", "not EC2's", "has no role"}

// TestTooManyOpenFiles gives the plugin few files, and one more each time until it has enough: it never says
// that there is no credential, and never keeps a failure for others.
func TestTooManyOpenFiles(t *testing.T) {
	aws, google := newAWSCloud(t), newGoogleCloud(t)
	files := writeFiles(t, startGoogle(t))
	helpers := t.TempDir()
	if err := os.WriteFile(filepath.Join(helpers, "docker-credential-fake"), []byte("#!/bin/sh\necho '{\"Username\":\"me\",\"Secret\":\"s3cret\"}'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	login := write(t, "config.json", `{"auths":{"docker.io":{"username":"me","password":"s3cret"}}}`)
	helped := write(t, "config.json", `{"credsStore":"fake"}`)
	process := write(t, "config", "[default]\ncredential_process = /bin/echo '{\"Version\":1,\"AccessKeyId\":\"AKIAFAKE\",\"SecretAccessKey\":\"fake\"}'\n")
	public := "public.ecr.aws/nginx/nginx"
	for name, c := range map[string]struct {
		image string
		env   []string
		rules string
		want  string // in the error with enough files; "" for a credential
	}{
		"AWS":                {image: aws.image, env: aws.env},
		"AWS public":         {image: public, env: aws.env},
		"AWS process":        {image: aws.image, env: join(aws.env, []string{"AWS_CONFIG_FILE=" + process}), want: "UnrecognizedClientException"},
		"Google":             {image: google.image, env: google.env},
		"Google key":         {image: google.image, env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + files.key}},
		"Docker Hub":         {image: "docker.io/acme/app", rules: `- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: ` + login + `}}`},
		"Docker Hub default": {image: "docker.io/acme/app", env: []string{"HOME=" + hubHome(t)}},
		"Docker Hub helper":  {image: "docker.io/acme/app", env: []string{"PATH=" + helpers + ":" + os.Getenv("PATH")}, rules: `- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: ` + helped + `}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			env := join(s.env(), c.env)
			args := []string{}
			if c.rules != "" {
				args = config(t, c.rules+"\n")
			}
			enough := 0
			for n := 3; n < 40 && enough < 3; n++ {
				r := askWithLimit(t, "-n "+strconv.Itoa(n), env, c.image, args...)
				if len(r.response.Auth) > 0 && c.want == "" || c.want != "" && strings.Contains(r.stderr, c.want) {
					enough++
				} else {
					// With fewer than some six, Go's runtime cannot begin.
					early := r.code == 2 && strings.Contains(r.stderr, "runtime: ")
					if r.stdout != "" || !early && (r.code != 1 || !strings.Contains(r.stderr, "too many open files") || !strings.Contains(r.stderr, "pullpass: hint: too many files are open")) {
						t.Errorf("with %d files: exit code %d, stdout %q\n%s", n, r.code, r.stdout, r.stderr)
					}
					for _, text := range noAbsence {
						if strings.Contains(r.stderr, text) {
							t.Errorf("with %d files:\n%s", n, r.stderr)
						}
					}
				}
				if _, err := os.Stat(string(s)); err != nil {
					continue
				}
				for _, path := range s.files(t, ".json") {
					if enough == 0 && readEntry(t, path).failure() != nil {
						t.Errorf("with %d files, a failure is kept: %v", n, readEntry(t, path).failure())
					}
					os.Remove(path)
				}
			}
			if enough < 3 {
				t.Error("there are never enough")
			}
		})
	}
}

// TestLittleMemory is TestTooManyOpenFiles for the address space. Go's runtime ends a process that gets none.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		image string
		cloud *cloud
	}{{"public.ecr.aws/nginx/nginx", newAWSCloud(t)}, {googleImage, newGoogleCloud(t)}} {
		answered := false
		s := newStore(t)
		for size := 8 << 10; size < 4<<20; size += size / 4 { // KiB
			r := askWithLimit(t, "-v "+strconv.Itoa(size), join(s.env(), c.cloud.env), c.image)
			answered = len(r.response.Auth) > 0
			if !answered && (r.stdout != "" || r.code == 0) {
				t.Errorf("with %d KiB: exit code %d, stdout %q\n%s", size, r.code, r.stdout, r.stderr)
			}
			for _, text := range noAbsence {
				if strings.Contains(r.stderr, text) {
					t.Errorf("with %d KiB:\n%s", size, r.stderr)
				}
			}
			if _, err := os.Stat(string(s)); err != nil {
				continue
			}
			for _, path := range s.files(t, ".json") {
				if failure := readEntry(t, path).failure(); failure != nil {
					t.Errorf("with %d KiB, a failure is kept: %v", size, failure)
				}
				os.Remove(path)
			}
		}
		if !answered {
			t.Errorf("%s: there is never enough", c.image)
		}
	}
}

// hubHome returns a home with a login for Docker Hub.
func hubHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	data := []byte(`{"auths":{"docker.io":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("me:s3cret")) + `"}}}`)
	if err := os.WriteFile(filepath.Join(home, ".docker", "config.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// TestFileSizeLimit: an answer needs no file.
func TestFileSizeLimit(t *testing.T) {
	aws := newAWSCloud(t)
	s := newStore(t)
	r := askWithLimit(t, "-f 0", join(aws.env, s.env()), aws.image)
	aws.accepts(t, r)
	if !strings.Contains(r.stderr, "file too large") {
		t.Errorf("no warning:\n%s", r.stderr)
	}
	if kept := s.files(t, ".json"); len(kept) != 0 {
		t.Errorf("it has kept %q", kept)
	}
}

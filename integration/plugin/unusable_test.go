package plugin

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestUnusableLogins: what no registry can take is a failure of its source, which says what is wrong, and
// never the value.
func TestUnusableLogins(t *testing.T) {
	const canary = "c4n4ry"
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	auth := func(login string) string { return fmt.Sprintf(`{"auths":{"docker.io":{"auth":%q}}}`, encode(login)) }
	hub := func(t *testing.T, file string) (env, args []string, image string) {
		return nil, config(t, "- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+write(t, "config.json", file)+"}}\n"), "docker.io/acme/app"
	}
	password := func(t *testing.T, text string) (env, args []string, image string) {
		return nil, config(t, "- {match: docker.io, provider: dockerhub, dockerhub: {username: me, passwordFile: "+write(t, "password", text)+"}}\n"), "docker.io/acme/app"
	}
	helper := func(t *testing.T, secret string) (env, args []string, image string) {
		directory := t.TempDir()
		program := "#!/bin/sh\nprintf '%s' '{\"Username\":\"me\",\"Secret\":\"" + secret + "\"}'\n"
		if err := os.WriteFile(filepath.Join(directory, "docker-credential-fake"), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
		_, args, image = hub(t, `{"credsStore":"fake"}`)
		return []string{"PATH=" + directory + ":" + os.Getenv("PATH")}, args, image
	}
	ecr := func(t *testing.T, login string) (env, args []string, image string) {
		aws := newAWSCloud(t)
		aws.fake.Always(aws.token, script.Order{Status: 200, Body: fmt.Sprintf(`{"authorizationData":[{"authorizationToken":%q,"expiresAt":%d}]}`, encode(login), time.Now().Add(time.Hour).Unix())})
		return aws.env, nil, aws.image
	}
	type setup func(*testing.T, string) (env, args []string, image string)
	for _, c := range []struct {
		name  string
		setup setup
		text  string
		want  string // in the error; "" for a login that is fine
	}{
		{"ECR with NUL", ecr, "AWS:" + canary + "\x00", "password contains"},
		{"ECR with line break", ecr, "AWS:" + canary + "\nx", "password contains"},
		{"ECR with line break in the user", ecr, "A\nWS:" + canary, "username contains"},
		{"ECR", ecr, "AWS:" + canary, ""},
		{"Docker Hub with NUL", hub, auth("me:" + canary + "\x00"), "password contains"},
		{"Docker Hub with line end", hub, auth("me:" + canary + "\n"), "password ends with a line break"},
		{"Docker Hub with NUL in the user", hub, auth("m\x00e:" + canary), "username contains"},
		{"Docker Hub with colon in the user", hub, `{"auths":{"docker.io":{"username":"m:e","password":"` + canary + `"}}}`, "username contains a colon"},
		{"Docker Hub with not UTF-8", hub, auth("me:" + canary + "\xff"), "UTF-8"},
		{"Docker Hub with blanks quotes beyond ASCII", hub, auth("mé:" + canary + ` "'\ ☃`), ""},
		{"password file with NUL", password, canary + "\x00", "password contains"},
		{"password file with escape", password, canary + "\x1b[0m", "password contains"},
		{"password file with lines", password, canary + "\nx", "more than one line"},
		{"password file with line end", password, canary + "\r\n", ""},
		{"helper with line end", helper, canary + `\n`, "password ends with a line break"},
		{"helper with NUL", helper, canary + `\u0000`, "password contains"},
		{"helper", helper, canary, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env, args, image := c.setup(t, c.text)
			s := newStore(t)
			r := ask(t, join(s.env(), env), image, args...)
			if c.want == "" {
				if r.code != 0 || len(r.response.Auth) == 0 {
					t.Errorf("exit code %d\n%s", r.code, r.stderr)
				}
				return
			}
			r.failed(t, c.want)
			r.silent(t, canary)
			for _, path := range s.files(t, ".json") {
				if data, err := os.ReadFile(path); err != nil || strings.Contains(string(data), canary) {
					t.Errorf("the cache holds %s, %v", data, err)
				}
			}
		})
	}
}

// TestUnusableEntries: an entry with a login that no registry can take, or with absurd times, costs a call.
func TestUnusableEntries(t *testing.T) {
	now := time.Now()
	for name, change := range map[string]entry{
		"NUL":           {"password": "x\x00"},
		"line break":    {"username": "A\nWS"},
		"colon":         {"username": "A:WS"},
		"the year 5138": {"issued": now.Add(-2 * time.Minute), "expires": time.Date(5138, 11, 16, 9, 46, 39, 0, time.UTC)},
		"three days":    {"issued": now.Add(-2 * time.Minute), "expires": now.Add(72 * time.Hour)},
		"the future":    {"issued": now.Add(time.Hour), "expires": now.Add(2 * time.Hour)},
		"a failure until the year 5138": {"username": nil, "password": nil, "issued": nil, "refresh": nil, "expires": nil,
			"failure": entry{"text": "no", "count": 1, "at": now.Add(-2 * time.Minute), "until": time.Date(5138, 11, 16, 9, 46, 39, 0, time.UTC)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aws := newAWSCloud(t)
			s := newStore(t)
			aws.accepts(t, aws.ask(t, s))
			edit(t, s.entry(t), change)
			aws.accepts(t, aws.ask(t, s))
			aws.accepts(t, aws.ask(t, s))
			aws.fetched(t, 2)
		})
	}
}

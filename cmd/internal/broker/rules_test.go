package broker

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// TestNewRules: those of the config come first, then one of each backend; a relative DOCKER_CONFIG
// is told once, however many rules would have used it.
func TestNewRules(t *testing.T) {
	const file = `apiVersion: pullpass/v1
kind: Config
registries:
- {match: docker.io/acme/, provider: dockerhub}
- {match: docker.io/team/, provider: dockerhub, dockerhub: {}}
- {match: docker.io/other/, provider: dockerhub, dockerhub: {dockerConfig: /other.json}, anonymousTry: false}
- {match: "*.gcr.io", provider: gcr, gcr: {impersonate: puller@project.iam.gserviceaccount.com}}
`
	var stderr bytes.Buffer
	b := &Broker{
		Env: &env.Env{
			Getenv: func(name string) string { return map[string]string{"DOCKER_CONFIG": "relative"}[name] },
			Log:    &env.Log{Out: &stderr},
		},
		Backends: backends.All(),
	}
	var err error
	if b.Config, err = config.Parse("config.yaml", []byte(file), b.Backends); err != nil {
		t.Fatal(err)
	}
	b.Rules = b.newRules()
	var patterns []string
	for _, rule := range b.Rules {
		text := "built-in"
		if rule.Pattern != nil {
			text = rule.Pattern.String()
		}
		patterns = append(patterns, text)
	}
	if got, want := strings.Join(patterns, " "), "docker.io/acme/ docker.io/team/ docker.io/other/ *.gcr.io built-in built-in built-in"; got != want {
		t.Errorf("the rules are %s, want %s", got, want)
	}
	if got, want := stderr.String(), "pullpass: warning: DOCKER_CONFIG is not an absolute path and is not used\n"; got != want {
		t.Errorf("stderr is %q, want %q", got, want)
	}
	for reference, want := range map[string]string{
		"docker.io/acme/app":  "provider=dockerhub\ndefaultConfig=",
		"docker.io/team/app":  "provider=dockerhub\ndefaultConfig=",
		"docker.io/other/app": "provider=dockerhub\ndockerConfig=/other.json\n",
		"nginx":               "provider=dockerhub\ndefaultConfig=",
		"us.gcr.io/p/app":     "provider=gcr\nimpersonate=puller@project.iam.gserviceaccount.com\n",
		"gcr.io/p/app":        "provider=gcr\nmetadata-host=",
		"public.ecr.aws/app":  "provider=ecr\nservice=ecr-public\n",
		"ghcr.io/acme/app":    "",
	} {
		image, err := provider.ParseImage(reference)
		if err != nil {
			t.Fatal(err)
		}
		choice, claimed := provider.Choose(b.Rules, provider.Request{Image: image})
		if claimed != (want != "") || !strings.HasPrefix(string(choice.Scope), want) {
			t.Errorf("%s has the scope %q, want %q", reference, choice.Scope, want)
		}
	}
}

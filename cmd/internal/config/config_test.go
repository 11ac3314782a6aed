package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

const (
	head    = "apiVersion: pullpass/v1\nkind: Config\n"
	ecrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	ecrRule = head + "registries:\n- match: " + ecrHost + "\n  provider: ecr\n"                  // 5 lines
	gcrRule = head + "registries:\n- match: europe-docker.pkg.dev\n  provider: gcr\n"            // 5 lines
	hubRule = head + "registries:\n- match: docker.io/acme/\n  provider: dockerhub\n"            // 5 lines
	anyRule = head + "registries:\n- match: '*.pkg.dev'\n  provider: gcr\n- match: '*.gcr.io'\n" // 6 lines
)

// full is the file of the design document.
const full = `apiVersion: pullpass/v1
kind: Config
cache:
  dir: /run/pullpass          # tmpfs
metrics:
  textfile: /var/lib/node_exporter/textfile_collector/pullpass.prom
registries:                    # first match wins
- match: "123456789012.dkr.ecr.*.amazonaws.com"
  provider: ecr
  ecr: {roleARN: "arn:aws:iam::123456789012:role/pull", externalID: "4711", endpoint: "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com"}
- match: "europe-docker.pkg.dev"
  provider: gcr
  gcr: {credentialsFile: /etc/pullpass/google.json, impersonate: puller@project.iam.gserviceaccount.com}
- match: docker.io
  provider: dockerhub
  anonymousTry: false
  dockerhub: {dockerConfig: /etc/pullpass/docker/config.json}
`

func fullConfig(t *testing.T) Config {
	no := false
	return Config{
		CacheDir:    "/run/pullpass",
		MetricsFile: "/var/lib/node_exporter/textfile_collector/pullpass.prom",
		Registries: []Registry{{
			Pattern:  pattern(t, "123456789012.dkr.ecr.*.amazonaws.com"),
			Provider: provider.ECR,
			ECR: ECR{
				RoleARN:    "arn:aws:iam::123456789012:role/pull",
				ExternalID: "4711",
				Endpoint:   "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com",
			},
		}, {
			Pattern:  pattern(t, "europe-docker.pkg.dev"),
			Provider: provider.Google,
			GCR: GCR{
				CredentialsFile: "/etc/pullpass/google.json",
				Impersonate:     "puller@project.iam.gserviceaccount.com",
			},
		}, {
			Pattern:      pattern(t, "docker.io"),
			Provider:     provider.DockerHub,
			AnonymousTry: &no,
			DockerHub:    DockerHub{DockerConfig: "/etc/pullpass/docker/config.json"},
		}},
	}
}

func pattern(t *testing.T, text string) provider.Pattern {
	t.Helper()
	p, err := provider.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseGood(t *testing.T) {
	hub := func(registry Registry) Config {
		registry.Pattern, registry.Provider = pattern(t, "docker.io/acme/"), provider.DockerHub
		return Config{Registries: []Registry{registry}}
	}
	yes := true
	tests := []struct {
		name, file string
		want       Config
	}{
		{"design", full, fullConfig(t)},
		{"minimal", head, Config{}},
		{"no rules", head + "registries: []\n", Config{}},
		{"byte order mark", "\ufeff" + head, Config{}},
		{"Windows line ends", strings.ReplaceAll(full, "\n", "\r\n"), fullConfig(t)},
		{"document marks", "%YAML 1.1\n---\n" + head + "...\n", Config{}},
		{"JSON", "{\n\t\"apiVersion\": \"pullpass/v1\", \"kind\": \"Config\",\n\t\"registries\": [\n\t\t{" +
			"\"match\": \"docker.io/acme/\", \"provider\": \"dockerhub\", \"anonymousTry\": true,\n\t\t\t\"dockerhub\": {}}]}",
			hub(Registry{AnonymousTry: &yes})},
		{"token in a file", hubRule + "  dockerhub:\n    username: acme\n    passwordFile: /etc/pullpass/token\n",
			hub(Registry{DockerHub: DockerHub{Username: "acme", PasswordFile: "/etc/pullpass/token"}})},
		{"quoted number", hubRule + "  dockerhub: {username: \"4711\", passwordFile: /t}\n",
			hub(Registry{DockerHub: DockerHub{Username: "4711", PasswordFile: "/t"}})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse("config.yaml", []byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("Parse gives %+v, want %+v", got, test.want)
			}
		})
	}
}

// Rules that look like those that are refused.
func TestParseGoodRules(t *testing.T) {
	for _, rules := range []string{
		"- {match: docker.io/acme/, provider: dockerhub}\n- {match: docker.io, provider: dockerhub}\n",
		"- {match: docker.io/acme/, provider: dockerhub}\n- {match: docker.io/acm, provider: dockerhub}\n",
		"- {match: '*.io', provider: gcr}\n- {match: '*.io', provider: dockerhub}\n",
		"- {match: '*.io', provider: gcr}\n- {match: docker.io, provider: dockerhub}\n",
		"- {match: eu.gcr.io, provider: gcr}\n- {match: '*.gcr.io', provider: gcr}\n- {match: '*.pkg.dev', provider: gcr}\n",
		"- {match: 'gcr.io:443', provider: gcr}\n- {match: gcr.io, provider: gcr}\n",
		"- {match: Public.ECR.aws, provider: ecr, ecr: {profile: p}}\n",
		"- {match: '*.gcr.io', provider: gcr}\n",
	} {
		if _, err := Parse("config.yaml", []byte(head+"registries:\n"+rules)); err != nil {
			t.Errorf("Parse refuses\n%s%v", rules, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("{\"apiVersion\": \"pullpass/v1\", \"kind\": \"Config\", \"registries\": [{}]}"))
	for _, test := range badFiles {
		f.Add([]byte(test.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := Parse("config.yaml", data)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "config.yaml:") || strings.ContainsAny(text, "\r\n\x00\x1b") {
				t.Errorf("Parse gives the error %q", text)
			}
			return
		}
		for _, r := range config.Registries {
			if r.Pattern.String() == "" || r.Provider == "" {
				t.Errorf("Parse gives the rule %+v", r)
			}
		}
	})
}

package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
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
log: {file: /var/log/pullpass.log}
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

// fullConfig is what full says, with backends of a list.
func fullConfig(t *testing.T, list provider.Backends) Config {
	no := false
	return Config{
		CacheDir:    "/run/pullpass",
		MetricsFile: "/var/lib/node_exporter/textfile_collector/pullpass.prom",
		LogFile:     "/var/log/pullpass.log",
		Registries: []Registry{{
			Pattern: pattern(t, "123456789012.dkr.ecr.*.amazonaws.com"),
			Backend: list.Named("ecr"),
			Settings: provider.Settings{
				"roleARN":    "arn:aws:iam::123456789012:role/pull",
				"externalID": "4711",
				"endpoint":   "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com",
			},
		}, {
			Pattern: pattern(t, "europe-docker.pkg.dev"),
			Backend: list.Named("gcr"),
			Settings: provider.Settings{
				"credentialsFile": "/etc/pullpass/google.json",
				"impersonate":     "puller@project.iam.gserviceaccount.com",
			},
		}, {
			Pattern:      pattern(t, "docker.io"),
			Backend:      list.Named("dockerhub"),
			AnonymousTry: &no,
			Settings:     provider.Settings{"dockerConfig": "/etc/pullpass/docker/config.json"},
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

// A goodFile is a file with what it says.
type goodFile struct {
	name, file string
	want       Config
}

// goodFiles are files with backends of a list.
func goodFiles(t *testing.T, list provider.Backends) []goodFile {
	hub := func(registry Registry) Config {
		registry.Pattern, registry.Backend = pattern(t, "docker.io/acme/"), list.Named("dockerhub")
		return Config{Registries: []Registry{registry}}
	}
	yes := true
	return []goodFile{
		{"design", full, fullConfig(t, list)},
		{"minimal", head, Config{}},
		{"no rules", head + "registries: []\n", Config{}},
		{"byte order mark", "\ufeff" + head, Config{}},
		{"Windows line ends", strings.ReplaceAll(full, "\n", "\r\n"), fullConfig(t, list)},
		{"document marks", "%YAML 1.1\n---\n" + head + "...\n", Config{}},
		{"JSON", "{\n\t\"apiVersion\": \"pullpass/v1\", \"kind\": \"Config\",\n\t\"registries\": [\n\t\t{" +
			"\"match\": \"docker.io/acme/\", \"provider\": \"dockerhub\", \"anonymousTry\": true,\n\t\t\t\"dockerhub\": {}}]}",
			hub(Registry{AnonymousTry: &yes, Settings: provider.Settings{}})},
		{"token in a file", hubRule + "  dockerhub:\n    username: acme\n    passwordFile: /etc/pullpass/token\n",
			hub(Registry{Settings: provider.Settings{"username": "acme", "passwordFile": "/etc/pullpass/token"}})},
		{"quoted number", hubRule + "  dockerhub: {username: \"4711\", passwordFile: /t}\n",
			hub(Registry{Settings: provider.Settings{"username": "4711", "passwordFile": "/t"}})},
	}
}

func TestParseGood(t *testing.T) {
	list := backends.All()
	for _, test := range goodFiles(t, list) {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse("config.yaml", []byte(test.file), list)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("Parse gives %+v, want %+v", got, test.want)
			}
		})
	}
}

// goodRules look like those that are refused.
var goodRules = []string{
	"- {match: docker.io/acme/, provider: dockerhub}\n- {match: docker.io, provider: dockerhub}\n",
	"- {match: docker.io/acme/, provider: dockerhub}\n- {match: docker.io/acm, provider: dockerhub}\n",
	"- {match: '*.io', provider: gcr}\n- {match: '*.io', provider: dockerhub}\n",
	"- {match: '*.io', provider: gcr}\n- {match: docker.io, provider: dockerhub}\n",
	"- {match: eu.gcr.io, provider: gcr}\n- {match: '*.gcr.io', provider: gcr}\n- {match: '*.pkg.dev', provider: gcr}\n",
	"- {match: 'gcr.io:443', provider: gcr}\n- {match: gcr.io, provider: gcr}\n",
	"- {match: Public.ECR.aws, provider: ecr, ecr: {profile: p}}\n",
	"- {match: '*.gcr.io', provider: gcr}\n",
}

func TestParseGoodRules(t *testing.T) {
	for _, rules := range goodRules {
		if _, err := Parse("config.yaml", []byte(head+"registries:\n"+rules), backends.All()); err != nil {
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
	list := backends.All()
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := Parse("config.yaml", data, list)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "config.yaml:") || strings.ContainsAny(text, "\r\n\x00\x1b") {
				t.Errorf("Parse gives the error %q", text)
			}
			return
		}
		for _, r := range config.Registries {
			if r.Pattern.String() == "" || r.Backend == nil {
				t.Errorf("Parse gives the rule %+v", r)
			}
		}
	})
}

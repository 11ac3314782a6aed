package config

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
)

// badFiles are files with their errors, each after "config.yaml:".
var badFiles = []struct{ name, file, err string }{
	// Not one YAML document.
	{"empty", "", "1: the file is empty; it must say apiVersion: pullpass/v1 and kind: Config"},
	{"comments only", "# soon\n\n", "1: the file is empty; it must say apiVersion: pullpass/v1 and kind: Config"},
	{"empty document", "---\n", "2: must be a mapping, is empty"},
	{"two documents", head + "---\n" + head, "3: a second document; a config file is one"},
	{"two documents, the second empty", head + "---\n", "3: a second document; a config file is one"},
	{"two documents, the first wrong", "a: b\n---\n" + head, "1: a: unknown field, known are apiVersion, kind, cache, metrics, registries"},
	{"not UTF-8", head + "# \xff\n", "3: not UTF-8"},
	{"UTF-16", "\xff\xfea\x00", "1: not UTF-8"},
	{"control character", head + "cache:\n  dir: /run\x01\n", "4: not YAML: control characters are not allowed"},
	{"tab", head + "cache:\n\tdir: /run\n", "4: not YAML: found character that cannot start any token; YAML takes no tabs for indentation"},
	{"tab within a line", head + "cache:\n  dir:\t@x\n", "4: not YAML: found character that cannot start any token"},
	{"no colon", head + "cache\nregistries: []\n", "3: not YAML: could not find expected ':'"},
	{"colon in a value", "apiVersion: a: b\n", "1: not YAML: mapping values are not allowed in this context"},
	{"indentation", ecrRule + " ecr: {}\n", "6: not YAML: did not find expected key"},
	{"open bracket", head + "registries: [\n- match: x\n", "3: not YAML: did not find expected node content"},
	{"open quote", head + "cache:\n  dir: \"/run\nregistries: []\n", "4: not YAML: found unexpected end of stream"},
	{"unknown alias", head + "cache: *cache\n", "3: not YAML: an unknown anchor; a value that begins with * must be in quotes"},
	{"pattern without quotes", head + "registries:\n- match: *.pkg.dev\n",
		"4: not YAML: did not find expected alphabetic or numeric character; a value that begins with * must be in quotes"},
	{"after the end", head + "...\nx\n", "4: not YAML: did not find expected <document start>"},
	{"JSON without a comma", "{\n  \"kind\": \"Config\"\n  \"apiVersion\": \"\"\n}\n", "2: not YAML: did not find expected ',' or '}'"},

	// Shape.
	{"list", "- a\n", "1: must be a mapping, is a list"},
	{"text", "hello\n", "1: must be a mapping, is a string"},
	{"no apiVersion", "kind: Config\n", "1: apiVersion: missing, must be pullpass/v1"},
	{"no kind", "\napiVersion: pullpass/v1\n", "2: kind: missing, must be Config"},
	{"other apiVersion", "apiVersion: pullpass/v2\nkind: Config\n", "1: apiVersion: must be pullpass/v1, is pullpass/v2"},
	{"other kind", "apiVersion: pullpass/v1\nkind: \"Con\\nfig\"\n", "2: kind: must not contain control characters"},
	{"kubelet's config", "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders: []\n",
		"1: apiVersion: must be pullpass/v1, is kubelet.config.k8s.io/v1"},
	{"unknown field", head + "log: debug\n", "3: log: unknown field, known are apiVersion, kind, cache, metrics, registries"},
	{"misspelt field", head + "registry: []\nregistrys: []\n", "3: registry: unknown field, known are apiVersion, kind, cache, metrics, registries"},
	{"misspelt field, near", head + "registrys: []\n", "3: registrys: unknown field, did you mean registries?"},
	{"misspelt case", "ApiVersion: pullpass/v1\nkind: Config\n", "1: ApiVersion: unknown field, did you mean apiVersion?"},
	{"misspelt deep inside", ecrRule + "  ecr:\n    rolARN: x\n", "7: registries[0].ecr.rolARN: unknown field, did you mean roleARN?"},
	{"other provider's name as a field", ecrRule + "  acr: {}\n",
		"6: registries[0].acr: unknown field, known are match, provider, anonymousTry, ecr, gcr, dockerhub"},
	{"strange field", head + "\"\\e[1m\\n\": 1\n",
		`3: unknown field, known are apiVersion, kind, cache, metrics, registries`},
	{"long field", head + strings.Repeat("a", 300) + ": 1\n",
		`3: unknown field, known are apiVersion, kind, cache, metrics, registries`},
	{"duplicate", head + "cache: {}\nkind: Config\n", "4: kind: given twice, first on line 2"},
	{"duplicate in JSON", "{\"kind\": \"Config\", \"kind\": \"Config\"}", "1: kind: given twice, first on line 1"},
	{"duplicate section", gcrRule + "  gcr: {}\n  gcr: {}\n", "7: registries[0].gcr: given twice, first on line 6"},
	{"number for a field", head + "1: 2\n", "3: the name of a field must be a plain string"},
	{"mapping for a field", head + "cache:\n  ? {a: b}\n  : c\n", "4: cache: the name of a field must be a plain string"},
	{"alias for a field", head + "cache: &c {}\n*c : 1\n", "3: cache: anchors and aliases are not supported"},
	{"anchored field", head + "&c cache: {}\n", "3: the name of a field must be a plain string"},
	{"merge key", head + "cache: {<<: {dir: /run}}\n", "3: cache: merge keys are not supported"},
	{"merge key as a value", head + "cache: {dir: <<}\n", "3: cache.dir: must be a string, is a merge key; put it in quotes"},
	{"anchor", head + "cache: &c\n  dir: /run\n", "3: cache: anchors and aliases are not supported"},
	{"alias", ecrRule + "  ecr: {profile: &p x}\n", "6: registries[0].ecr.profile: anchors and aliases are not supported"},
	{"cycle", head + "cache: &c {dir: *c}\n", "3: cache: anchors and aliases are not supported"},
	{"nothing", head + "cache:\n", "3: cache: must be a mapping, is empty"},
	{"null", head + "registries: ~\n", "3: registries: must be a list, is empty"},
	{"null text", head + "cache:\n  dir: null\n", "4: cache.dir: must be a string, is empty"},
	{"empty text", head + "cache: {dir: \"\"}\n", "3: cache.dir: must not be empty"},
	{"null rule", head + "registries:\n-\n", "4: registries[0]: must be a mapping, is empty"},
	{"text for a rule", head + "registries: [docker.io]\n", "3: registries[0]: must be a mapping, is a string"},
	{"mapping for rules", head + "registries:\n  match: docker.io\n", "3: registries: must be a list, is a mapping"},
	{"number for text", ecrRule + "  ecr: {profile: 4711}\n", "6: registries[0].ecr.profile: must be a string, is a number; put it in quotes"},
	{"float for text", "apiVersion: 1.0\nkind: Config\n", "1: apiVersion: must be a string, is a number; put it in quotes"},
	{"boolean for text", "apiVersion: pullpass/v1\nkind: true\n", "2: kind: must be a string, is a boolean; put it in quotes"},
	{"date for text", ecrRule + "  ecr: {profile: 2026-01-01}\n", "6: registries[0].ecr.profile: must be a string, is a date; put it in quotes"},
	{"list for text", head + "cache: {dir: [/run]}\n", "3: cache.dir: must be a string, is a list"},
	{"tag for text", head + "cache: {dir: !env RUN}\n", "3: cache.dir: must be a string, is tagged; put it in quotes"},
	{"text for boolean", hubRule + "  anonymousTry: no\n", "6: registries[0].anonymousTry: must be true or false, is a string"},
	{"tagged boolean", hubRule + "  anonymousTry: !!bool maybe\n", "6: registries[0].anonymousTry: must be true or false"},

	// Rules.
	{"no match", head + "registries:\n- provider: ecr\n", "4: registries[0].match: missing"},
	{"no provider", head + "registries:\n- match: gcr.io\n", "4: registries[0].provider: missing"},
	{"no match behind a wildcard", anyRule + "  provider: gcr\n- provider: gcr\n", "8: registries[2].match: missing"},
	{"empty rule", head + "registries: [{}]\n", "3: registries[0].match: missing"},
	{"scheme", head + "registries:\n- match: https://gcr.io\n",
		"4: registries[0].match: a pattern is a host without a scheme, such as registry.example.com"},
	{"bad glob", head + "registries:\n- match: '[a-z].gcr.io'\n  provider: gcr\n", "4: registries[0].match: brackets and colons stand only in an IPv6 address, and the only wildcard is *"},
	{"Docker Hub's other name", head + "registries:\n- match: index.docker.io\n  provider: dockerhub\n",
		"4: registries[0].match: index.docker.io never matches an image of Docker Hub, whose host is docker.io"},
	{"unknown provider", head + "registries:\n- match: x.azurecr.io\n  provider: acr\n",
		"5: registries[0].provider: unknown provider acr, known are ecr, gcr, dockerhub"},
	{"misspelt provider", head + "registries:\n- match: docker.io\n  provider: docker-hub\n",
		"5: registries[0].provider: unknown provider docker-hub, did you mean dockerhub?"},
	{"other provider's section", ecrRule + "  gcr: {}\n", "6: registries[0].gcr: does not belong in a rule of provider ecr"},
	{"other provider's host", head + "registries:\n- match: ghcr.io/acme\n  provider: gcr\n",
		"4: registries[0].match: ghcr.io/acme selects no host of gcr, the rule would never be used"},
	{"other known provider's host", head + "registries:\n- match: docker.io\n  provider: ecr\n",
		"4: registries[0].match: docker.io selects no host of ecr, the rule would never be used"},
	{"wildcards with too few labels", head + "registries:\n- match: '*.amazonaws.com'\n  provider: ecr\n",
		"4: registries[0].match: *.amazonaws.com selects no host of ecr, the rule would never be used; each * is one label or a part of one"},
	{"colon in the username", head + "registries:\n- match: docker.io\n  provider: dockerhub\n  dockerhub: {username: 'a:b', passwordFile: /x}\n",
		"6: registries[0].dockerhub.username: must not contain a colon: the registry would take what follows for the password"},
	{"other port", head + "registries:\n- match: gcr.io:5000\n  provider: gcr\n",
		"4: registries[0].match: gcr.io:5000 selects no host of gcr, the rule would never be used"},
	{"same rule twice", anyRule + "  provider: gcr\n- match: '*.PKG.dev'\n  provider: gcr\n",
		"8: registries[2].match: never reached, registries[0] on line 4 selects the same images first"},
	{"behind a wildcard", anyRule + "  provider: gcr\n- provider: gcr\n  match: eu-docker.pkg.dev/acme\n",
		"9: registries[2].match: never reached, registries[0] on line 4 selects the same images first"},
	{"behind a wider wildcard", anyRule + "  provider: gcr\n- match: eu-*.pkg.dev\n  provider: gcr\n",
		"8: registries[2].match: never reached, registries[0] on line 4 selects the same images first"},
	{"behind a shorter path", hubRule + "- match: docker.io/acme/app\n  provider: dockerhub\n",
		"6: registries[1].match: never reached, registries[0] on line 4 selects the same images first"},

	// Sections.
	{"relative cache", head + "cache: {dir: run/pullpass}\n", "3: cache.dir: must be an absolute path"},
	{"relative textfile", head + "metrics: {textfile: pullpass.prom}\n", "3: metrics.textfile: must be an absolute path"},
	{"textfile that is not read", head + "metrics:\n  textfile: /var/lib/node_exporter/pullpass.txt\n",
		"4: metrics.textfile: must end in .prom, or node_exporter does not read it"},
	{"directory for a textfile", head + "metrics: {textfile: /var/lib/node_exporter/}\n",
		"3: metrics.textfile: must end in .prom, or node_exporter does not read it"},
	{"text for metrics", head + "metrics: /pullpass.prom\n", "3: metrics: must be a mapping, is a string"},
	{"misspelt textfile", head + "metrics: {textFile: /pullpass.prom}\n", "3: metrics.textFile: unknown field, did you mean textfile?"},
	{"relative key file", gcrRule + "  gcr: {credentialsFile: google.json}\n", "6: registries[0].gcr.credentialsFile: must be an absolute path"},
	{"relative docker config", hubRule + "  dockerhub: {dockerConfig: ~/.docker/config.json}\n",
		"6: registries[0].dockerhub.dockerConfig: must be an absolute path"},
	{"relative password file", hubRule + "  dockerhub: {username: a, passwordFile: ./t}\n",
		"6: registries[0].dockerhub.passwordFile: must be an absolute path"},
	{"NUL in a path", head + "cache: {dir: \"/run\\0\"}\n", "3: cache.dir: must not contain control characters"},
	{"two sources", hubRule + "  dockerhub:\n    username: acme\n    dockerConfig: /c\n",
		"8: registries[0].dockerhub.dockerConfig: a second source for the credential beside username"},
	{"two sources, all given", hubRule + "  dockerhub: {username: acme, passwordFile: /t, dockerConfig: /c}\n",
		"6: registries[0].dockerhub.dockerConfig: a second source for the credential beside username"},
	{"two sources, by file", hubRule + "  dockerhub: {dockerConfig: /c, passwordFile: /t}\n",
		"6: registries[0].dockerhub.dockerConfig: a second source for the credential beside passwordFile"},
	{"username alone", hubRule + "  dockerhub: {username: acme}\n", "6: registries[0].dockerhub.username: of no use without passwordFile"},
	{"password file alone", hubRule + "  dockerhub: {passwordFile: /t}\n", "6: registries[0].dockerhub.passwordFile: of no use without username"},
	{"password in the config", hubRule + "  dockerhub: {username: acme, password: hunter2}\n",
		"6: registries[0].dockerhub.password: unknown field, did you mean passwordFile?"},
	{"external ID alone", ecrRule + "  ecr: {externalID: x}\n", "6: registries[0].ecr.externalID: of no use without roleARN"},
	{"not an e-mail address", gcrRule + "  gcr: {impersonate: puller}\n",
		"6: registries[0].gcr.impersonate: must be the e-mail address of a service account, such as puller@project.iam.gserviceaccount.com"},
	{"the first of many", ecrRule + "  ecr: {endpoint: x, rolARN: y, profile: 1}\nx: y\n",
		"6: registries[0].ecr.endpoint: must be a URL such as https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com"},
}

func TestParseBad(t *testing.T) {
	list := backends.All()
	for _, test := range badFiles {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("config.yaml", []byte(test.file), list)
			if want := "config.yaml:" + test.err; err == nil || err.Error() != want {
				t.Errorf("Parse of\n%s\ngives %v\nwant  %s", test.file, err, want)
			}
		})
	}
}

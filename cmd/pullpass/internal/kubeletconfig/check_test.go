package kubeletconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/provider"
)

// lines writes faults as pullpass config check does, without the name of the file.
func lines(findings []report.Finding) string {
	var text strings.Builder
	for _, f := range findings {
		note := ""
		if f.Severity == report.Note {
			note = "note: "
		}
		fmt.Fprintf(&text, "%d: %s%s: %s\n", f.Line, note, f.Field, f.Text)
		if f.Fix != "" {
			fmt.Fprintf(&text, "  hint: %s\n", f.Fix)
		}
	}
	return text.String()
}

// TestCheckAll: all faults of a file are reported, in its order. What the kubelet refuses is in the tests of
// the integration module, by its own code.
func TestCheckAll(t *testing.T) {
	const file = `apiVersion: credentialprovider.kubelet.k8s.io/v1
kind: KubeletConfiguration
provider: x
providers:
- name: a/b
  apiversion: credentialprovider.kubelet.k8s.io/v1
  defaultCacheDuration: 1d
  matchImages: [https://reg.io, "b io", 5]
  env: [{name: TOKEN, value: hunter2, vlaue: hunter2}, TOKEN=hunter2, {name: B, value: 4711}]
- matchImages: reg.io
  args: hunter2
  tokenAttributes: {cacheType: tokens, requireServiceAccount: false, requiredServiceAccountAnnotationKeys: [/a]}
  name: a/b
`
	const want = `1: apiVersion: must be one of kubelet.config.k8s.io/v1, kubelet.config.k8s.io/v1beta1, kubelet.config.k8s.io/v1alpha1; is credentialprovider.kubelet.k8s.io/v1
2: kind: must be CredentialProviderConfig; is KubeletConfiguration
3: provider: unknown field
  hint: did you mean providers?
5: providers[0].name: must be the name of a file in the bin dir, not a path
5: providers[0].apiVersion: missing, must be one of credentialprovider.kubelet.k8s.io/v1, credentialprovider.kubelet.k8s.io/v1beta1, credentialprovider.kubelet.k8s.io/v1alpha1
6: providers[0].apiversion: unknown field
  hint: did you mean apiVersion?
7: providers[0].defaultCacheDuration: must be a duration such as 5m or 12h, is 1d
  hint: did you mean 24h?
8: providers[0].matchImages[2]: must be a string, is a number; put it in quotes
8: note: providers[0].matchImages[0]: never matches an image: a pattern is a host without a scheme, such as registry.example.com
  hint: did you mean reg.io?
8: providers[0].matchImages[1]: must be a host with or without a path
9: providers[0].env[0]: unknown field, known are name, value
9: providers[0].env[1]: must be a mapping, is a string
9: providers[0].env[2].value: must be a string, is a number; put it in quotes
10: providers[1].apiVersion: missing, must be one of credentialprovider.kubelet.k8s.io/v1, credentialprovider.kubelet.k8s.io/v1beta1, credentialprovider.kubelet.k8s.io/v1alpha1
10: providers[1].matchImages: must be a list, is a string
10: providers[1].defaultCacheDuration: missing, must be a duration such as 5m or 12h
11: providers[1].args: must be a list, is a string
12: providers[1].tokenAttributes: needs a provider with apiVersion credentialprovider.kubelet.k8s.io/v1
12: providers[1].tokenAttributes.serviceAccountTokenAudience: missing
12: providers[1].tokenAttributes.cacheType: must be one of ServiceAccount, Token; is tokens
  hint: did you mean Token?
12: providers[1].tokenAttributes.requiredServiceAccountAnnotationKeys[0]: the part before the slash must be lower-case letters, digits, - and ., each part between dots beginning and ending with a letter or digit
12: providers[1].tokenAttributes.requireServiceAccount: must be true with requiredServiceAccountAnnotationKeys
13: providers[1].name: must be the name of a file in the bin dir, not a path
`
	if got := lines(Check([]File{{"config", []byte(file)}}, nil, backends.All())); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCheckNotes has what the kubelet takes and what is still to be said.
func TestCheckNotes(t *testing.T) {
	provider := func(name, lines string) string {
		return "- name: " + name + "\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n" + lines
	}
	for _, test := range []struct{ name, providers, want string }{
		{"none", provider("pullpass", "  defaultCacheDuration: 5m\n  matchImages: ['*.dkr.ecr.*.amazonaws.com', docker.io, docker.io/acme/]\n"), ""},
		{"EKS's own", provider("ecr-credential-provider", "  defaultCacheDuration: 12h\n  matchImages: ['*.dkr.ecr.*.amazonaws.com', public.ecr.aws]\n"), ""},
		{"Docker Hub's names", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [index.docker.io, 'https://index.docker.io/v1/', registry-1.docker.io, '*.docker.io', nginx]\n"),
			`7: note: providers[0].matchImages[0]: never matches an image: the host of Docker Hub's images is docker.io
  hint: did you mean docker.io?
7: note: providers[0].matchImages[1]: never matches an image: a pattern is a host without a scheme, such as registry.example.com
  hint: did you mean docker.io?
7: note: providers[0].matchImages[2]: never matches an image of Docker Hub, whose host is docker.io
  hint: did you mean docker.io?
7: note: providers[0].matchImages[3]: never matches an image of Docker Hub, whose host is docker.io
  hint: did you mean docker.io?
7: note: providers[0].matchImages[4]: never matches an image: a name without a dot and a port is not a host, but a path on docker.io
`},
		{"wildcards and tags", provider("a", "  defaultCacheDuration: 5m\n  matchImages: ['*.reg.io/*', 'reg.io/team/*/app', 'reg.io/app:1.2', '']\n"),
			`7: note: providers[0].matchImages[0]: never matches an image: wildcards do not work in the path, which is a plain prefix
  hint: did you mean *.reg.io?
7: note: providers[0].matchImages[1]: never matches an image: wildcards do not work in the path, which is a plain prefix
  hint: did you mean reg.io/team/?
7: note: providers[0].matchImages[2]: never matches an image: the kubelet asks for an image without its tag
  hint: did you mean reg.io/app?
7: note: providers[0].matchImages[3]: never matches an image: the pattern is empty
`},
		{"case and ports", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [Reg.io, 'GCR.io:443', 'reg.io:443', 'quay.io:5000', reg.io/Team/]\n"),
			`7: note: providers[0].matchImages[0]: the case of the host counts: images whose host is written in lower case are not selected
  hint: did you mean reg.io?
7: note: providers[0].matchImages[1]: the case of the host counts: images whose host is written in lower case are not selected
  hint: did you mean gcr.io?
7: note: providers[0].matchImages[1]: the registries of this host are asked without a port: an image that does not name the port is not selected
  hint: did you mean gcr.io?
7: note: providers[0].matchImages[2]: selects only images that name the port 443 themselves
7: note: providers[0].matchImages[4]: never matches an image: the path of an image has no upper-case letters
  hint: did you mean reg.io/team/?
`},
		{"ports of hosts that have none", provider("a", "  defaultCacheDuration: 5m\n  matchImages: ['gcr.io:443', '*.pkg.dev:8443/project/']\n"),
			`7: note: providers[0].matchImages[0]: the registries of this host are asked without a port: an image that does not name the port is not selected
  hint: did you mean gcr.io?
7: note: providers[0].matchImages[1]: the registries of this host are asked without a port: an image that does not name the port is not selected
  hint: did you mean *.pkg.dev/project/?
`},
		{"prefixes and URLs", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [reg.io/team, 'me@reg.io/x/']\n"),
			`7: note: providers[0].matchImages[0]: the path is a plain prefix: it also selects reg.io/team-other
  hint: put a / at its end if it is a directory
7: note: providers[0].matchImages[1]: the kubelet reads it as a URL, and ignores what is before the @
`},
		{"durations", provider("a", "  defaultCacheDuration: 12h1s\n  matchImages: [reg.io, public.ecr.aws]\n") +
			provider("b", "  defaultCacheDuration: 90m\n  matchImages: [gcr.io]\n") + provider("c", "  defaultCacheDuration: 0s\n  matchImages: [quay.io]\n"),
			`6: note: providers[0].defaultCacheDuration: an answer without a cache duration is cached for 12h1s, and a token of Amazon ECR expires after 12h
10: note: providers[1].defaultCacheDuration: an answer without a cache duration is cached for 90m, and a token of Google expires after 1h
14: note: providers[2].defaultCacheDuration: an answer without a cache duration is not cached: the plugin runs for each pull
`},
		{"rivals", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [quay.io, '*.dkr.ecr.us-*.amazonaws.com']\n") +
			provider("pullpass", "  defaultCacheDuration: 5m\n  matchImages: [docker.io, '*.dkr.ecr.*.amazonaws.com']\n"),
			`11: note: providers[1].matchImages[1]: selects images that a selects with *.dkr.ecr.us-*.amazonaws.com: the kubelet runs both plugins and tries the credentials of both
`},
		{"labels", provider("a", "  defaultCacheDuration: 5m\n  matchImages: ['*.dkr.ecr.amazonaws.com', 'gcr.io.']\n") + provider("pullpass", "  defaultCacheDuration: 5m\n  matchImages: ['*.*.pkg.dev/acme/']\n"),
			`7: note: providers[0].matchImages[0]: selects no image of *.dkr.ecr.*.amazonaws.com, which has 6 labels and this 5: a * is one of them, or a part of one
  hint: did you mean *.dkr.ecr.*.amazonaws.com?
7: note: providers[0].matchImages[1]: never matches an image: a part of the host is empty
  hint: did you mean gcr.io?
11: note: providers[1].matchImages[0]: selects no image of *.pkg.dev, which has 3 labels and this 4: a * is one of them, or a part of one
  hint: did you mean *.pkg.dev?
`},
		{"what pullpass does not do", provider("pullpass", "  defaultCacheDuration: 5m\n  matchImages: ['*.azurecr.io']\n  tokenAttributes: {serviceAccountTokenAudience: a, cacheType: Token, requireServiceAccount: true}\n"),
			`7: note: providers[0].matchImages[0]: pullpass serves no such registry: the kubelet runs it for nothing
8: note: providers[0].tokenAttributes: pullpass does not use the pods' tokens: it uses the node's identity for all pods
`},
		{"variables and arguments", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [quay.io]\n  args: [\"\\0\"]\n  env:\n  - value: hunter2\n  - {name: A=B, value: hunter2}\n  - {name: C}\n  - {name: C, value: hunter2}\n  - {name: D, value: \"hunter2\\0\"}\n"),
			`8: note: providers[0].args[0]: the plugin is never started: an argument cannot hold a NUL
10: note: providers[0].env[0].name: must not be empty: the plugin does not see the variable
11: note: providers[0].env[1].name: must not contain =: the plugin sees a variable of another name
13: note: providers[0].env[3].name: given twice, first on line 12: the last one counts
14: note: providers[0].env[4].value: the plugin is never started: a variable cannot hold a NUL
`},
		{"a second document", provider("a", "  defaultCacheDuration: 5m\n  matchImages: [quay.io]\n") + "---\nx: y\n", "9: note: : a second document: the kubelet reads only the first\n"},
	} {
		if got := lines(Check([]File{{"config", []byte(head + test.providers)}}, nil, backends.All())); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// TestCheckLook: a binary is looked for under each good name, once.
func TestCheckLook(t *testing.T) {
	var asked []string
	look := func(name string) error {
		asked = append(asked, name)
		if name == "b" {
			return provider.WithHint(errors.New("/bin/b is not executable"), "chmod 0755 /bin/b")
		}
		return nil
	}
	faults := Check([]File{{"config", []byte(head + "- name: a\n" + rest + "- name: b\n" + rest + "- name: c/d\n" + rest + "- name: a\n" + rest)}}, look, backends.All())
	if fmt.Sprint(asked) != "[a b]" {
		t.Errorf("asked for %v", asked)
	}
	want := "8: providers[1].name: the kubelet cannot run the binary: /bin/b is not executable\n  hint: chmod 0755 /bin/b\n"
	if got := lines(faults); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant among it\n%s", got, want)
	}
}

// TestReadFiles reads what the kubelet reads of a directory.
func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.json", "c.yml", "README", "d.yaml~"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "e.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	files, passedOver, err := ReadFiles(dir, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	var names, others []string
	for _, file := range files {
		names = append(names, filepath.Base(file.Name)+"="+string(file.Data))
	}
	for _, fault := range passedOver {
		others = append(others, filepath.Base(fault.File))
		if fault.Severity != report.Note || fault.Text == "" {
			t.Errorf("%+v", fault)
		}
	}
	if fmt.Sprint(names) != "[a.json=a.json b.yaml=b.yaml c.yml=c.yml]" || fmt.Sprint(others) != "[README d.yaml~ e.yaml]" {
		t.Errorf("read %v, passed over %v", names, others)
	}
	if _, _, err := ReadFiles(filepath.Join(dir, "none"), os.ReadFile); err == nil {
		t.Error("a path that is not there is read")
	}
}

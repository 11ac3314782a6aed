package kubeletconfig

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	nodeconfig "github.com/pullpass/pullpass/node-config"
	"github.com/pullpass/pullpass/provider"
)

func TestOverlap(t *testing.T) {
	for _, test := range []struct {
		a, b            string
		overlap, covers bool // covers: a all of b
	}{
		{"docker.io", "docker.io", true, true},
		{"docker.io", "docker.io/acme/", true, true},
		{"docker.io/acme/", "docker.io", true, false},
		{"docker.io/acme", "docker.io/acme-evil/app", true, true},
		{"docker.io/acme/", "docker.io/other/", false, false},
		{"docker.io", "quay.io", false, false},
		{"*.io", "docker.io", true, true},
		{"docker.io", "*.io", true, false},
		{"*.io", "*.gcr.io", false, false},
		{"a*.io", "*b.io", true, false},
		{"a*.io", "b*.io", false, false},
		{"*a*.io", "*b*.io", true, false},
		{"a*b.io", "ab.io", true, true},
		{"a*b.io", "a.io", false, false},
		{"a**b.io", "a*b.io", true, true},
		{"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.us-*.amazonaws.com", true, true},
		{"*.dkr.ecr.us-*.amazonaws.com", "*.dkr.ecr.*-1.amazonaws.com", true, false},
		{"gcr.io", "gcr.io:443", false, false},
		{"gcr.io:443", "gcr.io:443/project", true, true},
		{"gcr.io", "GCR.io", false, false},
		{"https://gcr.io", "https://gcr.io", false, true}, // of no image, all
		{"gcr.io/%zz", "gcr.io", false, false},
	} {
		if got := Overlap(test.a, test.b); got != test.overlap {
			t.Errorf("%s and %s overlap: %v", test.a, test.b, got)
		}
		if got := Overlap(test.b, test.a); got != test.overlap {
			t.Errorf("%s and %s overlap: %v", test.b, test.a, got)
		}
		if got := Covers(test.a, test.b); got != test.covers {
			t.Errorf("%s covers %s: %v", test.a, test.b, got)
		}
	}
}

// TestIntersect compares with all texts of a small alphabet.
func TestIntersect(t *testing.T) {
	texts := []string{""}
	for i := 0; len(texts) < 1+2+4+8+16+32+64; i++ {
		texts = append(texts, texts[i]+"a", texts[i]+"b")
	}
	random := rand.New(rand.NewPCG(1, 1))
	glob := func() string {
		text := ""
		for range random.IntN(5) {
			text += string("ab*"[random.IntN(3)])
		}
		return text
	}
	for range 1000 {
		a, b := glob(), glob()
		intersects, all := false, true
		for _, text := range texts {
			inA, _ := path.Match(a, text)
			inB, _ := path.Match(b, text)
			intersects = intersects || inA && inB
			all = all && (inA || !inB)
		}
		if got := intersect(a, b); got != intersects {
			t.Errorf("%q and %q have a text in common: %v", a, b, got)
		}
		if got := covers(a, b); got && !all {
			t.Errorf("%q covers %q: %v", a, b, got)
		}
	}
}

func patterns(t *testing.T, texts ...string) []provider.Pattern {
	t.Helper()
	var rules []provider.Pattern
	for _, text := range texts {
		rule, err := provider.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, rule)
	}
	return rules
}

// TestServed: the rules add what the kubelet would not ask pullpass for otherwise.
func TestServed(t *testing.T) {
	all, err := Served(backends.All(), nil)
	if err != nil || all.Name != "pullpass" || !slices.Contains(all.MatchImages, "docker.io") {
		t.Fatalf("%+v, %v", all, err)
	}
	more, err := Served(backends.All(), patterns(t, "docker.io/acme/", "123456789012.dkr.ecr.*.amazonaws.com", "*.io", "GCR.io", "gcr.io:443", "GCR.io:443", "europe-docker.pkg.dev:443/project/"))
	if err != nil {
		t.Fatal(err)
	}
	want := "[gcr.io:443 europe-docker.pkg.dev:443/project/]"
	if got := fmt.Sprint(more.MatchImages[len(all.MatchImages):]); got != want {
		t.Errorf("the rules add %s, want %s", got, want)
	}
}

// TestAddEnv: the usual variables come first, unless they are given.
func TestAddEnv(t *testing.T) {
	for _, test := range []struct {
		add  []Env
		want string
	}{
		{nil, "[{GOMAXPROCS 1}]"},
		{[]Env{{"A", "b"}, {"A", "c"}}, "[{GOMAXPROCS 1} {A b} {A c}]"},
		{[]Env{{"A", "b"}, {"GOMAXPROCS", "4"}}, "[{A b} {GOMAXPROCS 4}]"},
		{[]Env{{"GOMAXPROCS", ""}}, "[{GOMAXPROCS }]"},
	} {
		entry, err := Select([]string{"docker.io"}, backends.All(), nil)
		if err != nil {
			t.Fatal(err)
		}
		entry.AddEnv(test.add)
		if got := fmt.Sprint(entry.Env); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestSelect(t *testing.T) {
	rules := patterns(t, "gcr.io:443")
	entry, err := Select([]string{"docker.io/acme/", "GCR.io", "gcr.io", "*.pkg.dev", "gcr.io:443/project/", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"}, backends.All(), rules)
	want := "[docker.io/acme/ gcr.io *.pkg.dev gcr.io:443/project/ 123456789012.dkr.ecr.eu-central-1.amazonaws.com]"
	if err != nil || entry.Name != "pullpass" || fmt.Sprint(entry.MatchImages) != want {
		t.Errorf("%v %v, want %s", entry.MatchImages, err, want)
	}
	for registry, want := range map[string]string{
		"":                    `registry "": the pattern is empty`,
		"ghcr.io":             `registry "ghcr.io": pullpass does not serve it`,
		"*.amazonaws.com":     `registry "*.amazonaws.com": pullpass does not serve it`,
		"gcr.io:8443":         `registry "gcr.io:8443": pullpass does not serve it`,
		"https://gcr.io":      `registry "https://gcr.io": a pattern is a host without a scheme, such as registry.example.com`,
		"docker.io/Acme/":     `registry "docker.io/Acme/": the kubelet would never find an image for it: the path of an image has no upper-case letters`,
		"docker.io/acme/app:": `registry "docker.io/acme/app:": a tag never matches; the kubelet asks for an image without it`,
	} {
		if _, err := Select([]string{"docker.io", registry}, backends.All(), rules); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", registry, err, want)
		} else if strings.Contains(want, "does not serve") && provider.Hint(err) == "" {
			t.Errorf("%q: no hint", registry)
		}
	}
	if _, err := Select(nil, backends.All(), rules); err == nil {
		t.Error("no registries are an entry")
	}
}

// TestRedact: what is shown are known names where they belong, and values that are what they should be.
func TestRedact(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"block", "providers:\n- env:\n  - name: A\n    value: hunter2 # comment\n  - {value: \"hunter2\", name: B}\n  - value: |\n      hunter2\n      hunter2\n    name: C\n  args: [x]\n",
			"providers:\n- env:\n  - name: A\n    value: REDACTED # REDACTED\n  - {value: REDACTED, name: B}\n  - value: REDACTED\n    name: C\n  args: [REDACTED]\n"},
		{"comments", "# hunter2\r\nkind: CredentialProviderConfig # hunter2\r\n  #- value: hunter2\r\n", "# REDACTED\r\nkind: CredentialProviderConfig # REDACTED\r\n  # REDACTED\r\n"},
		{"JSON", `{"providers": [{"env": [{"name": "A", "value": "hunter2"}, {"value": 4711}]}]}`,
			`{"providers": [{"env": [{"name": "A", "value": "REDACTED"}, {"value": "REDACTED"}]}]}`},
		{"misspelt in JSON", `{"providers": [{"envs": [{"name": "A", "value": "hunter2"}]}]}`,
			`{"providers": [{"REDACTED": [{"REDACTED": "REDACTED", "REDACTED": "REDACTED"}]}]}`},
		{"wrong forms", "env: [A=hunter2]\nkind: {A: hunter2, B: [hunter2], name: [hunter2]}\n", "REDACTED: [REDACTED]\nkind: {REDACTED: REDACTED, REDACTED: [REDACTED], REDACTED: [REDACTED]}\n"},
		{"misspelt", "providers:\n- envs:\n  - {name: A, value: hunter2}\n  env:\n  - {name: A, values: hunter2}\n  - {name: A, value:hunter2}\n  - {name: A, value: x, hunter2}\n",
			"providers:\n- REDACTED:\n  - {REDACTED: REDACTED, REDACTED: REDACTED}\n  env:\n  - {name: A, REDACTED: REDACTED}\n  - {name: A, REDACTED}\n  - {name: A, value: REDACTED, REDACTED}\n"},
		{"alias", "providers:\n- args: [&hunter2 hunter2]\n  env: [{value: *hunter2}, {value: &b hunter2}]\n", "providers:\n- args: [REDACTED]\n  env: [{value: REDACTED}, {value: REDACTED}]\n"},
		{"alias of what else is shown", "providers:\n- name: &a hunter2\n  env: [{name: A, value: *a}]\n- &b\n  name: hunter2\n", "providers:\n- name: REDACTED\n  env: [{name: A, value: REDACTED}]\n- REDACTED\n  REDACTED: REDACTED\n"},
		{"tags", "providers:\n- name: !hunter2 x\n  env: [{name: !!str A, value: !hunter2 }]\n", "providers:\n- name: REDACTED\n  env: [{name: REDACTED, value: REDACTED }]\n"},
		{"values of the wrong kind", "apiVersion: hunter2\nkind: hunter2\nproviders:\n- apiVersion: hunter2\n  defaultCacheDuration: hunter2\n  matchImages: [hunter2, 'u:hunter2@reg.io', '*.pkg.dev']\n  tokenAttributes: {cacheType: hunter2, requireServiceAccount: true}\n",
			"apiVersion: REDACTED\nkind: REDACTED\nproviders:\n- apiVersion: REDACTED\n  defaultCacheDuration: REDACTED\n  matchImages: [REDACTED, REDACTED, '*.pkg.dev']\n  tokenAttributes: {cacheType: REDACTED, requireServiceAccount: true}\n"},
		{"on several lines", "kind: CredentialProviderConfig\n  hunter2\nproviders:\n- name: \"a\n    hunter2\"\n", "kind: REDACTED\nproviders:\n- name: REDACTED\n"},
		{"keys", "? hunter2\n: hunter2\n? [hunter2]\n: hunter2\n<<: {hunter2: hunter2}\n", "? REDACTED\n: REDACTED\n? [REDACTED]\n: REDACTED\nREDACTED: {REDACTED: REDACTED}\n"},
		{"directives", "%TAG ! tag:hunter2,2000:\n---\nkind: x\n", "REDACTED REDACTED REDACTED,REDACTED\n---\nkind: REDACTED\n"},
		{"not readable", "env: [hunter2\n", "REDACTED\n"},
		{"UTF-16", utf16("env: [hunter2]\n---\nhunter2\u0085\u0085\n---\n"), "REDACTED\n"},
		{"second document", "kind: b\n---\nhunter2\n", "kind: REDACTED\n---\nREDACTED\n"},
	} {
		if got := string(Redact("config", []byte(test.data), nothing)); got != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestRedactOwnComments: the comments of node-config are shown also in a file that another version wrote.
func TestRedactOwnComments(t *testing.T) {
	shipped, err := nodeconfig.Read(shippedName)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(shipped), "defaultCacheDuration: 5m", "defaultCacheDuration: 1m", 1)
	if got := string(Redact("config", []byte(other), func(string, string) bool { return true })); got != other {
		t.Errorf("%s\nwant %s", got, other)
	}
	edited := strings.Replace(other, "  # Docker Hub\n", "  # Docker Hub hunter2\n  # Docker Hub\n", 1)
	want := strings.Replace(edited, "# Docker Hub hunter2", "# REDACTED", 1)
	if got := string(Redact("config", []byte(edited), func(string, string) bool { return true })); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func nothing(_, _ string) bool { return false }

// TestRedactKnown: what its reader knows is shown, only under its own name.
func TestRedactKnown(t *testing.T) {
	known := func(name, value string) bool {
		return name == "A" && value == "here" || name == "" && value == "--here"
	}
	const before = "providers:\n- name: A\n  env:\n  - {name: A, value: here}\n  - {name: B, value: here}\n  - {value: there, name: A}\n  args: [--here, here, --there]\n"
	const want = "providers:\n- name: A\n  env:\n  - {name: A, value: here}\n  - {name: B, value: REDACTED}\n  - {value: REDACTED, name: A}\n  args: [--here, REDACTED, REDACTED]\n"
	if got := string(Redact("config", []byte(before), known)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// utf16 writes text as Windows may.
func utf16(text string) string {
	data := []byte{0xff, 0xfe}
	for _, r := range text {
		data = append(data, byte(r), byte(r>>8))
	}
	return string(data)
}

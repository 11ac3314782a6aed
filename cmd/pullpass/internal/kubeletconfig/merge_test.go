package kubeletconfig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/provider"
)

// entry is what the tests merge, short enough to be read in the files of testdata.
func entry() Entry {
	return Entry{Name: "pullpass", MatchImages: []string{"*.pkg.dev", "docker.io"}}
}

// TestForms merges the entry into the files of testdata/forms. Each archive has a file "before" and
// what becomes of it: "merged", and "dropped" if a provider named old is to be dropped as well.
// Removing the entry gives "before" again, or "removed" if that is there.
func TestForms(t *testing.T) {
	paths, err := filepath.Glob("testdata/forms/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no forms", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string][]byte{}
			for _, file := range archive.Files {
				files[file.Name] = file.Data
			}
			for _, variant := range []func([]byte) []byte{asIs, withCRLF, withoutEnd, withMark} {
				checkForm(t, files, variant)
			}
		})
	}
}

func asIs(data []byte) []byte       { return data }
func withCRLF(data []byte) []byte   { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")) }
func withoutEnd(data []byte) []byte { return bytes.TrimSuffix(data, []byte("\n")) }
func withMark(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("{")) {
		return data // JSON has none
	}
	return append([]byte(byteOrderMark), data...)
}

func checkForm(t *testing.T, files map[string][]byte, variant func([]byte) []byte) {
	t.Helper()
	before := variant(files["before"])
	merged, err := Merge("config", before, entry())
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	compare(t, "merged", merged, variant(files["merged"]))
	again, err := Merge("config", merged, entry())
	if err != nil || !bytes.Equal(again, merged) {
		t.Errorf("merged again: %v\n%s", err, again)
	}
	if want, ok := files["dropped"]; ok {
		dropped, err := Remove("config", merged, "old")
		if err != nil {
			t.Fatalf("drop: %v", err)
		}
		compare(t, "dropped", dropped, variant(want))
	}
	want, ok := files["removed"]
	if !ok {
		want = files["before"]
	}
	removed, err := Remove("config", merged, "pullpass")
	if err != nil {
		t.Fatalf("remove: %v", err)
	}
	compare(t, "removed", removed, variant(want))
	if faults := faultsOf(merged); len(faults) > 0 {
		t.Errorf("the merged file has faults: %v", faults)
	}
}

func compare(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%q\nwant\n%q\nthat is\n%s", what, got, want, got)
	}
}

// faultsOf returns what the kubelet would refuse.
func faultsOf(data []byte) []report.Finding { return Refused([]File{{"config", data}}, nil) }

// TestMergeVersion: the protocol's version is that of the config.
func TestMergeVersion(t *testing.T) {
	for _, version := range versions() {
		before := fmt.Sprintf(`{"apiVersion":"kubelet.config.k8s.io/%[1]s","kind":"CredentialProviderConfig","providers":[{"name":"old","apiVersion":"credentialprovider.kubelet.k8s.io/%[1]s","matchImages":["reg.io"],"defaultCacheDuration":"1m"}]}`, version)
		merged, err := Merge("config", []byte(before), entry())
		if err != nil {
			t.Fatal(err)
		}
		if want := `,{"name":"pullpass","apiVersion":"credentialprovider.kubelet.k8s.io/` + version + `"`; !strings.Contains(string(merged), want) {
			t.Errorf("%s is not in %s", want, merged)
		}
	}
}

// TestMergeRefused has files that cannot be changed safely, and those that cannot be read.
func TestMergeRefused(t *testing.T) {
	for _, test := range []struct{ name, data, err string }{
		{"no list", "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n", "config: the file has a form that cannot be changed safely"},
		{"a mapping for the list", head + "  name: a\n", "config: the file has a form that cannot be changed safely"},
		{"the anchor of a neighbour is in the entry", head + "- name: pullpass\n" + rest + "  args: &a [x]\n- name: b\n" + rest + "  args: *a\n",
			"config: the file has a form that cannot be changed safely"},
		{"a list by alias", "x: &a []\n" + strings.TrimSuffix(head, "\n") + " *a\n", "config: the file has a form that cannot be changed safely"},
		{"dash and key on a line", strings.TrimSuffix(head, "providers:\n") + "? providers\n: - name: a\n    " + strings.ReplaceAll(strings.TrimSpace(rest), "\n", "\n  ") + "\n",
			"config: the file has a form that cannot be changed safely"},
		{"a literal that keeps its blank lines", head + "- name: a\n" + rest + "  args:\n  - |+\n    x\n\n\n", "config: the file has a form that cannot be changed safely"},
		{"UTF-16", utf16(head + "- name: a\n" + rest), "config: the file has a form that cannot be changed safely"},
		{"not YAML", head + "- name: [\n", "config:4: not YAML: did not find expected node content"},
		{"not JSON", "{\n\"a\": 1,\n}", "config:3: not JSON: invalid character '}' looking for beginning of object key string"},
	} {
		if _, err := Merge("config", []byte(test.data), entry()); err == nil || err.Error() != test.err {
			t.Errorf("%s: %v, want %s", test.name, err, test.err)
		} else if strings.Contains(test.err, "safely") && provider.Hint(err) == "" {
			t.Errorf("%s: no hint", test.name)
		}
	}
}

const (
	head = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"
	rest = "  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  matchImages: [reg.io]\n  defaultCacheDuration: 1m\n"
)

// TestMergeEntry refuses what cannot be in an entry, and writes down what can.
func TestMergeEntry(t *testing.T) {
	for _, bad := range []Entry{
		{},
		{Name: "pullpass"},
		{Name: "pullpass", MatchImages: []string{"docker.io"}, Args: []string{"a\nb"}},
		{Name: "pullpass", MatchImages: []string{"docker.io"}, Args: []string{"\xff"}},
		{Name: "pullpass", MatchImages: []string{"docker.io"}, Env: []Env{{"", "x"}}},
		{Name: "pullpass", MatchImages: []string{"docker.io"}, Env: []Env{{"A=B", "x"}}},
		{Name: "pullpass", MatchImages: []string{"docker.io"}, Env: []Env{{"A", "x\x00"}}},
	} {
		if _, err := Merge("config", []byte(head+"- name: a\n"+rest), bad); err == nil {
			t.Errorf("%+v is merged", bad)
		}
		if _, err := New(bad, YAML); err == nil {
			t.Errorf("%+v makes a config", bad)
		}
	}
	good := Entry{
		Name:        "pullpass",
		MatchImages: []string{"docker.io"},
		Args:        []string{"--config=/etc/a b", `"'\`, "*x", "é", "", "yes", "1"},
		Env:         []Env{{"AWS_PROFILE", "registry"}, {"yes", "no: #"}},
	}
	files := []string{head + "- name: a\n" + rest, strings.TrimSuffix(head, "\n") + " []\n", head, "",
		strings.TrimSuffix(head, "\n") + " [{name: a, apiVersion: credentialprovider.kubelet.k8s.io/v1, matchImages: [reg.io], defaultCacheDuration: 1m}]\n"}
	for _, format := range []Format{YAML, JSON} {
		config, err := New(good, format)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(config))
	}
	for _, file := range files {
		merged, err := Merge("config", []byte(file), good)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		providers, err := Providers("config", merged)
		if err != nil || providers[len(providers)-1].Text != good.canonical("v1") {
			t.Errorf("%v\n%s", err, merged)
		}
		if faults := faultsOf(merged); len(faults) > 0 {
			t.Errorf("%v\n%s", faults, merged)
		}
	}
}

func TestRemoveLast(t *testing.T) {
	config, err := New(entry(), YAML)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Remove("config", config, "pullpass"); !errors.Is(err, ErrLast) {
		t.Errorf("the only provider is removed: %v", err)
	}
	if same, err := Remove("config", config, "nobody"); err != nil || !bytes.Equal(same, config) {
		t.Errorf("a provider that is not there: %v\n%s", err, same)
	}
}

// TestNewShipped: the whole of what is served is the file for people to read.
func TestNewShipped(t *testing.T) {
	shipped, err := os.ReadFile("../../../../node-config/credential-provider-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	served, err := Served(backends.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := New(served, YAML)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "new", config, shipped)
	asJSON, err := New(served, JSON)
	if err != nil {
		t.Fatal(err)
	}
	inYAML, _ := Providers("yaml", config)
	inJSON, err := Providers("json", asJSON)
	if err != nil || inJSON[0].Text != inYAML[0].Text {
		t.Errorf("as JSON: %v\n%s", err, asJSON)
	}
}

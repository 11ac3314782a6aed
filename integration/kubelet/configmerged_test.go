package kubelet_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// formFiles are configs before and after pullpass's entry was merged into them, or taken out; the tests
// of package kubeletconfig hold it to write just these.
const formFiles = "../../cmd/pullpass/internal/kubeletconfig/testdata/forms/*.txt"

// nameScript is a plugin that answers with its own name as the user.
const nameScript = `#!/bin/sh
request=$(cat)
version=$(echo "$request" | sed 's/.*"apiVersion":"\([^"]*\)".*/\1/')
image=$(echo "$request" | sed 's/.*"image":"\([^"]*\)".*/\1/')
cat <<END
{"kind":"CredentialProviderResponse","apiVersion":"$version","cacheKeyType":"Image","auth":{"$image":{"username":"${0##*/}","password":"x"}}}
END
`

// TestMergedConfigs has the kubelet load the files of all forms: it then asks pullpass for the images of
// its entry, and the other providers for those of theirs, as before.
func TestMergedConfigs(t *testing.T) {
	paths, err := filepath.Glob(formFiles)
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d forms, %v", len(paths), err)
	}
	bin := t.TempDir()
	for _, name := range []string{"pullpass", "old", "other"} {
		write(t, filepath.Join(bin, name), nameScript, 0o755)
	}
	variants := map[string]func([]byte) []byte{
		"CRLF":   func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")) },
		"no end": func(data []byte) []byte { return bytes.TrimSuffix(data, []byte("\n")) },
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			config := filepath.Join(t.TempDir(), "config")
			loaded := map[string]string{}
			for _, file := range archive.Files {
				write(t, config, string(file.Data), 0o600)
				loaded[file.Name] = askFor(t, config, bin)
			}
			checkLoaded(t, loaded)
			checkForeign(t, archive)
			for name, variant := range variants {
				write(t, config, string(variant(archive.Files[1].Data)), 0o600)
				if got := askFor(t, config, bin); got != loaded["merged"] {
					t.Errorf("%s: the kubelet asks for\n%s\nelse for\n%s", name, got, loaded["merged"])
				}
			}
		})
	}
}

// askFor returns the plugins that a kubelet asks for some images.
func askFor(t *testing.T, config, bin string) string {
	t.Helper()
	images := []string{"123456789012.dkr.ecr.us-east-1.amazonaws.com/app", "reg.io/app", "a.io/app", "b.io/app", "docker.io/library/nginx", "us-docker.pkg.dev/p/app"}
	result := kubelet.Lookup(t, config, bin, []string{"PATH=" + os.Getenv("PATH")}, images...)
	if result.Refused != "" {
		t.Fatalf("the kubelet does not start: %s", result.Refused)
	}
	var text strings.Builder
	for _, answer := range result.Answers {
		text.WriteString(answer.Image + ":")
		for _, entry := range answer.Entries {
			text.WriteString(" " + entry.Username)
		}
		text.WriteString("\n")
	}
	return text.String()
}

// checkLoaded compares what the kubelet does with the files of a form.
func checkLoaded(t *testing.T, loaded map[string]string) {
	t.Helper()
	without := func(text, name string) string { return strings.ReplaceAll(text, " "+name, "") }
	if got, want := without(loaded["merged"], "pullpass"), without(loaded["before"], "pullpass"); got != want {
		t.Errorf("merged, the kubelet asks others for\n%s\nbefore for\n%s", got, want)
	}
	for name, text := range loaded {
		if name != "merged" && name != "dropped" {
			continue
		}
		if !strings.Contains(text, "docker.io/library/nginx: pullpass\n") || !strings.Contains(text, "us-docker.pkg.dev/p/app: pullpass\n") {
			t.Errorf("%s: pullpass is not asked for its images:\n%s", name, text)
		}
	}
	if dropped, ok := loaded["dropped"]; ok && (strings.Contains(dropped, " old") || dropped != without(loaded["merged"], "old")) {
		t.Errorf("dropped, the kubelet asks for\n%s", dropped)
	}
}

// checkForeign compares all fields of the other providers.
func checkForeign(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	var before []map[string]any
	for _, file := range archive.Files {
		others := foreignProviders(t, file.Data, file.Name == "dropped")
		switch file.Name {
		case "before":
			before = others
		case "dropped":
			kept := foreignProviders(t, archive.Files[0].Data, true)
			if !reflect.DeepEqual(others, kept) {
				t.Errorf("dropped: the others are %v, were %v", others, kept)
			}
		default:
			if !reflect.DeepEqual(others, before) {
				t.Errorf("%s: the others are %v, were %v", file.Name, others, before)
			}
		}
	}
}

func foreignProviders(t *testing.T, data []byte, withoutOld bool) (others []map[string]any) {
	t.Helper()
	var config struct {
		Providers []map[string]any `json:"providers"`
	}
	unmarshal := func(data []byte, to any) error { return yaml.Unmarshal(data, to) }
	if bytes.HasPrefix(data, []byte("{")) {
		unmarshal = json.Unmarshal
	}
	if err := unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	for _, p := range config.Providers {
		if p["name"] != "pullpass" && !(withoutOld && p["name"] == "old") {
			others = append(others, p)
		}
	}
	return others
}

package apisettings

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// TestNew: what is printed for all that is served says the same as the files for people to
// read, but for comments.
func TestNew(t *testing.T) {
	entry, err := kubeletconfig.Served(backends.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[platform.Settings]string{platform.TalosPatch: "talos/talos.yaml", platform.BottlerocketSettings: "bottlerocket/bottlerocket.toml"} {
		settings, err := New(name, entry)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := nodeconfig.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := withoutComments(settings), withoutComments(shown); got != want {
			t.Errorf("for %s\n%s\nis printed, %s is\n%s", name, got, file, want)
		}
	}
	if _, err := New("", entry); err == nil {
		t.Error("there are settings without a form")
	}
}

func withoutComments(text []byte) string {
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

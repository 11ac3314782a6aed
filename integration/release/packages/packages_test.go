package packages_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/release/man"
	"github.com/pullpass/pullpass/integration/release/packages"
	"github.com/pullpass/pullpass/integration/release/source"
)

// TestWrite makes each package twice, in two environments.
func TestWrite(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pullpass")
	if err := os.WriteFile(program, []byte("the program"), 0o700); err != nil {
		t.Fatal(err)
	}
	set := man.Set{
		Pages:       map[string][]byte{"pullpass.1": []byte(".TH"), "pullpass-secret.1": []byte(".TH")},
		Completions: map[string][]byte{"pullpass.bash": []byte("bash"), "pullpass.zsh": []byte("zsh"), "pullpass.fish": []byte("fish")},
	}
	texts := map[string][]byte{"LICENSE": []byte("licence"), "README.md": []byte("readme")}
	for _, arch := range []string{"amd64", "arm64"} {
		binary := source.Binary{Path: program, Platform: source.Platform{OS: "linux", Arch: arch},
			Version: "v1.2.3-rc.1", Created: time.Unix(1700000000, 0).UTC()}
		for _, format := range packages.Formats() {
			var contents [2]bytes.Buffer
			for i, variables := range []map[string]string{{"TZ": "UTC"}, {"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1", "HOME": "/nowhere", "TMPDIR": t.TempDir()}} {
				for name, value := range variables {
					t.Setenv(name, value)
				}
				if err := format.Write(&contents[i], binary, set, texts); err != nil {
					t.Fatalf("%s: %v", format.Extension, err)
				}
				if err := os.Chtimes(program, time.Time{}, time.Unix(1, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(contents[0].Bytes(), contents[1].Bytes()) {
				t.Errorf("%s for %s is not the same twice", format.Extension, arch)
			}
		}
	}
}

// TestNoFile has a binary that does not exist.
func TestNoFile(t *testing.T) {
	binary := source.Binary{Path: filepath.Join(t.TempDir(), "missing"), Platform: source.Platform{OS: "linux", Arch: "amd64"}, Version: "v1.2.3", Created: time.Unix(1, 0)}
	for _, format := range packages.Formats() {
		if err := format.Write(&bytes.Buffer{}, binary, man.Set{}, nil); err == nil {
			t.Errorf("%s is made of nothing", format.Extension)
		}
	}
}

var archives = []packages.Archive{
	{Platform: source.Platform{OS: "linux", Arch: "amd64"}, File: "a.tar.gz", SHA256: "0a"},
	{Platform: source.Platform{OS: "linux", Arch: "arm64"}, File: "b.tar.gz", SHA256: "0b"},
	{Platform: source.Platform{OS: "windows", Arch: "amd64"}, File: "c.zip", SHA256: "0c"},
	{Platform: source.Platform{OS: "darwin", Arch: "arm64"}, File: "d.tar.gz", SHA256: "0d"},
}

const url = "https://github.com/pullpass/pullpass/releases/download/v1.2.3/"

// TestHomebrew checks the formula's lines; the formula runs in TestInstall of make e2e.
func TestHomebrew(t *testing.T) {
	formula, err := packages.Homebrew("v1.2.3", archives)
	if err != nil {
		t.Fatal(err)
	}
	const want = `  version "1.2.3"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "` + url + `d.tar.gz"
      sha256 "0d"
    end
  end

  on_linux do
    on_intel do
      url "` + url + `a.tar.gz"
      sha256 "0a"
    end
    on_arm do
      url "` + url + `b.tar.gz"
      sha256 "0b"
    end
  end

  def install
`
	if !strings.Contains(string(formula), want) {
		t.Errorf("the formula is\n%s", formula)
	}
	if strings.Contains(string(formula), "c.zip") {
		t.Error("Homebrew does not run on Windows")
	}
}

// TestKrew reads the manifest strictly. krew itself installs it in TestInstall of make e2e.
func TestKrew(t *testing.T) {
	text, err := packages.Krew("v1.2.3", archives)
	if err != nil {
		t.Fatal(err)
	}
	type file struct{ From, To string }
	type platform struct {
		Selector         struct{ MatchLabels struct{ OS, Arch string } }
		URI, SHA256, Bin string
		Files            []file
	}
	var manifest struct {
		APIVersion, Kind string
		Metadata         struct{ Name string }
		Spec             struct {
			Version, Homepage, ShortDescription, Description string
			Platforms                                        []platform
		}
	}
	if err := yaml.UnmarshalStrict(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || manifest.Kind != "Plugin" ||
		manifest.Metadata.Name != "pullpass" || manifest.Spec.Version != "v1.2.3" || len(manifest.Spec.ShortDescription) > 50 {
		t.Errorf("%+v", manifest)
	}
	if len(manifest.Spec.Platforms) != len(archives) {
		t.Fatalf("%d platforms", len(manifest.Spec.Platforms))
	}
	for i, got := range manifest.Spec.Platforms {
		a := archives[i]
		if labels := got.Selector.MatchLabels; labels.OS != a.OS || labels.Arch != a.Arch || got.URI != url+a.File ||
			got.SHA256 != a.SHA256 || got.Bin != a.Program() || len(got.Files) != 3 || got.Files[0].From != "*/"+a.Program() {
			t.Errorf("%+v", got)
		}
	}
}

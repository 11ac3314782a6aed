package packages

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
	"text/template"

	"github.com/pullpass/pullpass/integration/release/source"
)

// An Archive is one of the release's archives of a binary.
type Archive struct {
	source.Platform
	File   string // its name
	SHA256 string // in hexadecimal
}

// Program is the name of the binary in it.
func (a Archive) Program() string {
	if a.OS == "windows" {
		return "pullpass.exe"
	}
	return "pullpass"
}

var (
	//go:embed pullpass.rb.tmpl
	formula string
	//go:embed krew.yaml.tmpl
	krew string
)

// Homebrew returns the formula of a release, pullpass.rb. It is for macOS and Linux.
func Homebrew(version string, archives []Archive) ([]byte, error) {
	return fill(formula, version, archives)
}

// Krew returns the release's manifest for krew, which installs kubectl pullpass.
func Krew(version string, archives []Archive) ([]byte, error) {
	return fill(krew, version, archives)
}

func fill(text, version string, archives []Archive) ([]byte, error) {
	parsed, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = parsed.Execute(&filled, map[string]any{
		"Homepage": homepage,
		"License":  license,
		"Tag":      version,
		"Version":  strings.TrimPrefix(version, "v"),
		"URL":      homepage + "/releases/download/" + version + "/",
		"Archives": archives,
		"Darwin":   of("darwin", archives),
		"Linux":    of("linux", archives),
	})
	return filled.Bytes(), err
}

// of returns the archives for an operating system.
func of(system string, archives []Archive) []Archive {
	return slices.DeleteFunc(slices.Clone(archives), func(a Archive) bool { return a.OS != system })
}

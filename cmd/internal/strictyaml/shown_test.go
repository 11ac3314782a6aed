package strictyaml

import (
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	long := strings.Repeat("x", maxPlain)
	for text, want := range map[string]string{
		"":                         `""`,
		"registry.example.com:80/": "registry.example.com:80/",
		"robot$acme+puller":        "robot$acme+puller",
		"me), docker.io (user you": `"me), docker.io (user you"`,
		"a\x1b]0;b\nc":             `"a\x1b]0;b\nc"`,
		"\u202eevil":               `"\u202eevil"`,
		long:                       long,
		long + "y":                 `"` + long[:maxQuoted] + `"…`,
	} {
		if got := Shown(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}

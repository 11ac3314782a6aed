package provider

import "testing"

func TestPatternImage(t *testing.T) {
	for text, want := range map[string]string{
		"registry.example.com":            "registry.example.com/any/image",
		"registry.example.com:5000/team":  "registry.example.com:5000/team/image",
		"Registry.example.com/team/":      "Registry.example.com/team/image",
		"registry.example.com/team/app":   "registry.example.com/team/app",
		"docker.io/acme":                  "docker.io/acme/image",
		"[::1]:5000":                      "[::1]:5000/any/image",
		"*.example.com":                   "",
		"123456789012.dkr.ecr.*.on.aws/a": "",
	} {
		pattern, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		image, ok := pattern.Image()
		if ok != (want != "") || ok && (image.String() != want || !pattern.Match(image)) {
			t.Errorf("%s: %v, %v, want %q", text, image, ok, want)
		}
	}
}

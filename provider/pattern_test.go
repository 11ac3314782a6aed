package provider

import "testing"

func TestPatternMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, image string
		want           bool
	}{
		{"docker.io", "docker.io/library/nginx", true},
		{"*.io", "docker.io/library/nginx", true},
		{"docker.io", "quay.io/acme/app", false},
		{"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app", true},
		{"123456789012.dkr.ecr.*.amazonaws.com", "210987654321.dkr.ecr.us-east-1.amazonaws.com/app", false},
		{"*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app", false},
		{"*-docker.pkg.dev", "us-docker.pkg.dev/p/r/app", true},
		{"us*.pkg.dev", "us-docker.pkg.dev/p/r/app", true},
		{"DOCKER.io", "docker.IO/acme/app", true},
		{"docker.io/acme", "docker.io/acme/app", true},
		{"docker.io/acme", "docker.io/acme-evil/app", true}, // a plain prefix, as the kubelet's
		{"docker.io/acme/", "docker.io/acme-evil/app", false},
		{"docker.io/acme/app", "docker.io/acme/app", true},
		{"docker.io/acme/app", "docker.io/acme/", false},
		{"docker.io/", "docker.io/acme/app", true},
		{"reg.example.com:5000", "reg.example.com:5000/app", true},
		{"reg.example.com", "reg.example.com:5000/app", false},
		{"reg.example.com:443", "reg.example.com/app", false},
		{"[::1]:5000", "[::1]:5000/app", true},
		{"[::1]:5000", "[::2]:5000/app", false},
		{"[a::b]:5000", "a:5000/app", false},
		{"*1:5000", "[::1]:5000/app", true},
		{"[::1]", "[::1]/app", true},
		{"localhost", "localhost/app", true},
	} {
		pattern, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		image, err := ParseImage(c.image)
		if err == nil && pattern.Match(image) != c.want {
			t.Errorf("%s matches %s: %v, want %v", c.pattern, c.image, !c.want, c.want)
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for _, pattern := range []string{
		"", "/acme", "https://docker.io", "docker.io/*", "docker.io:*", "reg[ab].io", "reg?.io", "user@docker.io",
		"docker.io#x", `docker\.io`, "a b.io", "%64ocker.io", "index.docker.io", "registry-1.docker.io", "*.docker.io", "Index.Docker.io/acme", "hub.docker.com", "registry.hub.docker.com", "docker.com:443", "[::1]x[a]",
		"docker.io:x", "docker.io/acme/app:1", "[ab]:5000", "*:1:5000", "[::1", "[1.2.3.4]:5000",
	} {
		if _, err := ParsePattern(pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

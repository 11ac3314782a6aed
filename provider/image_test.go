package provider

import (
	"strings"
	"testing"
)

func TestParseImage(t *testing.T) {
	for _, c := range []struct{ in, host, repository string }{
		{"docker.io/library/nginx", "docker.io", "library/nginx"},
		{"nginx", "docker.io", "library/nginx"},
		{"nginx:1.2", "docker.io", "library/nginx"},
		{"nginx@sha256:abc", "docker.io", "library/nginx"},
		{"docker.io/nginx", "docker.io", "library/nginx"},
		{"index.docker.io/library/nginx", "docker.io", "library/nginx"},
		{"acme/app", "docker.io", "acme/app"},
		{"acme/team/app:v1", "docker.io", "acme/team/app"},
		{"localhost/app", "localhost", "app"},
		{"localhost:5000/app:1", "localhost:5000", "app"},
		{"Registry/app", "Registry", "app"},
		{"registry.example.com:5000/team/app:1@sha256:abc", "registry.example.com:5000", "team/app"},
		{"[::1]:5000/app:1", "[::1]:5000", "app"},
		{"[2001:db8::1]/app", "[2001:db8::1]", "app"},
		{"REG.example.com/App", "REG.example.com", "App"},
	} {
		image, err := ParseImage(c.in)
		if err != nil || image.Host != c.host || image.Repository != c.repository {
			t.Errorf("ParseImage(%q) = %q, %q, %v; want %q, %q", c.in, image.Host, image.Repository, err, c.host, c.repository)
		}
	}
	for _, in := range []string{"", "/", "///", "gcr.io/", "gcr.io//", "gcr.io/:tag", "gcr.io/@sha256:abc", "/app", "gcr.io/a b", "gcr.io/a\nb", "\x00", ":1", "@x"} {
		if image, err := ParseImage(in); err == nil {
			t.Errorf("ParseImage(%q) = %+v, want an error", in, image)
		}
	}
}

func TestHostname(t *testing.T) {
	for _, c := range []struct{ host, name, port string }{
		{"GCR.io", "gcr.io", ""},
		{"gcr.io:443", "gcr.io", "443"},
		{"[::1]", "[::1]", ""},
		{"[::1]:5000", "[::1]", "5000"},
		{"localhost:5000", "localhost", "5000"},
	} {
		if name, port := (Image{Host: c.host}).Hostname(); name != c.name || port != c.port {
			t.Errorf("%s: %q %q", c.host, name, port)
		}
	}
}

func FuzzParseImage(f *testing.F) {
	for _, reference := range []string{
		"nginx", "acme/app:1.2", "docker.io/library/nginx", "index.docker.io/acme/app", "GCR.io:443/p/app@sha256:0", "localhost:5000/app",
		"[fd00:ec2::23]/app", "user:pass@gcr.io/project/app", "https://gcr.io/project/app", "doc\u212aer.io/acme/app", "///", "[::1",
	} {
		f.Add(reference)
	}
	f.Fuzz(func(t *testing.T, reference string) {
		image, err := ParseImage(reference)
		if err != nil {
			return
		}
		if image.Host == "" || strings.Trim(image.Repository, "/") == "" || strings.Contains(image.Host, "/") {
			t.Fatalf("%q gives %+v", reference, image)
		}
	})
}

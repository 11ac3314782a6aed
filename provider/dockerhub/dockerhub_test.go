package dockerhub

import (
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestScope(t *testing.T) {
	token := Provider{Username: "me", PasswordFile: "/etc/token", DockerConfig: "/etc/config.json"}
	config := Provider{DockerConfig: "/etc/config.json", DefaultConfigs: []string{"/a", "/b"}}
	defaults := Provider{DefaultConfigs: []string{"/a", "/b"}}
	tests := []struct {
		name     string
		provider Provider
		image    string
		want     string // "" for no claim
	}{
		{"token", token, "docker.io/acme/app", "provider=dockerhub\nusername=me\npasswordFile=/etc/token\n"},
		{"config", config, "docker.io/acme/app", "provider=dockerhub\ndockerConfig=/etc/config.json\nrepository=acme/app\n"},
		{"default configs", defaults, "docker.io/acme/app", "provider=dockerhub\ndefaultConfig=/a\ndefaultConfig=/b\nrepository=acme/app\n"},
		{"helpers", Provider{DockerConfig: "/c", HelperHome: "/root", HelperPath: "/bin"}, "docker.io/acme/app",
			"provider=dockerhub\ndockerConfig=/c\nrepository=acme/app\nhelper-home=/root\nhelper-path=/bin\n"},
		{"nothing", Provider{}, "docker.io/acme/app", "provider=dockerhub\nrepository=acme/app\n"},
		{"short form", token, "nginx", "provider=dockerhub\nusername=me\npasswordFile=/etc/token\n"},
		{"short form, config", config, "nginx:1.27", "provider=dockerhub\ndockerConfig=/etc/config.json\nrepository=library/nginx\n"},
		{"case and port of the host", config, "Docker.IO:443/acme/app", "provider=dockerhub\ndockerConfig=/etc/config.json\nrepository=acme/app\n"},
		{"index.docker.io", token, "index.docker.io/acme/app", "provider=dockerhub\nusername=me\npasswordFile=/etc/token\n"},
		{"another port", token, "docker.io:5000/acme/app", ""},
		{"another registry", token, "gcr.io/acme/app", ""},
		{"look-alike", token, "docker.io.evil.com/acme/app", ""},
		{"registry endpoint", token, "registry-1.docker.io/acme/app", ""},
		{"localhost", token, "localhost/acme/app", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			scope, claimed := test.provider.Scope(request(t, test.image))
			if string(scope) != test.want || claimed != (test.want != "") {
				t.Errorf("the scope is %q (claimed: %t), want %q", scope, claimed, test.want)
			}
		})
	}
}

func request(t *testing.T, reference string) provider.Request {
	t.Helper()
	image, err := provider.ParseImage(reference)
	if err != nil {
		t.Fatalf("parse image %s: %v", reference, err)
	}
	return provider.Request{Image: image}
}

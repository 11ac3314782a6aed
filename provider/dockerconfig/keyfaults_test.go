package dockerconfig

import (
	"slices"
	"strings"
	"testing"
)

func TestKeyFaults(t *testing.T) {
	never := func(reason string) []string { return []string{"fault: the key never matches an image: " + reason} }
	const (
		scheme = "the kubelet knows no schemes but https:// and http://, in small letters"
		space  = "it contains white space or control characters"
		host   = "no image has such a host"
		path   = "no repository's name begins with such a path"
		hub    = "the host of Docker Hub's images is docker.io"
		tag    = "the kubelet asks without tag and digest"
		ipv6   = "an IPv6 address needs brackets and a port, and no zone"
		dotted = "a name without a dot or port is one on Docker Hub, not a host, unless it is localhost"

		hubNote = "note: the kubelet also sends this credential to hosts without a dot, such as localhost"
		case1   = "note: only images whose host is written in the same capitals match"
		port443 = "note: only images that are written with :443 match"
	)
	prefix := func(other string) []string {
		return []string{`note: the path is a plain prefix: "` + other + `" matches as well`}
	}
	version := func(name string) []string {
		return []string{"note: without a slash at the end, only repositories whose names begin with " + name + " match"}
	}
	asURL := func(normal string) []string {
		return []string{`note: the kubelet reads the key as a URL, and takes it for "` + normal + `"`}
	}
	tests := []struct {
		keys []string
		want []string
	}{
		{keys: []string{
			"docker.io", "docker.io/", "https://docker.io/v1/", "http://docker.io/v2/", "docker.io:", "reg.io", "https://reg.io", "https://reg.io/v2/", "http://reg.io:5000/v1/",
			"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "*.dkr.ecr.*.amazonaws.com", "us-*.pkg.dev", "*.*", "reg.io/team/", "https://reg.io/v1/team/", "reg.io/a.b__c--d_e/", "my_registry.example.com", "*__*.io", "1.2.3.4:5000",
			"localhost", "localhost:5000", "reg:5000", "[::1]:5000", "[2001:db8::1]:5000/team/", "reg.io/" + strings.Repeat("a/", 126),
		}},

		{keys: []string{"index.docker.io", "index.docker.io/", "https://index.docker.io/v1/", "http://index.docker.io/v2/"}, want: []string{hubNote}},
		{keys: []string{"Reg.IO", "https://REG.io/v1/", "Reg", "[2001:DB8::A]:5000"}, want: []string{case1}},
		{keys: []string{"reg.io:443", "https://reg.io:443/v1/", "docker.io:443"}, want: []string{port443}},
		{keys: []string{"*", "local*"}, want: []string{"note: only hosts without a dot match, such as localhost: a * is one part between dots, or less"}},
		{keys: []string{"reg.io/team", "https://reg.io/v2/team"}, want: prefix("reg.io/team-other")},
		{keys: []string{"reg.io/team/app"}, want: prefix("reg.io/team/app-other")},
		{keys: []string{"https://reg.io/v1", "docker.io/v1"}, want: version("v1")},
		{keys: []string{"reg.io/v2"}, want: version("v2")},
		{keys: []string{"me@reg.io", "https://me:s3cret@reg.io/v1/", "reg.io?x", "reg.io/#x"}, want: asURL("reg.io")},
		{keys: []string{"reg.io/%74eam/"}, want: asURL("reg.io/team/")},
		{keys: []string{"me@index.docker.io"}, want: append(asURL("index.docker.io"), hubNote)},
		{keys: []string{"Reg.io:443/team"}, want: slices.Concat([]string{case1, port443}, prefix("Reg.io:443/team-other"))},

		{keys: []string{""}, want: never("it is empty")},
		{keys: []string{"/team", "//reg.io", "https://", "http:///v1/", ":5000"}, want: never("it names no host")},
		{keys: []string{"HTTPS://reg.io", "Http://reg.io", "ftp://reg.io", "oci://reg.io/team", "https://http://reg.io", "HTTPS://index.docker.io/v1/"}, want: never(scheme)},
		{keys: []string{" reg.io", "reg.io ", "reg.io\n", "reg.io/team ", "https://reg.io/v1/\n", "reg.io\u00a0", " "}, want: never(space)},
		{keys: []string{"https://index.docker.io/v1", "index.docker.io/v2"}, want: never("it lacks the slash at its end")},
		{keys: []string{"registry-1.docker.io", "https://registry-1.docker.io/v2/", "hub.docker.com", "https://hub.docker.com/", "docker.com", "*.docker.io", "index.docker.io:443", "index.docker.io:", "INDEX.docker.io", "index.docker.io/acme", "https://index.docker.io/v1/access-token"}, want: never(hub)},
		{keys: []string{"reg.io/*", "reg.io/team/*", "*.reg.io/*/app", "https://reg.io/v1/*"}, want: never("a wildcard in the path is none")},
		{keys: []string{"reg.io/app:1.2", "docker.io/library/nginx:latest", "reg.io/app@sha256:" + strings.Repeat("0", 64), "reg.io:5000/app:1"}, want: never(tag)},
		{keys: []string{"reg.io/Team", "reg.io/team/App/"}, want: never("a repository has no capitals")},
		{keys: []string{"[::1]", "[::1]:", "::1", "2001:db8::1:5000", "[fe80::1%25eth0]:5000", "[::ffff:1.2.3.4]:5000", "[::1", "r[a-f]g.io", "[reg.io]:5000"}, want: never(ipv6)},
		{keys: []string{"reg.io:x", "reg.io:*", "reg.io:5000:6000", "https:reg.io"}, want: never("the port is not a number")},
		{keys: []string{"reg", "https://registry/v1/", "acme/app"}, want: never(dotted)},
		{keys: []string{"My_registry.example.com", "my_registry.example.com:5000", "_reg.io", "reg_.io", "reg..io", ".reg.io", "reg.io.", "-a.reg.io", "a-.reg.io", "rég.io", `r\eg.io`, "reg.io,example.com", "reg;x.io"}, want: never(host)},
		{keys: []string{"reg.io//team", "reg.io/team//", "reg.io/.team", "reg.io/team./", "reg.io/a..b", "reg.io/a___b", "reg.io/téam", "reg.io/%zz", "reg.io/%2f", "reg.io/" + strings.Repeat("a", 256), "reg.io/" + strings.Repeat("a", 254) + "/"}, want: never(path)},
	}
	for _, test := range tests {
		for _, key := range test.keys {
			var got []string
			for _, fault := range keyFaults(key) {
				kind := "fault: "
				if fault.Note {
					kind = "note: "
				}
				got = append(got, kind+fault.Text)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q: got\n%q, want\n%q", key, got, test.want)
			}
		}
	}
}

func TestShownKey(t *testing.T) {
	tests := []struct{ key, want string }{
		{"reg.io", "reg.io"},
		{"https://index.docker.io/v1/", "https://index.docker.io/v1/"},
		{"https://me:s3cret@reg.io/v1/", "https://REDACTED@reg.io/v1/"},
		{"http://t0ken@reg.io", "http://REDACTED@reg.io"},
		{"me:s3@cret@reg.io", "REDACTED@reg.io"},
		{"me:s3/cret@reg.io", "REDACTED@reg.io"},
		{"HTTPS://me:s3cret@reg.io", "REDACTED@reg.io"},
		{"reg.io/app@sha256:0000", "reg.io/app@sha256:0000"},
		{"https://reg.io/app:1@sha256:0000", "https://reg.io/app:1@sha256:0000"},
	}
	for _, test := range tests {
		if got := shownKey(test.key); got != test.want {
			t.Errorf("%s is shown as %s, want %s", test.key, got, test.want)
		}
	}
}

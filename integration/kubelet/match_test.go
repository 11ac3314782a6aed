package kubelet_test

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/provider"
)

// The tests of this file hold provider.Pattern to the kubelet's own matcher. What differs on
// purpose stands in the tests at the end.

func TestMatch(t *testing.T) {
	images := []string{
		"docker.io/library/nginx", "docker.io/acme/app", "docker.io/acme-evil/app", "docker.io/library/ac", "ghcr.io/acme/app",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app", "us-docker.pkg.dev/p/r/app",
		"reg.io/app", "reg.io:443/app", "reg.io:5000/app", "sub.reg.io/app", "x-1.reg.io/Team/App",
		"localhost/app", "localhost:5000/app", "a:5000/app", "1:5000/app", "127.0.0.1:5000/app",
		"[::1]:5000/app", "[2001:db8::1]:5000/team/app", "[a::b]:5000/app",
	}
	patterns := []string{
		"docker.io", "docker.io/", "docker.io/acme", "docker.io/acme/", "docker.io/acme/app", "docker.io/acme/app/", "docker.io/acme/app:1",
		"docker.io//acme", "docker.io/.", "docker.*", "*ocker.io", "d*r.io", "d**r.io", "*.*", "*", "**", "*.io", "*.io/acme", "*.*.*", "*.*.*:5000",
		"*.dkr.ecr.*.amazonaws.com", "*.amazonaws.com", "123456789012.*.*.*-*-1.*.*", "*.dkr.ecr.*.amazonaws.com.cn", "*-docker.pkg.dev", "us*.pkg.dev",
		"reg.io", "reg.io:", "reg.io:443", "reg.io:5000", "reg.io:05000", "reg.io:x", "reg.io.", ".reg.io", "reg..io", "*.reg.io", "sub.*.io", "x-1.reg.io/Team",
		"x-1.reg.io/team", "localhost", "localhost:5000", "*:5000", "*st:5000", "a:b:5000", "127.0.0.1:5000", "127.0.0.*:5000",
		"[::1]:5000", "[::2]:5000", "[::*]:5000", "[*]:5000", "*1:5000", "[2001:db8::1]:5000", "[2001:db8::1]:5000/team", "[2001:db8::1]:5000/team/x",
		"[a-z]:5000", "[ab]:5000", "[]:5000", "[a::b]:5000", "::1:5000",
	}
	var pairs []kubelet.Pair
	for _, pattern := range patterns {
		for _, image := range images {
			pairs = append(pairs, kubelet.Pair{Pattern: pattern, Image: image})
		}
	}
	compare(t, pairs)
}

func TestMatchCorpus(t *testing.T) {
	c := newCorpus(1)
	var pairs []kubelet.Pair
	for len(pairs) < 20000 {
		near := c.image()
		pair := kubelet.Pair{Pattern: c.pattern(near), Image: near}
		if c.percent(20) {
			pair.Image = c.image()
		}
		pairs = append(pairs, pair)
	}
	if matched := compare(t, pairs); matched < len(pairs)/5 || matched > len(pairs)*4/5 {
		t.Errorf("%d of %d pairs match; the corpus is lopsided", matched, len(pairs))
	}
}

// compare checks that we match what the kubelet matches. It returns how many pairs do.
func compare(t *testing.T, pairs []kubelet.Pair) (matched int) {
	t.Helper()
	differences := 0
	for i, want := range kubelet.Match(t, pairs) {
		if want.Matched {
			matched++
		}
		if got := match(t, pairs[i]); got != want.Matched {
			differences++
			if differences <= 10 {
				t.Errorf("%s selects %s: %v, in the kubelet %v %s", pairs[i].Pattern, pairs[i].Image, got, want.Matched, want.Err)
			}
		}
	}
	if differences > 0 {
		t.Errorf("%d of %d pairs differ from the kubelet", differences, len(pairs))
	}
	return matched
}

// match reports whether our pattern selects the image; one that is refused selects none.
func match(t *testing.T, pair kubelet.Pair) bool {
	t.Helper()
	image := parseImage(t, pair.Image)
	pattern, err := provider.ParsePattern(pair.Pattern)
	return err == nil && pattern.Match(image)
}

// parseImage parses a name that is in the kubelet's form.
func parseImage(t *testing.T, name string) provider.Image {
	t.Helper()
	image, err := provider.ParseImage(name)
	if err != nil || image.String() != name {
		t.Fatalf("image %s is taken for %s: %v", name, image, err)
	}
	return image
}

// TestMatchRefused: what provider.ParsePattern refuses, the kubelet matches with no image.
func TestMatchRefused(t *testing.T) {
	c := newCorpus(2)
	var images []string
	for range 200 {
		images = append(images, c.image())
	}
	patterns := []string{"", "/acme", ":5000", "https://docker.io", "docker.io/*", "docker.io:*", "index.docker.io", "*.docker.io/acme", "reg[ab].io", "[::1]x[a]", `reg\.io`, "a b.io"}
	for len(patterns) < 500 {
		pattern := c.pattern(c.pick(images...))
		if _, err := provider.ParsePattern(pattern); err != nil {
			patterns = append(patterns, pattern)
		}
	}
	var pairs []kubelet.Pair
	for _, pattern := range patterns {
		if _, err := provider.ParsePattern(pattern); err == nil {
			t.Errorf("%q is not refused", pattern)
		}
		for _, image := range images {
			pairs = append(pairs, kubelet.Pair{Pattern: pattern, Image: image})
		}
	}
	for i, answer := range kubelet.Match(t, pairs) {
		if answer.Matched {
			t.Errorf("%q is refused, and in the kubelet selects %s", pairs[i].Pattern, pairs[i].Image)
		}
	}
}

// refusedByPattern are pairs that match in the kubelet although provider.ParsePattern refuses
// the pattern, since it is not what it seems to be. The kubelet reads a pattern as a URL: it
// drops user, query and fragment and decodes the path. And the names below docker.io, which
// people take for Docker Hub, do select images with these very names.
var refusedByPattern = []kubelet.Pair{
	{Pattern: "me@reg.io", Image: "reg.io/app"},
	{Pattern: "reg.io?x", Image: "reg.io/app"},
	{Pattern: "reg.io#x", Image: "reg.io/app"},
	{Pattern: "reg.io/%61pp", Image: "reg.io/app"},
	{Pattern: "registry-1.docker.io", Image: "registry-1.docker.io/acme/app"},
	{Pattern: "*.docker.io", Image: "registry-1.docker.io/acme/app"},
}

func TestMatchRefusedOnPurpose(t *testing.T) {
	for i, answer := range kubelet.Match(t, refusedByPattern) {
		pair := refusedByPattern[i]
		if _, err := provider.ParsePattern(pair.Pattern); err == nil || !answer.Matched {
			t.Errorf("%s: the error is %v; in the kubelet it selects %s: %v", pair.Pattern, err, pair.Image, answer.Matched)
		}
	}
}

// TestMatchHostCase: unlike the kubelet we ignore the case of the host, and of it alone.
func TestMatchHostCase(t *testing.T) {
	c := newCorpus(3)
	var pairs, lower []kubelet.Pair
	for len(pairs) < 2000 {
		image := c.image()
		pattern := c.pattern(image)
		lower = append(lower, kubelet.Pair{Pattern: pattern, Image: image})
		pairs = append(pairs, kubelet.Pair{Pattern: upperHost(pattern), Image: image}, kubelet.Pair{Pattern: pattern, Image: upperHost(image)})
	}
	differ := 0
	answers := kubelet.Match(t, append(lower, pairs...))
	for i, pair := range pairs {
		want := answers[i/2].Matched // in lower case
		if got := match(t, pair); got != want {
			t.Errorf("%s selects %s: %v, in the kubelet and lower case %v", pair.Pattern, pair.Image, got, want)
		}
		if answers[len(lower)+i].Matched != want {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the kubelet ignores the case of the host as well")
	}
}

func upperHost(name string) string {
	host, path, found := strings.Cut(name, "/")
	if found {
		path = "/" + path
	}
	return strings.ToUpper(host) + path
}

// TestMatchPortlessIPv6: in the kubelet an IPv6 address without a port is a glob, and a class
// of characters as such, so that it does not select itself. Here it does.
func TestMatchPortlessIPv6(t *testing.T) {
	pair := kubelet.Pair{Pattern: "[::1]", Image: "[::1]/app"}
	if !match(t, pair) || kubelet.Match(t, []kubelet.Pair{pair})[0].Matched {
		t.Error("we do not select [::1]/app, or the kubelet does")
	}
}

package kubelet_test

import (
	"strings"
	"testing"

	"k8s.io/kubernetes/pkg/util/parsers"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// The tests of this file hold what config check says of patterns to the kubelet's matcher and to its
// rules for the names of images.

// notedPatterns are noted as never matching.
var notedPatterns = []string{
	"", "https://reg.io", "http://reg.io/team", "reg.io/*", "*.reg.io/*", "index.docker.io", "index.docker.io/acme/", "acme", "acme/app", "nginx",
	"reg.io/team/app:1.2", "reg.io/app@sha256:abc", "reg.io/Team/", "docker.io/Acme", "reg..io", ".reg.io", "reg.io.", "-reg.io", "reg-.io", "*.-a.io", "reg_.io", "Reg_1.io", "reg_1.io:5000", "a___b.io", "a.io,b.io", "<reg>.io", "$reg.io",
	"r\u00e9g.io", "[::1]", "[2001:db8::1]/team", "reg.io//app", "reg.io/./app", "reg.io/-app", "reg.io/a..b", "reg.io/a___b", "reg.io/a.-b", "reg.io/a b", "reg.io/%20x", ":5000", "/app", "reg?.io", "//reg.io",
	"reg.io/app$", "reg.io/..", "docker", "*.docker.io/*", "https://index.docker.io/v1/", "docker.io/library/nginx:latest",
}

// usedPatterns select images, although something may be to be said of them.
var usedPatterns = []kubelet.Pair{
	{Pattern: "docker.io", Image: "docker.io/library/nginx"},
	{Pattern: "docker.io/acme", Image: "docker.io/acme-evil/app"},
	{Pattern: "docker.io/acme/", Image: "docker.io/acme/app"},
	{Pattern: "*.*", Image: "docker.io/acme/app"},
	{Pattern: "*", Image: "localhost/app"},
	{Pattern: "*/app", Image: "localhost/app"},
	{Pattern: "reg_1.io", Image: "reg_1.io/app"},
	{Pattern: "l*t", Image: "localhost/app"},
	{Pattern: "A*", Image: "Ab/app"},
	{Pattern: "*.dkr.ecr.*.amazonaws.com", Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/app"},
	{Pattern: "reg.io:443", Image: "reg.io:443/app"},
	{Pattern: "reg.io:", Image: "reg.io/app"},
	{Pattern: "reg:5000", Image: "reg:5000/app"},
	{Pattern: "Reg.IO", Image: "Reg.IO/app"},
	{Pattern: "REG", Image: "REG/app"},
	{Pattern: "reg.io/a__b", Image: "reg.io/a__b/c"},
	{Pattern: "reg.io/a--", Image: "reg.io/a---b"},
	{Pattern: "reg.io/a.", Image: "reg.io/a.b"},
	{Pattern: "reg.io/%61pp", Image: "reg.io/app"},
	{Pattern: "reg.io?x", Image: "reg.io/app"},
	{Pattern: "reg.io#x", Image: "reg.io/app"},
	{Pattern: "me@reg.io", Image: "reg.io/app"},
	{Pattern: "[::1]:5000", Image: "[::1]:5000/app"},
	{Pattern: "[2001:db8::1]:5000/team", Image: "[2001:db8::1]:5000/team/app"},
	{Pattern: "*:5000", Image: "localhost:5000/app"},
	{Pattern: "gcr.io:443", Image: "gcr.io:443/project/app"},
	{Pattern: "index.docker.io:443", Image: "index.docker.io:443/acme/app"},
	{Pattern: "registry-1.docker.io", Image: "registry-1.docker.io/acme/app"},
	{Pattern: "*.docker.io", Image: "registry-1.docker.io/acme/app"},
	{Pattern: "i*.docker.io", Image: "images.docker.io/acme/app"},
	{Pattern: "127.0.0.*:5000", Image: "127.0.0.1:5000/app"},
}

// realImages are names that the kubelet has for images.
func realImages(t *testing.T) []string {
	t.Helper()
	c := newCorpus(4)
	images := append(append([]string{}, servedImages...), foreignImages...)
	for len(images) < 1500 {
		if image := strings.ReplaceAll(c.image(), "Team/", "team/"); isReal(image) {
			images = append(images, image)
		}
	}
	return images
}

// isReal reports whether the kubelet asks plugins for an image by that name, as it is.
func isReal(image string) bool {
	name, _, _, err := parsers.ParseImageName(image)
	return err == nil && name == image
}

func TestPatternsThatNeverMatch(t *testing.T) {
	var pairs []kubelet.Pair
	images := realImages(t)
	for i, said := range checkPatterns(t, notedPatterns) {
		if !strings.Contains(said, "note: ") || !strings.Contains(said, neverNote) {
			t.Errorf("of %q config check says %q", notedPatterns[i], said)
		}
		for _, image := range append(images, near(notedPatterns[i])...) {
			pairs = append(pairs, kubelet.Pair{Pattern: notedPatterns[i], Image: image})
		}
	}
	for i, answer := range kubelet.Match(t, pairs) {
		if answer.Matched {
			t.Errorf("%q is said never to match and selects %s", pairs[i].Pattern, pairs[i].Image)
		}
		if answer.Err != "" {
			t.Errorf("%q: %s", pairs[i].Pattern, answer.Err)
		}
	}
}

func TestPatternsThatMatch(t *testing.T) {
	var patterns []string
	for _, pair := range usedPatterns {
		patterns = append(patterns, pair.Pattern)
		if !isReal(pair.Image) {
			t.Errorf("no image is called %s", pair.Image)
		}
	}
	says := checkPatterns(t, patterns)
	for i, answer := range kubelet.Match(t, usedPatterns) {
		if strings.Contains(says[i], neverNote) || !answer.Matched {
			t.Errorf("%s selects %s: %v %s; config check says %q", usedPatterns[i].Pattern, usedPatterns[i].Image, answer.Matched, answer.Err, says[i])
		}
	}
}

// TestPatternCorpus: of patterns made up at random, those and only those that select no image are said
// never to match, and those that the kubelet cannot read are faults.
func TestPatternCorpus(t *testing.T) {
	c := newCorpus(6)
	var patterns []string
	for len(patterns) < 1500 {
		patterns = append(patterns, c.pattern(c.image()))
	}
	images := realImages(t)[:300]
	says := checkPatterns(t, patterns)
	var pairs []kubelet.Pair
	of := map[int]int{} // a pair's pattern
	for i, pattern := range patterns {
		for _, image := range append(near(pattern), images...) {
			of[len(pairs)] = i
			pairs = append(pairs, kubelet.Pair{Pattern: pattern, Image: image})
		}
	}
	matched, broken := map[int]string{}, map[int]string{}
	for i, answer := range kubelet.Match(t, pairs) {
		if answer.Matched {
			matched[of[i]] = pairs[i].Image
		}
		if answer.Err != "" && !strings.Contains(answer.Err, "syntax error in pattern") {
			broken[of[i]] = answer.Err
		}
	}
	never := 0
	for i, pattern := range patterns {
		isNever, isFault := strings.Contains(says[i], neverNote), says[i] != "" && !strings.Contains(says[i], "note: ")
		if isNever {
			never++
		}
		switch {
		case isFault != (broken[i] != ""):
			t.Errorf("%q in the kubelet: %q; config check says %q", pattern, broken[i], says[i])
		case isFault:
		case isNever == (matched[i] != ""):
			t.Errorf("%q selects %q; config check says %q", pattern, matched[i], says[i])
		}
	}
	if never < 50 || never > 800 {
		t.Errorf("%d of %d never match; the corpus is lopsided", never, len(patterns))
	}
}

// near makes up images that the pattern may select.
func near(pattern string) []string {
	host, path, _ := strings.Cut(pattern, "/")
	var images []string
	for _, part := range []string{"a", "X", "x-1", "localhost", "ocalhos"} {
		host := strings.ReplaceAll(host, "*", part)
		host = strings.TrimSuffix(host, ":")
		for _, end := range []string{"", "app", "x/app", "/app", "a/b"} {
			for _, image := range []string{host + "/" + path + end, strings.ReplaceAll(host, "[", "")} {
				if isReal(image) {
					images = append(images, image)
				}
			}
		}
	}
	return images
}

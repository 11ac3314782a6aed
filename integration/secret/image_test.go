package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// corpusImages and corpusKeys are names that select each other often, or nearly.
func corpusImages() []string {
	images := []string{"docker.io/library/nginx", "docker.io/acme/app", "docker.io/acme-evil/app", "localhost/acme/app", "localhost:5000/acme/app", "[::1]:5000/acme/app"}
	for _, host := range []string{
		"ghcr.io", "registry.example.com", "registry.example.com:443", "registry.example.com:5000", "Registry.example.com", "example.com",
		"registry-1.docker.io", ecrHost, "123456789012.dkr.ecr.us-east-1.amazonaws.com", "europe-docker.pkg.dev", "127.0.0.1:5000",
	} {
		for _, path := range []string{"acme/app", "acme/app-evil", "v1/app", "app"} {
			images = append(images, host+"/"+path)
		}
	}
	return images
}

func corpusKeys() []string {
	keys := []string{
		"*", "*.*", "*.*.*", "*.io", "*.io/acme", "*.com", "*.example.com", "r*.example.com:5000", "*:5000", "*.dkr.ecr.*.amazonaws.com", "*-docker.pkg.dev",
		"docker.io", "docker.io/acme", "docker.io/acme/", "index.docker.io", "https://index.docker.io/v1/", "https://index.docker.io/v1", "index.docker.io/acme",
		"registry-1.docker.io", "*.docker.io", "localhost", "http://localhost:5000/v2/", "[::1]:5000", "[ab]:5000", "127.0.0.1:5000", "127.0.0.*:5000",
		"", " ghcr.io", "ghcr.io?x", "ghcr.io#x", "HTTPS://ghcr.io", "https://http://ghcr.io", "ghcr.io/acme/app:1", "ghcr.io/acme/*", "ghcr.io/%61cme", "ghcr.io//",
	}
	for _, host := range []string{"ghcr.io", "registry.example.com", "registry.example.com:443", "registry.example.com:5000", "Registry.Example.com", ecrHost, "europe-docker.pkg.dev"} {
		for _, key := range []string{"%s", "https://%s", "http://%s/", "https://%s/v1/", "%s/v2/", "https://%s/v2", "%s/acme", "%s/acme/", "%s/v1/acme/app", "%s/app"} {
			keys = append(keys, fmt.Sprintf(key, host))
		}
	}
	return keys
}

// TestCheckImage holds what --image tells, for many images and Secrets of many keys, to the
// kubelet's keyring: which entries, in which order.
func TestCheckImage(t *testing.T) {
	const secrets, keys = 60, 8
	random := rand.New(rand.NewPCG(1, 2))
	images := corpusImages()
	var documents []string
	var pods []kubelet.Pod
	for n := range secrets {
		chosen := distinct(random, keys)
		entries := map[string]json.RawMessage{}
		for _, key := range chosen {
			// The user tells which entry it is.
			entries[key] = json.RawMessage(loginEntry("user-"+encode(key), "canary"))
		}
		content, err := json.Marshal(map[string]any{"auths": entries})
		must(t, err)
		text := strings.Replace(pullSecret(string(content)), "name: regcred", fmt.Sprintf("name: regcred-%d", n), 1)
		documents = append(documents, text)
		pods = append(pods, kubelet.Pod{PullSecrets: []json.RawMessage{toJSON(t, text)}, Images: images})
	}
	found := tried(t, strings.Join(documents, "---\n"), images)
	matches := 0
	for n, answer := range kubelet.PullSecrets(t, pods) {
		if answer.Err != "" {
			t.Fatal(answer.Err)
		}
		for _, image := range answer.Answers {
			var want []string
			for _, entry := range image.Entries {
				want = append(want, entry.Username)
			}
			matches += len(want)
			place := fmt.Sprintf("%s: team/regcred-%d", image.Image, n)
			if got := found[place]; !slices.Equal(got, want) {
				t.Errorf("%s: the users %q, in the kubelet %q", place, decoded(got), decoded(want))
			}
		}
	}
	t.Logf("%d entries for %d images in %d Secrets", matches, len(images), secrets)
	if matches < secrets*len(images)/10 {
		t.Error("the corpus is lopsided")
	}
}

// distinct picks keys that do not mean the same: those the kubelet tries in random order.
func distinct(random *rand.Rand, n int) []string {
	all := corpusKeys()
	var picked []string
	meant := map[string]bool{}
	for len(picked) < n {
		key := all[random.IntN(len(all))]
		meaning := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
		for _, version := range []string{"/v1/", "/v2/"} {
			meaning = strings.Replace(meaning, version, "/", 1)
		}
		meaning, _, _ = strings.Cut(strings.ReplaceAll(strings.TrimRight(meaning, "/"), "%61", "a"), "?")
		meaning, _, _ = strings.Cut(meaning, "#")
		if !meant[meaning] {
			meant[meaning] = true
			picked = append(picked, key)
		}
	}
	return picked
}

// tried returns the users that pullpass tells for "IMAGE: NAMESPACE/NAME", in order.
func tried(t *testing.T, manifests string, images []string) map[string][]string {
	t.Helper()
	args := []string{"secret", "check", "-"}
	for _, image := range images {
		args = append(args, "--image", image)
	}
	r := end(t, pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), strings.NewReader(manifests), args...))
	if r.Code != 1 { // there are faults among the keys
		t.Fatalf("exit code %d:\n%s", r.Code, r.Stderr)
	}
	user := regexp.MustCompile(`\(user (user-[A-Za-z0-9+/=]*)\)`)
	found := map[string][]string{}
	for line := range strings.Lines(r.Stdout) {
		image, rest, _ := strings.Cut(line, ": ")
		if !slices.Contains(images, image) || strings.HasPrefix(rest, "no entry in ") {
			continue
		}
		name, _, _ := strings.Cut(rest, " ")
		for _, match := range user.FindAllStringSubmatch(rest, -1) {
			found[image+": "+name] = append(found[image+": "+name], match[1])
		}
	}
	return found
}

// decoded are the keys that users stand for.
func decoded(users []string) []string {
	var keys []string
	for _, user := range users {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(user, "user-"))
		if err != nil {
			return users
		}
		keys = append(keys, string(key))
	}
	return keys
}

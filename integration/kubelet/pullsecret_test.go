package kubelet_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/kubernetes/pkg/util/parsers"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// The tests of this file hold to the kubelet what dockerconfig says that it makes of a pull
// secret. Other than in keyring_test.go, nothing differs on purpose.

// oddKeys are keys of which the kubelet makes something else than one may think.
var oddKeys = []string{
	"Reg.IO", "reg.IO", "REG.io/team", "me@reg.io", "https://me:you@reg.io/v1/", "reg.io?x", "reg.io#x", "reg.io/%74eam", "reg.io/team%2f", "reg.io/te%61m/%61pp", "reg.io/%3fx", "reg.io/%2523",
	"r%65g.io", "reg.io/%zz", "reg%20.io", "r\u00e9g.io", "*", "*/app", "local*", "localhost", "LOCALHOST", "reg.io:", "reg.io:443", "reg.io:00443", "reg.io/v1/v1/", "reg.io//", "reg.io/./team", "reg.io/../team",
	"index.docker.io", "index.docker.io?x", "me@index.docker.io/v1/", "index.docker.io:", "Index.docker.io", "[::1]", "[::1]:", "[::1]:5000", "[::A]:5000", "[fe80::1%25a]:5000", "[::ffff:1.2.3.4]:5000", "::1:5000",
	"https://", "http://", "https:///v1/", "//", "/", ":", ":5000", "?", "#", "%", "\x00", "reg.io\n", "r\\eg.io", "r[e]g.io", "<reg>.io", "reg;.io", "-reg.io",
}

var oddImages = []string{
	"docker.io/acme/app", "docker.io/library/nginx", "Docker.IO/acme/app", "localhost/app", "LOCALHOST/app", "Reg/app", "A/app", "reg.io/app", "reg.io/team/app", "Reg.IO/team/app", "reg.io:443/app", "reg.io:5000/app",
	"[::1]:5000/app", "[::a]:5000/app", "[::1]/app", "registry-1.docker.io/acme/app",
}

func TestKubeletEntries(t *testing.T) {
	var questions []kubelet.Question
	for _, image := range oddImages {
		keys := sorted(append(hubKeys, oddKeys...)...)
		questions = append(questions, kubelet.Question{Keys: keys, Image: image})
		for _, key := range keys {
			questions = append(questions, kubelet.Question{Keys: []string{key}, Image: image})
		}
	}
	compareEntries(t, questions)
}

func TestKubeletEntriesCorpus(t *testing.T) {
	c := newCorpus(5)
	var questions []kubelet.Question
	for len(questions) < 8000 {
		image := c.anyImage()
		var keys []string
		for range 1 + c.random.IntN(6) {
			keys = append(keys, c.anyKey(image))
		}
		questions = append(questions, kubelet.Question{Keys: sorted(keys...), Image: image})
	}
	if found := compareEntries(t, questions); found < len(questions)/5 || found > len(questions)*9/10 {
		t.Errorf("%d of %d images have a credential; the corpus is lopsided", found, len(questions))
	}
}

// anyImage also returns names in which capitals and hosts without a dot are.
func (c corpus) anyImage() string {
	switch {
	case c.percent(10):
		return c.pick(oddImages...)
	case c.percent(10):
		return upperHost(c.image())
	}
	return c.image()
}

// anyKey returns a key that selects image or nearly does, in any of its spellings.
func (c corpus) anyKey(image string) string {
	switch {
	case c.percent(20):
		return c.pick(hubKeys...)
	case c.percent(10):
		return c.pick(oddKeys...)
	case c.percent(20):
		image = c.anyImage()
	}
	key := c.key(c.pattern(image))
	switch {
	case c.percent(5):
		return upperHost(key)
	case c.percent(10):
		at := c.random.IntN(len(key) + 1)
		return key[:at] + c.pick("@", "?", "#", "%", "%61", "%2f", "%3f", ":", "/") + key[at:]
	}
	return key
}

// compareEntries checks that KubeletEntries gives the entries that the kubelet tries, in its
// order. It returns for how many questions there are some.
func compareEntries(t *testing.T, questions []kubelet.Question) (found int) {
	t.Helper()
	differences := 0
	for i, want := range kubelet.Keyring(t, questions) {
		if len(want) > 0 {
			found++
		}
		keys := questions[i].Keys
		auths := map[string]any{}
		for number, key := range keys {
			auths[key] = map[string]string{"username": strconv.Itoa(number), "password": "x"}
		}
		got := usernames(t, encodeJSON(t, map[string]any{"auths": auths}), false, questions[i].Image)
		for j := range got {
			number, err := strconv.Atoi(got[j])
			if err != nil {
				t.Fatal(err)
			}
			got[j] = keys[number]
		}
		if !slices.Equal(got, want) {
			differences++
			if differences <= 10 {
				t.Errorf("%s of %q: %q, in the kubelet %q", questions[i].Image, questions[i].Keys, got, want)
			}
		}
	}
	if differences > 0 {
		t.Errorf("%d of %d lookups differ from the kubelet", differences, len(questions))
	}
	return found
}

// usernames returns those of KubeletEntries, or nil for an error.
func usernames(t *testing.T, data []byte, legacy bool, image string) []string {
	t.Helper()
	entries, err := dockerconfig.KubeletEntries(data, legacy, parseImage(t, image))
	if err != nil {
		return nil
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Username)
	}
	return names
}

func encodeJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// contents are what pull secrets may hold, right and wrong: for an image of reg.io.
func contents() []string {
	entries := []string{
		`{"username": "me", "password": "x"}`, `{"auth": "bWU6eA=="}`, `{"auth": "bWU6eA"}`, `{"auth": "bWU6eA==\n"}`, `{"auth": " bWU6eA=="}`, `{"auth": "bWU6\r\neA"}`,
		`{"auth": "bWU6eA==", "username": "you", "password": "y"}`, `{"auth": "", "username": "you", "password": "y"}`, `{"auth": null, "username": "you", "password": null}`,
		`{"AUTH": "bWU6eA=="}`, `{"UserName": "me", "password": "x", "username": "you"}`, `{"auth": "bWU6eA==", "auth": "eW91OnkK"}`,
		`{"auth": "me:x"}`, `{"auth": "YldVNmVBPT0="}`, `{"auth": "bWU="}`, `{"auth": "bWU6Pz8_"}`, `{"auth": "bWU6eA==="}`, `{"auth": "Og=="}`, `{"auth": "Ong="}`, `{"auth": "bWU6"}`, `{"auth": "bWU6eDp5Og=="}`,
		`{"auth": 5}`, `{"auth": ["bWU6eA=="]}`, `{"auth": {}}`, `{"auth": true}`, `{"username": 5}`, `{"password": {}}`, `{"email": 5}`, `{"email": null, "username": "me"}`, `{"Email": []}`,
		`{"identitytoken": "x"}`, `{"username": "me", "identitytoken": 5}`, `{"username": "me", "registrytoken": {}}`, `{"username": "me\n", "password": "x\n"}`, `{"username": "m:e", "password": "x"}`,
		`{}`, `null`, `5`, `"x"`, `[]`, `true`, `{"username": "\ud800", "password": "x"}`, `{"auth": "/zp4"}`,
	}
	texts := []string{
		``, ` `, `{`, `{}`, `null`, `[]`, `5`, `"x"`, `{} {}`, "\ufeff{}", `eyJhdXRocyI6e319`, `{"auths": {}}`, `{"auths": null}`, `{"auths": []}`, `{"auths": "x"}`, `{"auths": 5}`, `{"auths": {"reg.io": {"username": "me"}}, }`,
		`{"reg.io": {}, "auths": {"reg.io": {"username": "me", "password": "x"}}}`, `{"auths": {"reg.io": {"username": "me", "password": "x"}}, "credsStore": "x", "credHelpers": {"reg.io": "x"}}`,
		`{"auths": {"reg.io": {"username": "me"}}, "HttpHeaders": 5}`, `{"auths": {"reg.io": {"username": "me"}}, "httpheaders": {"x": 5}}`, `{"auths": {"reg.io": {"username": "me"}}, "HttpHeaders": {"x": null}}`,
		`{"auths": {"reg.io": {"username": "me"}}, "HttpHeaders": null, "credsStore": 5}`, `{"AUTHS": {"reg.io": {"username": "me", "password": "x"}}}`, `{"auth\u017f": {"reg.io": {"username": "me", "password": "x"}}}`,
		`{"auths": {"reg.io": {"username": "a"}, "*.io": {"username": "b"}}, "Auths": {"reg.io": {"username": "c"}}}`, `{"auths": {"reg.io": {"username": "me"}}, "auths": null}`, `{"auths": {"reg.io": 5}, "auths": null}`,
		`{"auths": null, "auths": {"reg.io": {"username": "me", "password": "x"}}}`, `{"auths": {"reg.io": {"username": "me"}}, "auths": 5}`, "{\"auths\": {\"reg.io\": {\"username\": \"m\xffe\", \"password\": \"x\"}}}",
		`{"auths": {"reg.io": {"username": "a"}, "reg\u002eio": {"username": "b", "password": "x"}}}`, `{"auths": {"reg.io": {"auth": "x"}, "reg.io": {"username": "b", "password": "x"}}}`,
		`{"auths": {"reg.io": {"username": "a", "password": "x"}, "reg.io/app": {"username": "", "password": ""}, "reg.io/a": {"username": "c", "password": ""}}}`,
	}
	for _, entry := range entries {
		texts = append(texts,
			`{"auths": {"reg.io": `+entry+`}}`,
			`{"reg.io": `+entry+`}`,
			`{"auths": {"example.com": `+entry+`, "reg.io": {"username": "me", "password": "x"}}}`)
	}
	return texts
}

// TestPullSecretContents: the kubelet refuses what KubeletEntries has an error for, and of what
// Check has no fault with it takes a whole credential.
func TestPullSecretContents(t *testing.T) {
	const image, otherImage = "reg.io/app", "other.example.com/app"
	texts := contents()
	var pods []kubelet.Pod
	for _, text := range texts {
		for _, legacy := range []bool{false, true} {
			other := pullSecret(t, "other", []byte(`{"auths": {"other.example.com": {"username": "other", "password": "x"}}}`), false)
			pods = append(pods, kubelet.Pod{
				PullSecrets: []json.RawMessage{other, pullSecret(t, "regcred", []byte(text), legacy)},
				Images:      []string{image, otherImage},
			})
		}
	}
	refused, passed := 0, 0
	for i, credentials := range kubelet.PullSecrets(t, pods) {
		text, legacy := []byte(texts[i/2]), i%2 == 1
		_, err := dockerconfig.KubeletEntries(text, legacy, parseImage(t, image))
		if (err != nil) != (credentials.Err != "") {
			t.Errorf("%q, legacy %t: the error is %v, in the kubelet %q", text, legacy, err, credentials.Err)
			continue
		}
		faulty := slices.ContainsFunc(dockerconfig.Check(text, legacy), func(f dockerconfig.Fault) bool { return !f.Note })
		if err != nil {
			refused++
			if credentials.Answers != nil || !faulty {
				t.Errorf("%q, legacy %t: the kubelet answers %v, Check finds a fault: %t", text, legacy, credentials.Answers, faulty)
			}
			continue
		}
		entries := credentials.Answers[0].Entries
		var want []string
		for _, entry := range entries {
			want = append(want, shownUser(entry))
		}
		got := usernames(t, text, legacy, image)
		for i := range got {
			got[i] = strings.ToValidUTF8(got[i], "\ufffd") // as the kubelet's come through JSON
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q, legacy %t: the users are %q, in the kubelet %q", text, legacy, got, want)
		}
		if other := credentials.Answers[1].Entries; len(other) != 1 || other[0].Username != "other" {
			t.Errorf("%q, legacy %t: of the other secret the kubelet has %v", text, legacy, other)
		}
		whole := len(entries) > 0 && !slices.ContainsFunc(entries, func(e kubelet.Entry) bool { return e.Username == "" || e.Password == "" })
		if !faulty {
			passed++
			if !whole {
				t.Errorf("%q, legacy %t: Check finds no fault, and the kubelet has %v", text, legacy, entries)
			}
		}
	}
	if refused < 20 || passed < 20 {
		t.Errorf("of %d secrets the kubelet refuses %d, and %d are good; the cases are lopsided", len(pods), refused, passed)
	}
}

// pullSecret returns the manifest of a pull secret.
func pullSecret(t *testing.T, name string, content []byte, legacy bool) json.RawMessage {
	kind, key := "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
	if legacy {
		kind, key = "kubernetes.io/dockercfg", ".dockercfg"
	}
	return encodeJSON(t, map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": kind,
		"metadata": map[string]string{"name": name, "namespace": "default"},
		"data":     map[string]string{key: base64.StdEncoding.EncodeToString(content)},
	})
}

// TestKeysThatNeverMatch: in the kubelet, a key with which Check has a fault selects no image, and
// each other key selects some image that a pod can have. Hosts of one letter are left out: [::A] is
// a class of characters there, and selects A.
func TestKeysThatNeverMatch(t *testing.T) {
	c := newCorpus(6)
	var images []string
	for len(images) < 300 {
		image := c.image()
		if c.percent(20) {
			image = upperHost(image)
		}
		if isImage(image) {
			images = append(images, image)
		}
	}
	images = append(images, "docker.io/acme/app", "docker.io/library/nginx", "localhost/app", "LOCALHOST/team/app", "reg.io/app", "reg.io/team/app", "[::1]:5000/app")
	keys := []string{
		"reg.io/*", "reg.io/team/app:1", "reg.io/app@sha256:0", "https://index.docker.io/v1", "HTTPS://reg.io", "ftp://reg.io", "reg.io/Team", "acme/app", "reg", "my_reg.io", "reg.io/a__b", "reg.io/a___b", "reg.io/a-", "reg.io/a.", "reg.io/a./",
		"my_reg.io", "my_reg.io:5000", "My_reg.io", "reg.io/" + strings.Repeat("a", 255), "reg.io/" + strings.Repeat("a", 256), "reg.io/" + strings.Repeat("a", 254) + "/", "reg.io/" + strings.Repeat("a", 253) + "/",
	}
	keys = append(append(keys, hubKeys...), oddKeys...)
	for len(keys) < 6000 {
		keys = append(keys, c.key(c.pattern(c.pick(images...))))
	}
	keys = sorted(keys...)

	var never []string
	var found []kubelet.Question
	for _, key := range keys {
		switch {
		case isFaulty(t, key):
			never = append(never, key)
		case !strings.ContainsAny(key, "@?#%"): // of these, TestKubeletEntries knows
			found = append(found, kubelet.Question{Keys: []string{key}, Image: selectedBy(t, key)})
		}
	}
	if len(never) < 500 || len(found) < 1000 {
		t.Errorf("%d keys never match, %d do; the corpus is lopsided", len(never), len(found))
	}
	for i, matching := range kubelet.Keyring(t, found) {
		if len(matching) == 0 {
			t.Errorf("Check passes %q, and it does not select %s", found[i].Keys[0], found[i].Image)
		}
	}
	var questions []kubelet.Question
	for chunk := range slices.Chunk(never, 20) {
		for _, image := range images {
			questions = append(questions, kubelet.Question{Keys: chunk, Image: image})
		}
	}
	for i, matching := range kubelet.Keyring(t, questions) {
		if len(matching) > 0 {
			t.Errorf("Check says that %q never match, and they select %s", matching, questions[i].Image)
		}
	}
}

// TestKeysOfAllForms tries all short hosts and all short paths.
func TestKeysOfAllForms(t *testing.T) {
	for _, path := range stringsOf("aA._-/:", 5) {
		key := "reg.io/" + path
		// What begins a name is one, or is with a letter more.
		if want := isImage(key) || isImage(key+"a"); !isFaulty(t, key) != want {
			t.Errorf("%q begins the name of an image: %t", key, want)
		}
	}

	var questions []kubelet.Question
	hosts := stringsOf("aA._-:5*", 5)
	for _, host := range hosts {
		for _, star := range []string{"", "a", "A"} {
			image := strings.ReplaceAll(strings.TrimSuffix(host, ":"), "*", star) + "/a"
			if isImage(image) {
				questions = append(questions, kubelet.Question{Keys: []string{host}, Image: image})
			}
		}
	}
	selects := map[string]bool{}
	for i, matching := range kubelet.Keyring(t, questions) {
		if len(matching) > 0 {
			selects[questions[i].Keys[0]] = true
		}
	}
	for _, host := range hosts {
		if isFaulty(t, host) == selects[host] {
			t.Errorf("%q selects an image: %t", host, selects[host])
		}
	}
	if len(selects) < 1000 {
		t.Errorf("of %d hosts, %d select an image; the cases are lopsided", len(hosts), len(selects))
	}
}

// stringsOf returns all strings of up to length characters, and at least one.
func stringsOf(characters string, length int) []string {
	var all []string
	last := []string{""}
	for range length {
		var longer []string
		for _, text := range last {
			for _, character := range characters {
				longer = append(longer, text+string(character))
			}
		}
		all = append(all, longer...)
		last = longer
	}
	return all
}

// isImage reports whether a pod can have an image of that name, which is in the kubelet's form.
func isImage(name string) bool {
	normal, _, _, err := parsers.ParseImageName(name)
	return err == nil && normal == name
}

// isFaulty reports whether Check has a fault with a key.
func isFaulty(t *testing.T, key string) bool {
	t.Helper()
	data := encodeJSON(t, map[string]any{"auths": map[string]any{key: map[string]string{"username": "me", "password": "x"}}})
	return slices.ContainsFunc(dockerconfig.Check(data, false), func(f dockerconfig.Fault) bool { return !f.Note })
}

// selectedBy returns an image that key should select.
func selectedBy(t *testing.T, key string) string {
	t.Helper()
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, path, _ := strings.Cut(key, "/")
	for _, version := range []string{"v1/", "v2/"} {
		if rest, found := strings.CutPrefix(path, version); found {
			path = rest
			break
		}
	}
	host = strings.TrimSuffix(host, ":")
	if host == "index.docker.io" {
		host = "docker.io"
	}
	star := "a"
	if !strings.ContainsAny(host, ".:") {
		star = "A" // or it would be no host
	}
	host = strings.ReplaceAll(host, "*", star)
	switch {
	case path == "" && host == "docker.io":
		path = "library/nginx"
	case path == "" || strings.ContainsAny(path[len(path)-1:], "/._-"):
		path += "x"
	}
	if host == "docker.io" && !strings.Contains(path, "/") {
		path += "/x"
	}
	image := fmt.Sprintf("%s/%s", host, path)
	if !isImage(image) {
		t.Errorf("Check passes %q, and %s is no image", key, image)
	}
	return image
}

// shownUser is an entry's user without what may be a password.
func shownUser(entry kubelet.Entry) string {
	user, _, found := strings.Cut(entry.Username, ":")
	switch {
	case found:
		return user + ":REDACTED"
	case user != "" && (entry.Password == "" || entry.Password == user):
		return "REDACTED"
	}
	return user
}

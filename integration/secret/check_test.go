package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/kubelet"
	"github.com/pullpass/pullpass/integration/pullpass"
)

const (
	checkHost     = "registry.example.com"
	checkImage    = checkHost + "/acme/app"
	checkPassword = "canary-good"
)

// A verdict is what comes of a Secret, as the API server's and the kubelet's code have it.
type verdict string

const (
	refused    verdict = "the API server refuses it"
	unreadable verdict = "the kubelet cannot read it, and uses no pull secret of the pod"
	nothing    verdict = "the kubelet finds no credential in it"
	anonymous  verdict = "the kubelet finds an empty username or password in it"
	wrong      verdict = "the kubelet finds another credential in it"
	right      verdict = "the kubelet finds the credential"
	several    verdict = "the kubelet finds the credential and others"
)

// A finding is a Secret, what pullpass says of it, and what becomes of it.
type finding struct {
	manifest string // YAML
	says     string // a part of a line; "note: …" for what is no fault; "ok" for a good one
	verdict  verdict
	image    string // checkImage if it is ""
}

// findings are all that pullpass secret check can find.
func findings(t *testing.T) map[string]finding {
	t.Helper()
	all := map[string]finding{}
	for _, some := range []map[string]finding{
		manifestFindings(), madeFindings(t), dataFindings(), timeFindings(), contentFindings(), entryFindings(), keyFindings(), rivalFindings(),
	} {
		for name, f := range some {
			if _, twice := all[name]; twice {
				t.Fatalf("two findings are called %s", name)
			}
			if f.image == "" {
				f.image = checkImage
			}
			all[name] = f
		}
	}
	return all
}

// pullSecret is a Secret as kubectl get -o yaml prints it, with what people care about.
func pullSecret(content string) string {
	return typed("kubernetes.io/dockerconfigjson", ".dockerconfigjson", content)
}

func dockercfg(content string) string { return typed("kubernetes.io/dockercfg", ".dockercfg", content) }

func typed(kind, key, content string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: regcred\n  namespace: team\ntype: " + kind + "\ndata:\n  " + key + ": " + encode(content) + "\n"
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// auths is the content with one entry.
func auths(key, entry string) string { return fmt.Sprintf(`{"auths": {%q: %s}}`, key, entry) }

// good is the content of a pull secret that works.
func good() string { return auths(checkHost, goodEntry()) }

func goodEntry() string { return authEntry("acme", checkPassword) }

func loginEntry(username, password string) string {
	text, err := json.Marshal(map[string]string{"username": username, "password": password})
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}

func manifestFindings() map[string]finding {
	replaced := func(old, new string) string { return strings.Replace(pullSecret(good()), old, new, 1) }
	return map[string]finding{
		"good":                     {pullSecret(good()), "ok, 1 entry: " + checkHost + " (user acme)", right, ""},
		"a name with capitals":     {replaced("regcred", "RegCred"), "name \"RegCred\"", refused, ""},
		"a namespace with dots":    {replaced("team", "team.web"), "namespace \"team.web\"", refused, ""},
		"another key not base64":   {pullSecret(good()) + "  other: '%canary'\n", "another key of data is not base64", refused, ""},
		"no type":                  {replaced("type: kubernetes.io/dockerconfigjson\n", ""), "no type, which makes it Opaque", nothing, ""},
		"another type":             {replaced("kubernetes.io/dockerconfigjson", "kubernetes.io/dockerconfig"), `type "kubernetes.io/dockerconfig": the kubelet ignores it`, nothing, ""},
		"Opaque, dockercfg":        {strings.Replace(dockercfg("{"+`"`+checkHost+`": `+goodEntry()+"}"), "kubernetes.io/dockercfg", "Opaque", 1), `type "Opaque": the kubelet ignores it`, nothing, ""},
		"Opaque, another key":      {typed("Opaque", "config.json", good()), `type "Opaque": the kubelet ignores it`, nothing, ""},
		"Opaque, something else":   {typed("Opaque", "password", checkPassword), "and it holds no Docker config", nothing, ""},
		"the key of the old type":  {typed("kubernetes.io/dockerconfigjson", ".dockercfg", good()), "without the key .dockerconfigjson", refused, ""},
		"no data":                  {"apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: team}\ntype: kubernetes.io/dockerconfigjson\n", "without the key .dockerconfigjson", refused, ""},
		"the old type":             {dockercfg(`{"` + checkHost + `": ` + goodEntry() + `}`), "note: type kubernetes.io/dockercfg is the old format", right, ""},
		"immutable":                {pullSecret(good()) + "immutable: true\n", "note: it is immutable", right, ""},
		"stringData":               {stringData(good()), "note: .dockerconfigjson is in stringData", right, ""},
		"data and stringData":      {pullSecret(good()) + "stringData:\n  .dockerconfigjson: '" + auths(checkHost, loginEntry("acme", "canary-old")) + "'\n", "is in data and in stringData", wrong, ""},
		"the same in both":         {pullSecret(good()) + "stringData:\n  .dockerconfigjson: '" + good() + "'\n", "is in data and in stringData", right, ""},
		"a broken stringData":      {stringData("auths: " + checkPassword), "not valid JSON", refused, ""},
		"base64 in stringData":     {stringData(encode(good())), "base64-encoded once more", refused, ""},
		"stringData of another":    {pullSecret(good()) + "stringData: {more: x}\n", "ok, 1 entry", right, ""},
		"an empty value":           {typed("kubernetes.io/dockerconfigjson", ".dockerconfigjson", "") + "  more: eA==\n", ".dockerconfigjson is empty", refused, ""},
		"more than a Secret holds": {pullSecret(auths(checkHost, loginEntry("acme", strings.Repeat("canary-good", 100_000)))), "more than the 1048576 that a Secret may have", refused, ""},
	}
}

func stringData(content string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: team}\ntype: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '" + content + "'\n"
}

// madeFindings are made with kubectl, as people make them.
func madeFindings(t *testing.T) map[string]finding {
	t.Helper()
	made := func(args ...string) string {
		return kubectl(t, append([]string{"create", "secret", "-n", "team", "--dry-run=client", "-o", "yaml"}, args...)...)
	}
	file := func(content string) string { return write(t, "config.json", content) }
	registry := func(server, password string) string {
		return made("docker-registry", "regcred", "--docker-server="+server, "--docker-username=acme", "--docker-password="+password)
	}
	withType := "--type=kubernetes.io/dockerconfigjson"
	helper := `{"auths": {"` + checkHost + `": {}}, "credsStore": "desktop"}`
	return map[string]finding{
		"kubectl, docker-registry":               {registry(checkHost, checkPassword), "ok, 1 entry", right, ""},
		"kubectl, a password from echo":          {registry(checkHost, checkPassword+"\n"), "the password ends with a line break", wrong, ""},
		"kubectl, the address of the web site":   {registry("https://hub.docker.com", checkPassword), "the key never matches an image", nothing, "docker.io/acme/app"},
		"kubectl, another server":                {registry("registry.example.org", checkPassword), "ok, 1 entry", nothing, ""},
		"kubectl, the server left out":           {made("docker-registry", "regcred", "--docker-username=acme", "--docker-password="+checkPassword), "note: auths[\"https://index.docker.io/v1/\"]: the kubelet also sends", right, "docker.io/acme/app"},
		"kubectl, generic without a type":        {made("generic", "regcred", "--from-file=.dockerconfigjson="+file(good())), `the kubelet ignores it`, nothing, ""},
		"kubectl, generic with another key":      {made("generic", "regcred", withType, "--from-file=config.json="+file(good())), "without the key .dockerconfigjson", refused, ""},
		"kubectl, a config with a store":         {made("generic", "regcred", withType, "--from-file=.dockerconfigjson="+file(helper)), "the entry has no credential, and the kubelet asks no credential helper", anonymous, ""},
		"kubectl, a file in base64":              {made("generic", "regcred", withType, "--from-file=.dockerconfigjson="+file(encode(good()))), "base64-encoded once more", refused, ""},
		"kubectl, a config of podman with a key": {made("docker-registry", "regcred", "--from-file="+file(auths(checkHost+"/acme", goodEntry()))), "note: auths[\"registry.example.com/acme\"]: the path is a plain prefix", right, ""},
	}
}

func dataFindings() map[string]finding {
	data := func(text string) string {
		return strings.Replace(pullSecret("{}"), "e30=", text, 1)
	}
	text := encode(good())
	padded := good()
	for len(padded)%3 != 1 {
		padded += " "
	}
	return map[string]finding{
		"JSON in data":        {data("'" + good() + "'"), "JSON in data, not its base64", refused, ""},
		"folded base64":       {data(">\n    " + text[:20] + "\n    " + text[20:]), "with blanks in it", refused, ""},
		"base64 in lines":     {data("|\n    " + text[:20] + "\n    " + text[20:]), "ok, 1 entry", right, ""},
		"base64 without =":    {data(strings.TrimRight(encode(padded), "=")), "not base64", refused, ""},
		"base64 of URLs":      {data(`"` + strings.Repeat("_", 8) + `"`), "not base64", refused, ""},
		"base64 twice":        {data(encode(text)), "base64-encoded once more", refused, ""},
		"base64 and a number": {data(`"123"`), "not base64", refused, ""},
	}
}

func timeFindings() map[string]finding {
	annotated := func(annotations string) string {
		return strings.Replace(pullSecret(good()), "  namespace: team\n", "  namespace: team\n  annotations:\n"+annotations, 1)
	}
	at := func(key string, from time.Duration) string {
		return fmt.Sprintf("    pullpass/%s: %q\n", key, time.Now().Add(from).UTC().Format(time.RFC3339))
	}
	return map[string]finding{
		"expired":          {annotated(at("expires-at", -time.Hour) + at("refresh-after", -7*time.Hour)), "it expired 1h0m", right, ""},
		"due":              {annotated(at("expires-at", time.Hour) + at("refresh-after", -2*time.Hour)), "note: it should have been written anew 2h0m", right, ""},
		"in time":          {annotated(at("expires-at", 8*time.Hour) + at("refresh-after", 2*time.Hour)), "ok, 1 entry", right, ""},
		"a broken time":    {annotated("    pullpass/expires-at: tomorrow\n"), "annotation pullpass/expires-at is not a time", right, ""},
		"an expired token": {pullSecret(auths(ecrHost, authEntry("AWS", ecrToken(-time.Hour)))), "the token expired 1h0m", wrong, ecrHost + "/team/app"},
		"a token in time":  {pullSecret(auths(ecrHost, authEntry("AWS", ecrToken(time.Hour)))), "ok, 1 entry", wrong, ecrHost + "/team/app"},
	}
}

// ecrToken is a password of the form of ECR's, which name their own expiry.
func ecrToken(from time.Duration) string {
	return encode(fmt.Sprintf(`{"payload":"canary","datakey":"canary","version":"2","type":"DATA_KEY","expiration":%d}`, time.Now().Add(from).Unix()))
}

func contentFindings() map[string]finding {
	return map[string]finding{
		"not JSON":                {pullSecret("auths: {" + checkPassword), "not valid JSON", refused, ""},
		"cut short":               {pullSecret(good()[:len(good())-2]), "not valid JSON", refused, ""},
		"two values":              {pullSecret(good() + good()), "not valid JSON", refused, ""},
		"an array":                {pullSecret("[" + good() + "]"), "not a JSON object", refused, ""},
		"a byte order mark":       {pullSecret("\ufeff" + good()), "byte order mark", refused, ""},
		"null":                    {pullSecret("null"), "no entry in auths", nothing, ""},
		"no auths":                {pullSecret("{}"), "no entry in auths", nothing, ""},
		"empty auths":             {pullSecret(`{"auths": {}}`), "no entry in auths", nothing, ""},
		"null auths":              {pullSecret(`{"auths": null}`), "no entry in auths", nothing, ""},
		"auths is an array":       {pullSecret(`{"auths": ["` + checkPassword + `"]}`), "field auths has the wrong JSON type", unreadable, ""},
		"HttpHeaders is a number": {pullSecret(`{"HttpHeaders": 5, ` + good()[1:]), "field HttpHeaders has the wrong JSON type", unreadable, ""},
		"the old content":         {pullSecret(`{"` + checkHost + `": ` + goodEntry() + `}`), "the old format of a .dockercfg", nothing, ""},
		"auths in the old type":   {dockercfg(good()), "it has auths around the registries", nothing, ""},
		"a store alone":           {pullSecret(`{"credsStore": "desktop"}`), "no entry in auths, and the kubelet asks no credential helper", nothing, ""},
		"helpers alone":           {pullSecret(`{"auths": {}, "credHelpers": {"` + checkHost + `": "x"}}`), "no entry in auths, and the kubelet asks no credential helper", nothing, ""},
		"a store beside an entry": {pullSecret(`{"credsStore": "desktop", ` + good()[1:]), "note: the kubelet ignores credsStore and credHelpers", right, ""},
		"old and broken":          {dockercfg(`{"` + checkHost + `": {"auth": 5}}`), "field auth has the wrong JSON type", unreadable, ""},
		"old and empty":           {dockercfg(`{}`), "no entry in auths", nothing, ""},
	}
}

func entryFindings() map[string]finding {
	entry := func(text, says string, v verdict) finding {
		return finding{pullSecret(auths(checkHost, text)), says, v, ""}
	}
	return map[string]finding{
		"an entry that is a string":       entry(`"`+encode("acme:"+checkPassword)+`"`, "not a JSON object", unreadable),
		"a password that is a number":     entry(`{"username": "acme", "password": 5}`, "field password has the wrong JSON type", unreadable),
		"an auth that is an object":       entry(`{"auth": {}}`, "field auth has the wrong JSON type", unreadable),
		"an auth not base64":              entry(`{"auth": "acme:`+checkPassword+`"}`, "auth is not base64", unreadable),
		"an auth in base64 of URLs":       entry(`{"auth": "YWNtZTo_Pz8_"}`, "auth is not base64", unreadable),
		"an auth in base64 twice":         entry(`{"auth": "`+encode(encode("acme:"+checkPassword))+`"}`, "base64-encoded twice", unreadable),
		"an auth without a colon":         entry(`{"auth": "`+encode(checkPassword)+`"}`, "no colon between username and password", unreadable),
		"an auth without padding":         entry(`{"auth": "`+strings.TrimRight(encode("acme:"+checkPassword), "=")+`"}`, "ok, 1 entry", right),
		"an auth with a line end":         entry(`{"auth": "`+encode("acme:"+checkPassword)+`\n"}`, "ok, 1 entry", right),
		"an empty entry":                  entry(`{}`, "the entry has no credential", anonymous),
		"an entry that is null":           entry(`null`, "the entry has no credential", anonymous),
		"no username":                     entry(loginEntry("", checkPassword), "the username is empty", anonymous),
		"no password":                     entry(loginEntry("acme", ""), "the password is empty", anonymous),
		"an auth without a password":      entry(authEntry("acme", ""), "the password is empty", anonymous),
		"an identity token":               entry(`{"auth": "`+encode("00000000-0000-0000-0000-000000000000:")+`", "identitytoken": "`+checkPassword+`"}`, "only an identity or registry token is stored", anonymous),
		"a registry token":                entry(`{"registrytoken": "`+checkPassword+`"}`, "only an identity or registry token is stored", anonymous),
		"a token beside a password":       entry(`{"username": "acme", "password": "`+checkPassword+`", "identitytoken": "canary"}`, "note: auths[\"registry.example.com\"]: the kubelet ignores the identity or registry token", right),
		"a password with a line end":      entry(authEntry("acme", checkPassword+"\n"), "the password ends with a line break", wrong),
		"a password of Windows":           entry(loginEntry("acme", checkPassword+"\r\n"), "the password ends with a line break", wrong),
		"a password of two lines":         entry(loginEntry("acme", checkPassword+"\n"+checkPassword), "the password contains a line break", wrong),
		"a password with a tab":           entry(loginEntry("acme", "\t"+checkPassword), "the password contains control characters", wrong),
		"a password with a blank":         entry(loginEntry("acme", checkPassword+" "), "note: auths[\"registry.example.com\"]: the password begins or ends with a blank", wrong),
		"a password not UTF-8":            entry(`{"auth": "`+encode("acme:"+checkPassword+"\xff")+`"}`, "not valid UTF-8", wrong),
		"a username with a line end":      entry(loginEntry("acme\n", checkPassword), "the username ends with a line break", wrong),
		"a username with a blank":         entry(loginEntry(" acme", checkPassword), "the username begins or ends with a blank", wrong),
		"a username with a colon":         entry(loginEntry("acme:"+checkPassword, "x"), "the username contains a colon", wrong),
		"a username with a control":       entry(loginEntry("ac\x1bme", checkPassword), "the username contains control characters", wrong),
		"another password than in auth":   entry(`{"username": "acme", "password": "canary-old", "auth": "`+encode("acme:"+checkPassword)+`"}`, "note: auths[\"registry.example.com\"]: username and password are not those in auth", right),
		"a good password, and an old one": entry(`{"username": "acme", "password": "`+checkPassword+`", "auth": "`+encode("acme:canary-old")+`"}`, "note: auths[\"registry.example.com\"]: username and password are not those in auth", wrong),
		"a key of Google":                 entry(loginEntry("_json_key", "{\n  \"type\": \"service_account\"\n}\n"), "ok, 1 entry", wrong),
	}
}

func keyFindings() map[string]finding {
	findings := map[string]finding{}
	for key, image := range map[string]string{
		"https://registry-1.docker.io/v2/": "docker.io/acme/app",
		"registry-1.docker.io":             "docker.io/acme/app",
		"hub.docker.com":                   "docker.io/acme/app",
		"*.docker.io":                      "docker.io/acme/app",
		"docker.com":                       "docker.io/acme/app",
		"https://index.docker.io/v1":       "docker.io/acme/app",
		"index.docker.io:443":              "docker.io/acme/app",
		"":                                 checkImage,
		"HTTPS://" + checkHost:             checkImage,
		"ftp://" + checkHost:               checkImage,
		" " + checkHost:                    checkImage,
		checkHost + " ":                    checkImage,
		checkHost + "\n":                   checkImage,
		checkHost + "/acme/*":              checkImage,
		checkHost + "/acme/app:1.2":        checkImage,
		checkHost + "/acme/app@sha256:" + strings.Repeat("0", 64): checkImage,
		checkHost + "/Acme":    checkImage,
		checkHost + ":https":   checkImage,
		checkHost + "//acme":   checkImage,
		"https:///acme":        checkImage,
		"registry":             checkImage,
		"registry..example":    checkImage,
		"[::1]":                checkImage,
		"*." + checkHost + ".": checkImage,
	} {
		findings["key "+key] = finding{pullSecret(auths(key, goodEntry())), "the key never matches an image", nothing, image}
	}
	for name, f := range map[string]struct {
		key, image string
		says       string
		verdict    verdict
	}{
		"docker.io":                {"docker.io", "docker.io/acme/app", "ok, 1 entry", right},
		"docker login's":           {"https://index.docker.io/v1/", "docker.io/acme/app", "the kubelet also sends this credential to hosts without a dot", right},
		"docker login's, foreign":  {"https://index.docker.io/v1/", "localhost/acme/app", "the kubelet also sends this credential to hosts without a dot", right},
		"docker.io, foreign":       {"docker.io", "localhost/acme/app", "ok, 1 entry", nothing},
		"a URL":                    {"https://" + checkHost + "/v2/", checkImage, "ok, 1 entry", right},
		"port 443":                 {checkHost + ":443", checkImage, "only images that are written with :443 match", nothing},
		"port 443, so written":     {checkHost + ":443", checkHost + ":443/acme/app", "only images that are written with :443 match", right},
		"capitals":                 {"Registry.Example.com", checkImage, "only images whose host is written in the same capitals match", nothing},
		"capitals, so written":     {"Registry.Example.com", "Registry.Example.com/acme/app", "only images whose host is written in the same capitals match", right},
		"a path":                   {checkHost + "/acme", checkHost + "/acme-evil/app", "the path is a plain prefix", right},
		"a path with a slash":      {checkHost + "/acme/", checkHost + "/acme-evil/app", "ok, 1 entry", nothing},
		"v1 without a slash":       {"https://" + checkHost + "/v1", checkImage, "without a slash at the end", nothing},
		"a wildcard":               {"*.example.com", checkImage, "ok, 1 entry", right},
		"a wildcard for too much":  {"*.com", checkImage, "ok, 1 entry", nothing},
		"a wildcard alone":         {"*", "localhost/acme/app", "only hosts without a dot match", right},
		"a wildcard alone, a host": {"*", checkImage, "only hosts without a dot match", nothing},
		"a user in the URL":        {"https://acme:canary-url@" + checkHost, checkImage, "the kubelet reads the key as a URL", right},
	} {
		if f.says != "ok, 1 entry" {
			f.says = "note: auths[" + quoted(f.key) + "]: " + f.says
		}
		findings["key, "+name] = finding{pullSecret(auths(f.key, goodEntry())), f.says, f.verdict, f.image}
	}
	return findings
}

// quoted is a key as pullpass shows it.
func quoted(key string) string {
	return fmt.Sprintf("%q", strings.Replace(key, "acme:canary-url@", "REDACTED@", 1))
}

func rivalFindings() map[string]finding {
	old := loginEntry("old", "canary-old")
	two := func(first, firstEntry, second, secondEntry string) string {
		return pullSecret(fmt.Sprintf(`{"auths": {%q: %s, %q: %s}}`, first, firstEntry, second, secondEntry))
	}
	return map[string]finding{
		"a key twice, the last good":   {two(checkHost, old, checkHost, goodEntry()), "note: auths[\"registry.example.com\"]: the key is in auths more than once", right, ""},
		"a key twice, the last empty":  {two(checkHost, goodEntry(), checkHost, "{}"), "the entry has no credential", anonymous, ""},
		"a key twice, the first bad":   {two(checkHost, `{"auth": "x"}`, checkHost, goodEntry()), "auth is not base64", unreadable, ""},
		"two keys that mean the same":  {two("https://"+checkHost, old, checkHost, goodEntry()), "note: auths[\"registry.example.com\"]: the key means the same as", several, ""},
		"two keys of one credential":   {two("https://"+checkHost, goodEntry(), checkHost, goodEntry()), "ok, 2 entries", right, ""},
		"two keys of Docker Hub":       {two("https://index.docker.io/v1/", old, "docker.io", goodEntry()), `note: auths["https://index.docker.io/v1/"]: for Docker Hub the kubelet takes auths["docker.io"] instead`, right, "docker.io/acme/app"},
		"a good entry and a bad one":   {two("other.example.com", `{"auth": "x"}`, checkHost, goodEntry()), "auth is not base64", unreadable, ""},
		"a good entry and an idle one": {two("registry-1.docker.io", old, checkHost, goodEntry()), "the key never matches an image", right, ""},
	}
}

// TestCheck makes each fault of real bytes, and holds what pullpass says of it to what the API
// server's and the kubelet's own code make of it.
func TestCheck(t *testing.T) {
	all := findings(t)
	names := slices.Sorted(maps.Keys(all))
	var manifests []json.RawMessage
	var pods []kubelet.Pod
	other := toJSON(t, pullSecret(auths("other.example.com", loginEntry("other", "canary-other"))))
	for _, name := range names {
		f := all[name]
		text := toJSON(t, f.manifest)
		manifests = append(manifests, text)
		pods = append(pods, kubelet.Pod{PullSecrets: []json.RawMessage{text, other}, Images: []string{f.image, "other.example.com/acme/app"}})
	}
	errs, credentials := kubelet.Validate(t, manifests), kubelet.PullSecrets(t, pods)
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := all[name]
			if got := judge(errs[i], credentials[i]); got != f.verdict {
				t.Errorf("%s, want: %s\n%q %+v", got, f.verdict, errs[i], credentials[i])
			}
			r := check(t, f)
			r.checkSecret(t, f)
			r.checkImage(t, f)
		})
	}
}

func toJSON(t *testing.T, manifest string) json.RawMessage {
	t.Helper()
	text, err := yaml.YAMLToJSON([]byte(manifest))
	must(t, err)
	return text
}

// A checked is what pullpass secret check says.
type checked struct {
	pullpass.Run
	secret, image []string // lines of them, without the name before
}

// check asks about the finding's Secret and its image.
func check(t *testing.T, f finding) checked {
	t.Helper()
	args := []string{"secret", "check", "-", "--image", f.image}
	r := checked{Run: end(t, pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), strings.NewReader(f.manifest), args...))}
	for line := range strings.Lines(r.Stdout) {
		place, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case place == f.image:
			r.image = append(r.image, text)
		case strings.HasPrefix(place, "team/"), strings.HasPrefix(place, "team.web/"):
			r.secret = append(r.secret, text)
		case place != "  hint":
			t.Errorf("a line does not begin with a name: %q", line)
		}
	}
	if strings.Contains(r.Stdout+r.Stderr, "canary") {
		t.Errorf("it shows a secret:\n%s%s", r.Stdout, r.Stderr)
	}
	return r
}

// TestCheckUnreadable: what kubectl would not read either is a failure that shows nothing of it.
func TestCheckUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ manifest, want string }{
		"nothing":        {"", "there is no Secret in it"},
		"another kind":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {x: canary}\n", "there is no Secret in it"},
		"not YAML":       {pullSecret(good()) + " canary: [\n", "not YAML"},
		"an unknown tag": {strings.Replace(pullSecret(good()), ": e", ": !canary e", 1), "tags are not supported"},
		"a key twice":    {pullSecret(good()) + "  .dockerconfigjson: canary\n", "given twice"},
		"a number":       {strings.Replace(pullSecret("{}"), "e30=", "12", 1), "must be a string"},
		"binary":         {"canary\x00\xff", "not UTF-8"},
		"a config.json":  {good(), "kind: missing"},
	} {
		t.Run(name, func(t *testing.T) {
			r := end(t, pullpass.Launch(t, binaries.Tested, pullpass.Offline(t), strings.NewReader(c.manifest), "secret", "check", "-", "-v"))
			checkFailed(t, r, "stdin", c.want)
			checkSilent(t, r, "canary", encode(good()))
		})
	}
}

// judge tells what comes of a Secret that is the first of a pod's two.
func judge(errs []string, found kubelet.Credentials) verdict {
	if len(errs) > 0 {
		return refused
	}
	if found.Err != "" {
		return unreadable
	}
	want := kubelet.Entry{Username: "acme", Password: checkPassword}
	entries := slices.Compact(found.Answers[0].Entries)
	switch {
	case len(entries) == 0:
		return nothing
	case len(entries) > 1 && slices.Contains(entries, want):
		return several
	case entries[0].Username == "" || entries[0].Password == "":
		return anonymous
	case entries[0] != want:
		return wrong
	}
	return right
}

// checkSecret checks that a line says what is wrong, and that there is a fault where nothing works.
func (r checked) checkSecret(t *testing.T, f finding) {
	t.Helper()
	if !slices.ContainsFunc(r.secret, func(text string) bool { return strings.Contains(text, f.says) }) {
		t.Errorf("it does not say %q:\n%s%s", f.says, r.Stdout, r.Stderr)
	}
	hasFault := slices.ContainsFunc(r.secret, isFault)
	if !hasFault && (f.verdict == refused || f.verdict == unreadable || f.verdict == anonymous) {
		t.Errorf("no fault, and %s", f.verdict)
	}
	if hasFault != isFault(f.says) {
		t.Errorf("there is a fault: %v:\n%s", hasFault, r.Stdout)
	}
	hasFault = hasFault || slices.ContainsFunc(r.image, isFault)
	if hasFault != (r.Code == 1) || hasFault != strings.HasPrefix(r.Stderr, "pullpass: error: check stdin: ") || r.Code > 1 {
		t.Errorf("exit code %d:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

func isFault(text string) bool {
	return !strings.HasPrefix(text, "note: ") && !strings.HasPrefix(text, "ok, ") && !strings.HasPrefix(text, "team/")
}

// checkImage checks that it tells an entry for the image where the kubelet has one, and else a
// fault.
func (r checked) checkImage(t *testing.T, f finding) {
	t.Helper()
	if len(r.image) != 1 {
		t.Fatalf("%d lines for the image:\n%s%s", len(r.image), r.Stdout, r.Stderr)
	}
	hasEntry := !strings.HasPrefix(r.image[0], "no entry in ")
	switch f.verdict {
	case refused: // the kubelet never sees it
	case unreadable, nothing:
		if hasEntry {
			t.Errorf("%s, and it says %s", f.verdict, r.image[0])
		}
	default:
		if !hasEntry {
			t.Errorf("%s, and it says %s", f.verdict, r.image[0])
		}
	}
}

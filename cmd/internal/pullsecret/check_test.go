package pullsecret

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/provider"
)

// checkTime is when the Secrets of the tests are checked.
func checkTime() time.Time { return time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC) }

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// ghcr is a Docker configuration without a fault.
func ghcr() string {
	return `{"auths":{"ghcr.io":{"auth":"` + encoded("acme:c4n4ry") + `"}}}`
}

// ecrToken is a Docker configuration with a token as ECR makes them.
func ecrToken(expires time.Time) string {
	token := encoded(fmt.Sprintf(`{"payload":"c4n4ry","datakey":"c4n4ry","version":"2","type":"DATA_KEY","expiration":%d}`, expires.Unix()))
	return `{"auths":{"123456789012.dkr.ecr.eu-central-1.amazonaws.com":{"username":"AWS","password":"` + token + `","auth":"` + encoded("AWS:"+token) + `"}}}`
}

const (
	jsonType   = "type: kubernetes.io/dockerconfigjson\n"
	legacyType = "type: kubernetes.io/dockercfg\n"
	typeHint   = "\n  a type cannot be changed: delete the Secret and create it with type kubernetes.io/dockerconfigjson"
	refusal    = ": the API server refuses the Secret"
)

func data(value string) string { return "data:\n  .dockerconfigjson: " + value + "\n" }

func annotated(annotations string) string { return "  annotations: {" + annotations + "}\n" }

// checked are Secrets, as YAML behind secretHead, and what Check says of them: a line for each
// fault, and one for its hint.
func checked() []struct{ name, secret, want string } {
	return []struct{ name, secret, want string }{
		{"good", jsonType + data(encoded(ghcr())), ""},
		{"good, on many lines", jsonType + data("|\n    "+strings.Join(chunks(encoded(ghcr())), "\n    ")), ""},
		{"good, with carriage returns", jsonType + data(`"`+strings.Join(chunks(encoded(ghcr())), `\r\n`)+`"`), ""},
		{"good beside another key", jsonType + data(encoded(ghcr())) + "stringData: {note: x}\n", ""},
		{"good with times to come", annotated(`pullpass/expires-at: "2026-10-05T12:00:01Z", pullpass/refresh-after: 2026-10-05T12:00:01Z`) + jsonType + data(encoded(ghcr())), ""},
		{"a note about an entry", jsonType + data(encoded(`{"auths":{"ghcr.io:443":{"auth":"`+encoded("acme:c4n4ry")+`"}}}`)),
			`note: auths["ghcr.io:443"]: only images that are written with :443 match` + "\n  leave the port out"},
		{"good token", jsonType + data(encoded(ecrToken(checkTime().Add(time.Second)))), ""},

		// The type.
		{"no type", data(encoded(ghcr())), "no type, which makes it Opaque: the kubelet ignores it as a pull secret, without a word" + typeHint},
		{"Opaque", "type: Opaque\n" + data(encoded(ghcr())), `type "Opaque": the kubelet ignores it as a pull secret, without a word` + typeHint},
		{"misspelt type", "type: kubernetes.io/dockerconfig\n" + data(encoded(ghcr())), `type "kubernetes.io/dockerconfig": the kubelet ignores it as a pull secret, without a word` + typeHint},
		{"of a file", "type: Opaque\ndata:\n  a.txt: YQ==\n  config.json: " + encoded(ghcr()) + "\n",
			`type "Opaque": the kubelet ignores it as a pull secret, without a word` + typeHint + ` and the key .dockerconfigjson in place of "config.json"`},
		{"Opaque and old", "type: Opaque\ndata:\n  .dockercfg: " + encoded(`{"ghcr.io":{"auth":"`+encoded("acme:c4n4ry")+`"}}`) + "\n",
			`type "Opaque": the kubelet ignores it as a pull secret, without a word` + strings.ReplaceAll(typeHint, "dockerconfigjson", "dockercfg")},
		{"of literals", "type: kubernetes.io/basic-auth\ndata: {username: YWNtZQ==, password: YzRuNHJ5}\n",
			`type "kubernetes.io/basic-auth": the kubelet ignores it as a pull secret, without a word; and it holds no Docker config` + typeHint},
		{"nothing", "", "no type, which makes it Opaque: the kubelet ignores it as a pull secret, without a word; and it holds no Docker config" + typeHint},
		{"old type", legacyType + "data:\n  .dockercfg: " + encoded(`{"ghcr.io":{"auth":"`+encoded("acme:c4n4ry")+`"}}`) + "\n",
			"note: type kubernetes.io/dockercfg is the old format of Docker; the kubelet reads it as well"},
		{"immutable", "immutable: true\n" + jsonType + data(encoded(ghcr())),
			"note: it is immutable: it cannot be rotated in place, only deleted and created anew, after which the kubelet checks each image again"},
		{"mutable", "immutable: false\n" + jsonType + data(encoded(ghcr())), ""},

		// The key.
		{"other key", jsonType + "data:\n  config.json: " + encoded(ghcr()) + "\nstringData: {a: b}\n",
			"type kubernetes.io/dockerconfigjson without the key .dockerconfigjson" + refusal + "\n  what it has is \"config.json\", another key of data"},
		{"key of the old type", jsonType + "data:\n  .dockercfg: " + encoded(ghcr()) + "\n",
			"type kubernetes.io/dockerconfigjson without the key .dockerconfigjson" + refusal + "\n  what it has is \".dockercfg\""},
		{"no key", legacyType, "type kubernetes.io/dockercfg without the key .dockercfg" + refusal +
			"\nnote: type kubernetes.io/dockercfg is the old format of Docker; the kubelet reads it as well"},
		{"empty", jsonType + data(`""`), ".dockerconfigjson is empty" + refusal},
		{"null", jsonType + data(""), ".dockerconfigjson is empty" + refusal},

		// Its place and its encoding.
		{"in both", jsonType + data(encoded(ghcr())) + "stringData:\n  .dockerconfigjson: '" + ghcr() + "'\n",
			".dockerconfigjson is in data and in stringData: the API server takes that of stringData, also when data is rotated\n  leave stringData out"},
		{"in stringData", jsonType + "stringData:\n  .dockerconfigjson: '" + ghcr() + "'\n",
			"note: .dockerconfigjson is in stringData: the manifest holds the password in plain text; the API server stores it as data"},
		{"JSON in data", jsonType + data("'"+ghcr()+"'"),
			".dockerconfigjson is JSON in data, not its base64" + refusal + "\n  put its base64 there (base64 -w0), or the JSON in stringData"},
		{"folded", jsonType + data(">\n    "+strings.Join(chunks(encoded(ghcr())), "\n    ")),
			".dockerconfigjson is not base64, with blanks in it, into which YAML turns the line ends of a folded text" + refusal +
				"\n  write the base64 on one line (base64 -w0), or begin it with | in place of >"},
		{"plain on many lines", jsonType + data(strings.Join(chunks(encoded(ghcr())), "\n    ")),
			".dockerconfigjson is not base64, with blanks in it, into which YAML turns the line ends of a folded text" + refusal +
				"\n  write the base64 on one line (base64 -w0), or begin it with | in place of >"},
		{"without padding", jsonType + data(strings.TrimRight(encoded(ghcr()+" "), "=")), ".dockerconfigjson is not base64" + refusal + "\n  make it with base64 -w0"},
		{"cut off", jsonType + data(encoded(ghcr())[:31]), ".dockerconfigjson is not base64" + refusal + "\n  make it with base64 -w0"},
		{"too large", jsonType + "stringData:\n  .dockerconfigjson: '" + ghcr() + strings.Repeat(" ", 1<<20) + "'\n",
			"note: .dockerconfigjson is in stringData: the manifest holds the password in plain text; the API server stores it as data\n" +
				fmt.Sprintf("its data has %d bytes, more than the 1048576 that a Secret may have", 1<<20+len(ghcr())) + refusal},
		{"another key not base64", jsonType + data(encoded(ghcr())) + "  other: '%c4n4ry'\n", `another key of data is not base64` + refusal + "\n  make it with base64 -w0"},
		{"too large together", jsonType + data(encoded(ghcr())) + "stringData: {other: '" + strings.Repeat(" ", 1<<20) + "'}\n",
			fmt.Sprintf("its data has %d bytes, more than the 1048576 that a Secret may have", 1<<20+len(ghcr())) + refusal},

		// Times.
		{"expired", annotated(`pullpass/expires-at: "2026-10-05T09:57:55Z", pullpass/refresh-after: "2026-10-05T04:00:00Z"`) + jsonType + data(encoded(ghcr())),
			"it expired 2h2m5s ago, says annotation pullpass/expires-at\n  write the Secret anew, and see why its rotation did not"},
		{"expires now", annotated(`pullpass/expires-at: "2026-10-05T14:00:00+02:00"`) + jsonType + data(encoded(ghcr())),
			"it expired 0s ago, says annotation pullpass/expires-at\n  write the Secret anew, and see why its rotation did not"},
		{"due", annotated(`pullpass/expires-at: "2026-10-05T18:00:00Z", pullpass/refresh-after: "2026-10-05T11:00:00.5Z"`) + jsonType + data(encoded(ghcr())),
			"note: it should have been written anew 59m59s ago, says annotation pullpass/refresh-after\n  see why its rotation did not run"},
		{"no times", annotated(`pullpass/expires-at: "1791201600", pullpass/refresh-after: c4n4ry`) + jsonType + data(encoded(ghcr())),
			"annotation pullpass/expires-at is not a time of RFC 3339\n  such as 2026-10-05T12:00:00Z\n" +
				"annotation pullpass/refresh-after is not a time of RFC 3339\n  such as 2026-10-05T12:00:00Z"},
		{"expired token", jsonType + data(encoded(ecrToken(checkTime().Add(-36*time.Hour)))),
			`auths["123456789012.dkr.ecr.eu-central-1.amazonaws.com"]: the token expired 36h0m0s ago` + "\n  write the Secret anew, and see why its rotation did not"},
	}
}

// chunks cuts text as base64 does without -w0, into shorter lines.
func chunks(text string) []string {
	var lines []string
	for len(text) > 20 {
		lines, text = append(lines, text[:20]), text[20:]
	}
	return append(lines, text)
}

func readOne(t *testing.T, file string) Secret {
	t.Helper()
	secrets, err := ReadSecrets("s.yaml", []byte(file))
	if err != nil || len(secrets) != 1 {
		t.Fatalf("%d Secrets, %v, of\n%s", len(secrets), err, file)
	}
	return secrets[0]
}

// told returns what Check says, without the name of the Secret.
func told(secret Secret) string {
	var lines []string
	for _, finding := range secret.Check(checkTime()) {
		if finding.Object != secret.String() {
			lines = append(lines, "it is about "+finding.Object)
		}
		finding.Object = ""
		lines = append(lines, finding.String())
		if finding.Fix != "" {
			lines = append(lines, "  "+finding.Fix)
		}
	}
	return strings.Join(lines, "\n")
}

func TestCheck(t *testing.T) {
	for _, test := range checked() {
		t.Run(test.name, func(t *testing.T) {
			got := told(readOne(t, secretHead+test.secret))
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if strings.Contains(got, "c4n4ry") {
				t.Error("it shows a value")
			}
		})
	}
}

// TestCheckContent sees that what is wrong with the content is told, wherever it is.
func TestCheckContent(t *testing.T) {
	const bad = `{"auths":{"ghcr.io":{"auth":"c4n4ry"}}}`
	for name, secret := range map[string]string{
		"data":        jsonType + data(encoded(bad)),
		"stringData":  jsonType + "stringData:\n  .dockerconfigjson: '" + bad + "'\n",
		"the winner":  jsonType + data(encoded(ghcr())) + "stringData:\n  .dockerconfigjson: '" + bad + "'\n",
		"dockercfg":   legacyType + "data:\n  .dockercfg: " + encoded(`{"ghcr.io":{"auth":"c4n4ry"}}`) + "\n",
		"other type":  data(encoded(bad)),
		"other key":   "data:\n  config.json: " + encoded(bad) + "\n",
		"base64 more": jsonType + data(encoded(encoded(ghcr()))),
	} {
		want := `auths["ghcr.io"]: `
		if name == "base64 more" {
			want = "once more than"
		}
		if got := told(readOne(t, secretHead+secret)); !strings.Contains(got, want) || strings.Contains(got, "c4n4ry") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

func TestCheckNames(t *testing.T) {
	secret := readOne(t, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: Reg_cred\n  namespace: a.b\n"+jsonType+data(encoded(ghcr())))
	want := kubename.CheckName("Reg_cred").Error() + refusal + "\n" + kubename.CheckNamespace("a.b").Error() + refusal
	if got := told(secret); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestIsPullSecret(t *testing.T) {
	for secret, want := range map[string]bool{
		jsonType:                               true,
		legacyType:                             true,
		"":                                     false,
		"type: kubernetes.io/tls\n":            false,
		data("YQ=="):                           true,
		"data: {x: YQ==}\n":                    false,
		"data: {.dockercfg: ''}\n":             true,
		"data: {x: e30=}\n":                    false,
		"data: {x: '!'}\n":                     false,
		"stringData: {x: c4n4ry}\n":            false,
		"stringData: {x: 'null'}\n":            false,
		"data: {x: " + encoded(ghcr()) + "}\n": true,
		"stringData: {x: '" + ghcr() + "'}\n":  true,
		"stringData: {x: '{\"auths\":{}}'}\n":  false,
	} {
		if got := readOne(t, secretHead+secret).IsPullSecret(); got != want {
			t.Errorf("%v for\n%s", got, secret)
		}
	}
}

func TestEntries(t *testing.T) {
	image := provider.Image{Host: "ghcr.io", Repository: "acme/app"}
	for _, test := range []struct{ secret, want string }{
		{jsonType + data(encoded(ghcr())), "[{ghcr.io acme}] <nil>"},
		{legacyType + "data:\n  .dockercfg: " + encoded(`{"ghcr.io/acme":{"username":"b","password":"c4n4ry"},"ghcr.io":{"username":"a","password":"c4n4ry"}}`) + "\n",
			"[{ghcr.io/acme b} {ghcr.io a}] <nil>"},
		{jsonType + data(encoded(ghcr())) + "stringData:\n  .dockerconfigjson: '{}'\n", "[] <nil>"},
		{data(encoded(ghcr())), "[] <nil>"},
		{jsonType + data("YQ"), "[] <nil>"},
		{jsonType + data(""), "[] <nil>"},
		{jsonType, "[] <nil>"},
		{jsonType + data(encoded(`{"auths":{"quay.io":{"auth":"c4n4ry"}}}`)), `[] auths["quay.io"]: auth has no colon between username and password`},
	} {
		entries, err := readOne(t, secretHead+test.secret).Entries(image)
		if got := fmt.Sprint(entries, " ", err); got != test.want {
			t.Errorf("got %s, want %s, for\n%s", got, test.want, test.secret)
		}
	}
}

func TestLogins(t *testing.T) {
	const mixed = `{"auths":{"https://u:c4n4ry@quay.io/":{"auth":"YTpi"},"b.io":{"auth":"YTpiYw"},"ghcr.io":{"username":"acme"},"d.io":{"auth":"dG9rZW46dG9rZW4="},"a.io":{}}}`
	got := fmt.Sprint(readOne(t, secretHead+jsonType+data(encoded(mixed))).Logins())
	if want := "[{a.io } {b.io a} {d.io REDACTED} {ghcr.io REDACTED} {https://REDACTED@quay.io/ a}]"; got != want {
		t.Errorf("got %s", got)
	}
	for _, none := range []string{"", jsonType, jsonType + data("YQ"), jsonType + data(encoded("[]")), jsonType + data(encoded(`{"auths":{"a":1}}`))} {
		if logins := readOne(t, secretHead+none).Logins(); len(logins) > 0 {
			t.Errorf("%v for\n%s", logins, none)
		}
	}
}

func TestSecretShowsNothing(t *testing.T) {
	secret := readOne(t, secretHead+jsonType+data(encoded(ghcr()))+"stringData: {x: c4n4ry}\n")
	if shown := fmt.Sprintf("%v %+v %#v %v", secret, secret, secret, []*Secret{&secret}); strings.Contains(shown, "c4n4ry") || strings.Contains(shown, encoded(ghcr())) {
		t.Errorf("it is shown: %s", shown)
	}
}

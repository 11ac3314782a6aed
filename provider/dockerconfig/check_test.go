package dockerconfig

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	login1     = `{"username": "me", "password": "s3cret"}`
	refusedAll = ": the kubelet refuses this secret, and with it all pull secrets of the pod"
)

func TestCheckWhole(t *testing.T) {
	const (
		dockercfg = `{"reg.io": {"auth": "bWU6czE="}}`
		config    = `{"auths": {"reg.io": {"auth": "bWU6czE="}}}`
	)
	tests := []struct {
		name   string
		data   string
		legacy bool
		want   []string
	}{
		{name: "good", data: config},
		{name: "good, legacy", data: dockercfg, legacy: true},
		{name: "good, with fields of docker", data: `{"auths": {"reg.io": ` + login1 + `}, "HttpHeaders": {"X-Meta": "x"}, "credsStore": "", "credHelpers": {}, "psFormat": "x", "plugins": {"x": 5}}`},
		{name: "good, with fields in other letters", data: `{"AUTHS": {"reg.io": {"UserName": "me", "PASSWORD": "s3cret"}}}`},

		{name: "empty", data: "", want: []string{"fault: it is empty, and the kubelet passes over it"}},
		{name: "blank", data: "\n", want: []string{"fault: not valid JSON at byte 1" + refusedAll}},
		{name: "not JSON", data: "auths:\n  reg.io: {}\n", want: []string{"fault: not valid JSON at byte 1" + refusedAll}},
		{name: "cut short", data: `{"auths": {"reg.io": {"auth": "c2VjcmV0`, want: []string{"fault: not valid JSON at byte 39" + refusedAll}},
		{name: "two documents", data: config + config, want: []string{"fault: not valid JSON at byte 44" + refusedAll}},
		{name: "array", data: `["s3cret"]`, want: []string{"fault: not a JSON object" + refusedAll}},
		{name: "string", data: `"s3cret"`, want: []string{"fault: not a JSON object" + refusedAll}},
		{name: "array, legacy", data: `["s3cret"]`, legacy: true, want: []string{"fault: not a JSON object" + refusedAll}},
		{name: "byte order mark", data: "\ufeff" + config, want: []string{"fault: it begins with a byte order mark, which JSON has not" + refusedAll}},
		{name: "auths is an array", data: `{"auths": ["s3cret"]}`, want: []string{"fault: field auths has the wrong JSON type" + refusedAll}},
		{name: "HttpHeaders is a string", data: `{"auths": {}, "HttpHeaders": "s3cret"}`, want: []string{"fault: field HttpHeaders has the wrong JSON type" + refusedAll}},
		{name: "a header is a number", data: `{"auths": {}, "httpheaders": {"X-Meta": 5}}`, want: []string{"fault: field HttpHeaders has the wrong JSON type" + refusedAll}},

		{name: "base64 once more", data: encode(config), want: []string{"fault: it is base64-encoded once more than it should be" + refusedAll}},
		{name: "base64 in lines", data: encode(config)[:20] + "\n" + encode(config)[20:] + "\n", want: []string{"fault: it is base64-encoded once more than it should be" + refusedAll}},
		{name: "base64 once more, legacy", data: encode(dockercfg), legacy: true, want: []string{"fault: it is base64-encoded once more than it should be" + refusedAll}},
		{name: "base64 of another text", data: encode("s3cret"), want: []string{"fault: not valid JSON at byte 1" + refusedAll}},

		{name: "dockercfg in a config.json", data: dockercfg, want: []string{"fault: it has the old format of a .dockercfg, without auths: the kubelet finds no credential in it"}},
		{name: "config.json in a dockercfg", data: config, legacy: true, want: []string{"fault: it has auths around the registries, which a .dockercfg does not have: the kubelet finds no credential in it"}},
		{name: "config.json with a helper in a dockercfg", data: `{"auths": {"reg.io": {}}, "credsStore": "desktop"}`, legacy: true, want: []string{"fault: it has auths around the registries, which a .dockercfg does not have: the kubelet finds no credential in it"}},
		{name: "no auths", data: `{}`, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},
		{name: "null", data: `null`, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},
		{name: "empty auths", data: `{"auths": {}}`, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},
		{name: "null auths", data: `{"auths": null}`, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},
		{name: "auths and null auths", data: `{"auths": {"reg.io": ` + login1 + `}, "auths": null}`, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},
		{name: "empty, legacy", data: `{}`, legacy: true, want: []string{"fault: it has no entry in auths: the kubelet finds no credential in it"}},

		{name: "only a store", data: `{"auths": {}, "credsStore": "desktop"}`, want: []string{"fault: it has no entry in auths, and the kubelet asks no credential helper"}},
		{name: "only helpers", data: `{"credHelpers": {"gcr.io": "gcloud"}}`, want: []string{"fault: it has no entry in auths, and the kubelet asks no credential helper"}},
		{
			name: "store with an empty entry",
			data: `{"auths": {"reg.io": {}}, "credsStore": "desktop"}`,
			want: []string{
				"note: the kubelet ignores credsStore and credHelpers: only the credentials in auths count",
				`fault: auths["reg.io"]: the entry has no credential, and the kubelet asks no credential helper`,
			},
		},
		{
			name: "store beside a credential",
			data: `{"auths": {"reg.io": ` + login1 + `}, "credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}}`,
			want: []string{"note: the kubelet ignores credsStore and credHelpers: only the credentials in auths count"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := check(t, test.data, test.legacy); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestCheckEntry(t *testing.T) {
	const (
		colon  = "auth has no colon between username and password" + refusedAll
		token  = "only an identity or registry token is stored, and the kubelet passes username and password alone"
		broken = ", which the kubelet keeps and the registry refuses"
	)
	auth := func(login string) string { return `{"auth": "` + encode(login) + `"}` }
	tests := []struct{ name, entry, want string }{
		{"username and password", login1, ""},
		{"auth", auth("me:s3cret"), ""},
		{"all three", `{"username": "me", "password": "s3cret", "email": "a@b.c", "auth": "` + encode("me:s3cret") + `"}`, ""},
		{"auth without padding", `{"auth": "bWU6czE"}`, ""},
		{"auth with line end", `{"auth": "bWU6czE=\n"}`, ""},
		{"empty auth", `{"auth": "", "username": "me", "password": "s3cret"}`, ""},
		{"null fields", `{"auth": null, "username": "me", "password": "s3cret", "email": null}`, ""},
		{"other fields", `{"username": "me", "password": "s3cret", "serveraddress": 5, "more": [1]}`, ""},
		{"blank and colon inside the password", auth("me:a b:c"), ""},
		{"not ASCII", `{"username": "jürgen", "password": "päss"}`, ""},

		{"a number", `5`, "fault: not a JSON object" + refusedAll},
		{"a string", `"s3cret"`, "fault: not a JSON object" + refusedAll},
		{"password is a number", `{"username": "me", "password": 5}`, "fault: field password has the wrong JSON type" + refusedAll},
		{"email is a number", `{"username": "me", "password": "s3cret", "email": 5}`, "fault: field email has the wrong JSON type" + refusedAll},
		{"auth is an object", `{"auth": {"s3cret": 1}}`, "fault: field auth has the wrong JSON type" + refusedAll},
		{"auth is not base64", `{"auth": "me:s3cret"}`, "fault: auth is not base64" + refusedAll},
		{"auth is base64 for URLs", `{"auth": "bWU6Pz8_"}`, "fault: auth is not base64" + refusedAll},
		{"auth has blanks", `{"auth": " bWU6czE= "}`, "fault: auth is not base64" + refusedAll},
		{"auth is base64 twice", auth(encode("me:s3cret")), "fault: auth is base64-encoded twice" + refusedAll},
		{"auth without colon", auth("s3cret"), "fault: " + colon},
		{"auth without colon beside a password", `{"username": "me", "password": "s3cret", "auth": "` + encode("s3cret") + `"}`, "fault: " + colon},

		{"empty", `{}`, "fault: the entry has no credential: with it the runtime pulls as the anonymous"},
		{"null", `null`, "fault: the entry has no credential: with it the runtime pulls as the anonymous"},
		{"colon alone", auth(":"), "fault: the entry has no credential: with it the runtime pulls as the anonymous"},
		{"no username", auth(":s3cret"), "fault: the username is empty: the runtime takes it for the anonymous"},
		{"no username beside auth", `{"password": "s3cret"}`, "fault: the username is empty: the runtime takes it for the anonymous"},
		{"no password", `{"username": "me"}`, "fault: the password is empty, and the kubelet tries it all the same"},

		{"identity token", `{"identitytoken": "t0ken"}`, "fault: " + token},
		{"identity token of Azure", `{"auth": "` + encode("00000000-0000-0000-0000-000000000000:") + `", "identitytoken": "t0ken"}`, "fault: " + token},
		{"registry token", `{"username": "me", "registrytoken": "t0ken"}`, "fault: " + token},
		{"token of another type", `{"username": "me", "identitytoken": 5}`, "fault: " + token},
		{"empty token", `{"username": "me", "identitytoken": "", "registrytoken": null}`, "fault: the password is empty, and the kubelet tries it all the same"},
		{"token beside a password", `{"username": "me", "password": "s3cret", "identitytoken": "t0ken"}`, "note: the kubelet ignores the identity or registry token, and takes username and password"},

		{"line break behind the password", auth("me:s3cret\n"), "fault: the password ends with a line break" + broken},
		{"CRLF behind the password", auth("me:s3cret\r\n"), "fault: the password ends with a line break" + broken},
		{"line break in the password", auth("me:s3\ncret"), "fault: the password contains a line break" + broken},
		{"tab in the password", `{"username": "me", "password": "s3\tcret"}`, "fault: the password contains control characters" + broken},
		{"NUL in the password", auth("me:s3cret\x00"), "fault: the password contains control characters" + broken},
		{"blank behind the password", auth("me:s3cret "), "note: the password begins or ends with a blank, which the kubelet keeps"},
		{"blank before the password", auth("me: s3cret"), "note: the password begins or ends with a blank, which the kubelet keeps"},
		{"line break behind the username", `{"username": "me\n", "password": "s3cret"}`, "fault: the username ends with a line break, which the registry takes for a part of it"},
		{"blank behind the username", auth("me :s3cret"), "fault: the username begins or ends with a blank, which the registry takes for a part of it"},
		{"control character in the username", auth("m\x1be:s3cret"), "fault: the username contains control characters: the kubelet tries it, and the pull fails"},
		{"colon in the username", `{"username": "me:you", "password": "s3cret"}`, "fault: the username contains a colon: the kubelet tries it, and the pull fails"},
		{"password is not UTF-8", auth("me:\xff"), "fault: the username or the password is not valid UTF-8: the kubelet tries it, and the pull fails"},

		{"key of Google", `{"username": "_json_key", "password": "{\n  \"type\": \"service_account\"\n}\n"}`, ""},
		{"key of Google, encoded", auth("_json_key_base64:" + encode(`{"type": "service_account"}`) + "\n"), ""},
		{"key of Google, cut short", auth("_json_key:{\n"), "fault: the password ends with a line break" + broken},
		{"JSON for another registry", auth("me:{}\n"), "fault: the password ends with a line break" + broken},

		{"another password than in auth", `{"username": "me", "password": "other", "auth": "` + encode("me:s3cret") + `"}`, "note: username and password are not those in auth: the kubelet takes auth"},
		{"another username than in auth", `{"username": "you", "auth": "` + encode("me:s3cret") + `"}`, "note: username and password are not those in auth: the kubelet takes auth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, legacy := range []bool{false, true} {
				data := `{"reg.io": ` + test.entry + `}`
				if !legacy {
					data = `{"auths": ` + data + `}`
				}
				var want []string
				if kind, text, found := strings.Cut(test.want, ": "); found {
					want = []string{kind + `: auths["reg.io"]: ` + text}
				}
				if got := check(t, data, legacy); !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

func TestCheckRivals(t *testing.T) {
	const login2 = `{"username": "me", "password": "other"}`
	const hubNote = `note: auths["https://index.docker.io/v1/"]: the kubelet also sends this credential to hosts without a dot, such as localhost`
	tests := []struct {
		name, auths string
		want        []string
	}{
		{
			name:  "key twice",
			auths: `"reg.io": {}, "reg.io": ` + login1,
			want:  []string{`note: auths["reg.io"]: the key is in auths more than once: the last entry counts`},
		},
		{
			name:  "key twice, in other letters",
			auths: `"reg.io": ` + login1 + `, "reg\u002eio": {}`,
			want: []string{
				`note: auths["reg.io"]: the key is in auths more than once: the last entry counts`,
				`fault: auths["reg.io"]: the entry has no credential: with it the runtime pulls as the anonymous`,
			},
		},
		{
			name:  "key twice, first malformed",
			auths: `"reg.io": 5, "reg.io": ` + login1,
			want:  []string{`fault: auths["reg.io"]: not a JSON object` + refusedAll},
		},
		{
			name:  "key twice, in two auths",
			auths: `"reg.io": {}}, "Auths": {"reg.io": ` + login1,
			want:  []string{`note: auths["reg.io"]: the key is in auths more than once: the last entry counts`},
		},
		{
			name:  "keys alike",
			auths: `"reg.io": ` + login1 + `, "https://reg.io/v1/": ` + login2 + `, "http://reg.io/": ` + login2,
			want:  []string{`note: auths["https://reg.io/v1/"]: the key means the same as auths["reg.io"], whose credential differs: the kubelet tries both in random order`},
		},
		{name: "keys alike with the same credential", auths: `"reg.io": ` + login1 + `, "https://reg.io/v1/": ` + login1},
		{name: "a host and a part of it", auths: `"reg.io": ` + login1 + `, "reg.io/team/": ` + login2},
		{
			name:  "two names of Docker Hub",
			auths: `"https://index.docker.io/v1/": ` + login1 + `, "docker.io": ` + login2,
			want:  []string{hubNote, `note: auths["https://index.docker.io/v1/"]: for Docker Hub the kubelet takes auths["docker.io"] instead, whose credential differs`},
		},
		{
			name:  "Docker Hub and a wildcard",
			auths: `"https://index.docker.io/v1/": ` + login1 + `, "*.io": ` + login2,
			want:  []string{hubNote, `note: auths["https://index.docker.io/v1/"]: for Docker Hub the kubelet takes auths["*.io"] instead, whose credential differs`},
		},
		{name: "two names of Docker Hub, one credential", auths: `"https://index.docker.io/v1/": ` + login1 + `, "docker.io": ` + login1, want: []string{hubNote}},
		{name: "Docker Hub and a part of it", auths: `"https://index.docker.io/v1/": ` + login1 + `, "docker.io/acme/": ` + login2, want: []string{hubNote}},
		{
			name:  "good beside bad",
			auths: `"reg.io": ` + login1 + `, "example.com": {}`,
			want:  []string{`fault: auths["example.com"]: the entry has no credential: with it the runtime pulls as the anonymous`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := check(t, `{"auths": {`+test.auths+`}}`, false); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// check returns the faults and notes as lines.
func check(t *testing.T, data string, legacy bool) []string {
	t.Helper()
	var lines []string
	for _, fault := range Check([]byte(data), legacy) {
		kind, text := "fault: ", fault.Text
		if fault.Note {
			kind = "note: "
		}
		if fault.Key != "" {
			text = fmt.Sprintf("auths[%q]: %s", fault.Key, text)
		}
		for _, secret := range []string{"s3cret", "t0ken", "other"} {
			if strings.Contains(fault.Key+fault.Hint, secret) || strings.Contains(fault.Text, secret) && secret != "other" {
				t.Errorf("%+v shows %s", fault, secret)
			}
		}
		lines = append(lines, kind+text)
	}
	return lines
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

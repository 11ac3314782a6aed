package dockerconfig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What the kubelet's own code says of the same is asked in integration/kubelet.

func TestKubeletEntries(t *testing.T) {
	tests := []struct {
		image string
		match []string // in the order in which they are tried
		other []string
	}{
		{
			image: "docker.io/acme/app",
			match: []string{"docker.io/acme", "docker.io", "https://docker.io/v1/", "*.io"},
			other: []string{"https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io", "hub.docker.com", "*.docker.io", "Docker.IO", "docker.io:443", "docker.io/acme/app:1"},
		},
		{
			image: "docker.io/library/nginx",
			match: []string{"https://index.docker.io/v1/", "index.docker.io"},
			other: []string{"https://index.docker.io/v1", "index.docker.io:", "docker.io/acme/", "reg.io"},
		},
		{image: "localhost/app", match: []string{"index.docker.io"}, other: []string{"docker.io"}},
		{image: "localhost/app", match: []string{"localhost"}, other: []string{"index.docker.io"}},
		{image: "localhost:5000/app", other: []string{"index.docker.io", "localhost"}},
		{
			image: "reg.io/team/app",
			match: []string{"reg.io/team/app", "reg.io/team/", "https://reg.io/v2/team", "me@reg.io", "reg.io", "reg.io?x"},
			other: []string{"Reg.IO", "reg.io:443", "reg.io/team/app/", "HTTPS://reg.io", " reg.io", "reg.io:x", ""},
		},
		{image: "Reg.IO/app", match: []string{"Reg.IO"}, other: []string{"reg.io"}},
		{image: "[::1]:5000/app", match: []string{"[::1]:5000"}, other: []string{"[::1]"}},
		{image: "[::1]/app", other: []string{"[::1]"}},
	}
	for _, test := range tests {
		auths := map[string]any{}
		for _, key := range slices.Concat(test.match, test.other) {
			auths[key] = map[string]string{"username": "of " + strings.ReplaceAll(key, ":", " "), "password": "s3cret"}
		}
		data, err := json.Marshal(auths)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, key := range test.match {
			want = append(want, shownKey(key)+" of "+strings.ReplaceAll(key, ":", " "))
		}
		for _, legacy := range []bool{false, true} {
			if !legacy {
				data = []byte(`{"auths": ` + string(data) + `}`)
			} else {
				data = data[len(`{"auths": `) : len(data)-1]
			}
			if got, err := kubeletEntries(t, string(data), legacy, test.image); err != "" || !slices.Equal(got, want) {
				t.Errorf("%s: the entries are\n%q, want\n%q\nerror %q", test.image, got, want, err)
			}
		}
	}
}

func TestKubeletEntriesOfContent(t *testing.T) {
	tests := []struct {
		name, data string
		legacy     bool
		want       string // "key username", joined by commas
		err        string
	}{
		{name: "empty"},
		{name: "null", data: "null"},
		{name: "no auths", data: "{}"},
		{name: "empty entry", data: `{"auths": {"reg.io": {}}}`, want: "reg.io "},
		{name: "null entry", data: `{"auths": {"reg.io": null}}`, want: "reg.io "},
		{name: "empty password", data: `{"auths": {"reg.io": {"username": "me"}}}`, want: "reg.io REDACTED"},
		{name: "empty username", data: `{"auths": {"reg.io": {"password": "s3cret"}}}`, want: "reg.io "},
		{name: "empty before another", data: `{"auths": {"reg.io/app": {}, "reg.io": ` + login1 + `}}`, want: "reg.io/app ,reg.io me"},
		{name: "auth wins", data: `{"auths": {"reg.io": {"username": "you", "password": "other", "auth": "` + encode("me:s3cret") + `"}}}`, want: "reg.io me"},
		{name: "line break in the username", data: `{"auths": {"reg.io": {"username": "me\n", "password": "s3cret"}}}`, want: "reg.io me\n"},
		{name: "colon in the username", data: `{"auths": {"reg.io": {"username": "me:s3cret", "password": "x"}}}`, want: "reg.io me:REDACTED"},
		{name: "token of another type", data: `{"auths": {"reg.io": {"username": "me", "identitytoken": 5}}}`, want: "reg.io REDACTED"},
		{name: "key twice", data: `{"auths": {"reg.io": ` + login1 + `, "reg.io": {"username": "you", "password": "other"}}}`, want: "reg.io you"},
		{name: "a token as both", data: `{"auths": {"reg.io": {"username": "s3cret", "password": "s3cret"}}}`, want: "reg.io REDACTED"},
		{name: "two auths", data: `{"auths": {"reg.io": {"username": "you"}, "*.io": ` + login1 + `}, "AUTHS": {"reg.io": ` + login1 + `}}`, want: "reg.io me,*.io me"},
		{name: "two auths, then null", data: `{"auths": {"reg.io": ` + login1 + `}, "auths": null}`},
		{name: "dockercfg", data: `{"reg.io": ` + login1 + `}`, legacy: true, want: "reg.io me"},
		{name: "dockercfg in a config.json", data: `{"reg.io": ` + login1 + `}`},
		{name: "config.json in a dockercfg", data: `{"auths": {"reg.io": ` + login1 + `}}`, legacy: true},

		{name: "not JSON", data: "{", err: "not valid JSON at byte 1"},
		{name: "array", data: "[]", err: "not a JSON object"},
		{name: "auths is a string", data: `{"auths": "s3cret"}`, err: "field auths has the wrong JSON type"},
		{name: "a header is a number", data: `{"auths": {}, "HttpHeaders": {"x": 5}}`, err: "field HttpHeaders has the wrong JSON type"},
		{name: "malformed entry of another registry", data: `{"auths": {"reg.io": ` + login1 + `, "example.com": {"auth": "s3cret!"}}}`, err: `auths["example.com"]: auth is not base64`},
		{name: "malformed entry that is replaced", data: `{"auths": {"reg.io": 5, "reg.io": ` + login1 + `}}`, err: `auths["reg.io"]: not a JSON object`},
		{name: "malformed entry before null", data: `{"auths": {"reg.io": 5}, "auths": null}`, err: `auths["reg.io"]: not a JSON object`},
		{name: "key with a password", data: `{"auths": {"me:s3cret@reg.io": 5}}`, err: `auths["REDACTED@reg.io"]: not a JSON object`},
		{name: "config.json with a helper in a dockercfg", data: `{"auths": {}, "credsStore": "desktop"}`, legacy: true, err: `auths["credsStore"]: not a JSON object`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := kubeletEntries(t, test.data, test.legacy, "reg.io/app")
			if strings.Join(got, ",") != test.want || err != test.err {
				t.Errorf("got %q and the error %q, want %q and %q", got, err, test.want, test.err)
			}
		})
	}
}

// kubeletEntries returns "key username" for each entry, and the error's text.
func kubeletEntries(t *testing.T, data string, legacy bool, reference string) ([]string, string) {
	t.Helper()
	entries, err := KubeletEntries([]byte(data), legacy, image(t, reference))
	var lines []string
	for _, entry := range entries {
		lines = append(lines, fmt.Sprintf("%s %s", entry.Key, entry.Username))
	}
	return lines, text(err)
}

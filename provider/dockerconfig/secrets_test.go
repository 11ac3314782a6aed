package dockerconfig

import (
	"slices"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	for data, want := range map[string]string{
		`{"auths": {"docker.io": {"auth": "bWU6cGFzcw==", "email": "me@example.com"}}, "credsStore": "desktop", "currentContext": "default"}`: "bWU6cGFzcw== pass",
		`{"auths": {"https://me:word@quay.io": {"username": "me", "password": "pass", "identitytoken": "id", "own": {"more": ["a"]}}}}`:       "a id pass word",
		`{"Auths": {"docker.io": "text"}, "HttpHeaders": {"X-Meta": "header"}}`:                                                               "header text",
		`{"auths": {"docker.io": {"Auth": "bWU6cGFzcw==", "Username": "me"}}}`:                                                                "bWU6cGFzcw== pass",
		`{"docker.io": {"Auth": "bWU6cGFzcw=="}}`:                                                                                             "bWU6cGFzcw== pass",
		`{"docker.io": {"auth": "bm8="}, "plugins": {"hub": {"hooks": "pull"}}}`:                                                              "bm8=",
		`{"auths": {"docker.io": {"auth": 1}}}`:                                                                                               "",
		`{"auths": {`:                                                                                                                         "",
		"\ufeff" + `{"auths": {"docker.io": {"auth": "bWU6cGFzcw==", "username": "me"}}}`:                                                     "bWU6cGFzcw== pass",
		`{"auths": {"docker.io": {"username": "me", "password" : "pass", "identitytoken": "id"`:                                               "id pass",
		`[]`: "",
	} {
		got := Secrets([]byte(data))
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, not %q", data, got, want)
		}
	}
}

package dockerconfig

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestParse(t *testing.T) {
	tests := []struct{ name, data, err, hint string }{
		{name: "empty object", data: `{}`},
		{name: "null", data: `null`},
		{name: "unknown fields", data: `{"auths": {}, "HttpHeaders": {"X-Meta": "x"}, "psFormat": "x", "proxies": {"default": {"httpProxy": "x"}}}`},
		{name: "no credentials, yet objects", data: `{"HttpHeaders": {"X-Meta": "x"}, "plugins": {"x": {"y": "z"}}}`},
		{name: "null auths", data: `{"auths": null, "credsStore": "", "credHelpers": null}`},
		{name: "malformed entry", data: `{"auths": {"reg.io": 5}}`},
		{name: "empty file", data: ``, err: "not valid JSON at byte 0"},
		{name: "garbage", data: `secret`, err: "not valid JSON at byte 1"},
		{name: "cut short", data: `{"auths": {"docker.io": {"auth": "c2VjcmV0`, err: "not valid JSON at byte 42"},
		{name: "two documents", data: `{} {}`, err: "not valid JSON at byte 4"},
		{name: "array", data: `["secret"]`, err: "not a JSON object"},
		{name: "string", data: `"secret"`, err: "not a JSON object"},
		{name: "auths is a list", data: `{"auths": ["secret"]}`, err: "field auths has the wrong JSON type"},
		{name: "credsStore is a number", data: `{"credsStore": 5}`, err: "field credsStore has the wrong JSON type"},
		{name: "credHelpers is a string", data: `{"credHelpers": "secret"}`, err: "field credHelpers has the wrong JSON type"},
		{
			name: "dockercfg with auth",
			data: `{"https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0", "email": "x"}}`,
			err:  "this is the old .dockercfg format, which is not supported",
			hint: `put its content into {"auths": …}`,
		},
		{
			name: "dockercfg with username",
			data: `{"reg.io": {"username": "me", "password": "secret"}}`,
			err:  "this is the old .dockercfg format, which is not supported",
			hint: `put its content into {"auths": …}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.data))
			if text(err) != test.err || provider.Hint(err) != test.hint {
				t.Errorf("Parse gives the error %q with the hint %q, want %q with %q", text(err), provider.Hint(err), test.err, test.hint)
			}
		})
	}
}

func TestFileHidesSecrets(t *testing.T) {
	file := parse(t, `{"auths": {"docker.io": {"username": "me", "password": "s3cret"}}}`)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", file)
		fmt.Fprintf(&out, verb+"\n", &file)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "file", file)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "file", file)
	secret := "s3cret"
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is shown in\n%s", form, out.String())
		}
	}
}

func parse(t *testing.T, data string) File {
	t.Helper()
	file, err := Parse([]byte(data))
	if err != nil {
		t.Fatalf("parse %s: %v", data, err)
	}
	return file
}

func image(t *testing.T, reference string) provider.Image {
	t.Helper()
	image, err := provider.ParseImage(reference)
	if err != nil {
		t.Fatalf("parse image %s: %v", reference, err)
	}
	return image
}

// text returns the text of err, "" for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

package dockerconfig

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestEncode(t *testing.T) {
	tests := []struct {
		name        string
		credentials map[string]provider.Credential
		want        string
	}{
		{
			name:        "one",
			credentials: map[string]provider.Credential{"docker.io": credentialOf("me", "s3cret")},
			want:        `{"auths":{"docker.io":{"username":"me","password":"s3cret","auth":"bWU6czNjcmV0"}}}`,
		},
		{
			name: "several, sorted",
			credentials: map[string]provider.Credential{
				"reg.io:5000": credentialOf("me", "2"),
				"ghcr.io":     credentialOf("me", "1"),
				"reg.io":      credentialOf("robot$project+name", "3"),
				"*.azure.io":  credentialOf("me", "4"),
			},
			want: `{"auths":{"*.azure.io":{"username":"me","password":"4","auth":"bWU6NA=="},"ghcr.io":{"username":"me","password":"1","auth":"bWU6MQ=="},` +
				`"reg.io":{"username":"robot$project+name","password":"3","auth":"cm9ib3QkcHJvamVjdCtuYW1lOjM="},"reg.io:5000":{"username":"me","password":"2","auth":"bWU6Mg=="}}}`,
		},
		{
			name:        "odd characters",
			credentials: map[string]provider.Credential{"reg.io": credentialOf("jürgen", ` a"b\:<é>& `)},
			want:        `{"auths":{"reg.io":{"username":"jürgen","password":" a\"b\\:\u003cé\u003e\u0026 ","auth":"` + encode(`jürgen: a"b\:<é>& `) + `"}}}`,
		},
		{
			name:        "key of Google",
			credentials: map[string]provider.Credential{"gcr.io": credentialOf("_json_key", "{\n  \"type\": \"x\"\n}\n")},
			want:        `{"auths":{"gcr.io":{"username":"_json_key","password":"{\n  \"type\": \"x\"\n}\n","auth":"` + encode("_json_key:{\n  \"type\": \"x\"\n}\n") + `"}}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 10 { // maps have another order each time
				got, err := Encode(test.credentials)
				if err != nil || got.Reveal() != test.want {
					t.Fatalf("got\n%s, want\n%s\nerror %v", got.Reveal(), test.want, err)
				}
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	tests := []struct{ name, key, username, password, want string }{
		{"empty key", "", "me", "s3cret", `auths[""]: the key never matches an image: it is empty`},
		{"key of another scheme", "oci://reg.io", "me", "s3cret", `auths["oci://reg.io"]: the key never matches an image: the kubelet knows no schemes but https:// and http://, in small letters`},
		{"other name of Docker Hub", "registry-1.docker.io", "me", "s3cret", `auths["registry-1.docker.io"]: the key never matches an image: the host of Docker Hub's images is docker.io`},
		{"key that is not UTF-8", "reg\xff.io", "me", "s3cret", `auths["reg\xff.io"]: the key never matches an image: no image has such a host`},
		{"key with a password", "me:s3cret@reg io", "me", "s3cret", `auths["REDACTED@reg io"]: the key never matches an image: it contains white space or control characters`},
		{"empty username", "reg.io", "", "s3cret", `auths["reg.io"]: the username is empty: the runtime takes it for the anonymous`},
		{"empty password", "reg.io", "me", "", `auths["reg.io"]: the password is empty, and the kubelet tries it all the same`},
		{"neither", "reg.io", "", "", `auths["reg.io"]: the entry has no credential: with it the runtime pulls as the anonymous`},
		{"colon in the username", "reg.io", "me:s3cret", "s3cret", `auths["reg.io"]: the username contains a colon: the kubelet tries it, and the pull fails`},
		{"control character in the username", "reg.io", "m\te", "s3cret", `auths["reg.io"]: the username contains control characters: the kubelet tries it, and the pull fails`},
		{"line break behind the password", "reg.io", "me", "s3cret\n", `auths["reg.io"]: the password ends with a line break, which the kubelet keeps and the registry refuses`},
		{"line break in the password", "reg.io", "me", "s3cret\rs3cret", `auths["reg.io"]: the password contains a line break, which the kubelet keeps and the registry refuses`},
		{"control character in the password", "reg.io", "me", "s3cret\x7f", `auths["reg.io"]: the password contains control characters, which the kubelet keeps and the registry refuses`},
		{"username that is not UTF-8", "reg.io", "me\xff", "s3cret", `auths["reg.io"]: the username or the password is not valid UTF-8: the kubelet tries it, and the pull fails`},
		{"password that is not UTF-8", "reg.io", "me", "s3cret\xff", `auths["reg.io"]: the username or the password is not valid UTF-8: the kubelet tries it, and the pull fails`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Encode(map[string]provider.Credential{"ghcr.io": credentialOf("me", "s3cret"), test.key: credentialOf(test.username, test.password)})
			if text(err) != test.want || !got.Empty() {
				t.Errorf("the error is %q, want %q", text(err), test.want)
			}
			if strings.Contains(text(err)+provider.Hint(err), "s3cret") {
				t.Errorf("the error %q with the hint %q shows the password", err, provider.Hint(err))
			}
		})
	}
	if _, err := Encode(nil); text(err) != "there is no credential to write" {
		t.Errorf("without credentials, the error is %q", text(err))
	}
	if _, err := Encode(map[string]provider.Credential{"index.docker.io:443": credentialOf("me", "s3cret")}); provider.Hint(err) != "use the key docker.io" {
		t.Errorf("the hint is %q", provider.Hint(err))
	}
}

func credentialOf(username, password string) provider.Credential {
	return provider.Credential{Username: username, Password: provider.NewSecret(password)}
}

package provider

import (
	"strings"
	"testing"
)

func TestCredentialCheck(t *testing.T) {
	const user = "the username contains a line break or another control character"
	const password = "the password contains a line break or another control character"
	for _, test := range []struct{ username, password, want string }{
		{"me", "s3cret", ""},
		{"AWS", strings.Repeat("eyJwYXlsb2FkIjoi/+=", 200), ""},
		{`ACME\robot$puller`, ` p"a's\s wörd: ☃ ` + "\u00a0", ""},
		{"", "s3cret", "the username is empty"},
		{"me", "", "the password is empty"},
		{"m\x00e", "s3cret", user},
		{"me\n", "s3cret", user},
		{"m\re", "s3cret", user},
		{"m\te", "s3cret", user},
		{"m\x7fe", "s3cret", user},
		{"m\u0085e", "s3cret", user},
		{"m:e", "s3cret", "the username contains a colon, and the registry would take what follows for the password"},
		{"m\xffe", "s3cret", "the username or the password is not valid UTF-8"},
		{"me", "s3\xffcret", "the username or the password is not valid UTF-8"},
		{"me", "s3\x00cret", password},
		{"me", "s3\ncret", password},
		{"me", "s3\rcret", password},
		{"me", "s3\tcret", password},
		{"me", "s3\x1bcret", password},
		{"me", "s3cret\n", "the password ends with a line break, which the registry takes for a part of it"},
		{"me", "s3cret\r\n", "the password ends with a line break, which the registry takes for a part of it"},
	} {
		got := ""
		if err := (Credential{Username: test.username, Password: NewSecret(test.password)}).Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q with %q: %q, want %q", test.username, test.password, got, test.want)
		}
	}
}

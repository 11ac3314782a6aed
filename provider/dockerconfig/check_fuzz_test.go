package dockerconfig

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// FuzzCheck checks a pull secret as it is, and one that is made of parts. form is how the second
// holds its password, see makeEntry.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"auths": {"docker.io": {"auth": "bWU6czE="}}}`), "docker.io", "docker.io", "me", "s1", byte(0))
	f.Add([]byte(`{"docker.io": {"auth": "bWU6czE="}}`), "https://index.docker.io/v1/", "localhost", "", ":", byte(1))
	f.Add([]byte(`{"auths": {"reg.io": 5, "reg.io": {}}, "AUTHS": null}`), "*.io/acme/", "[::1]:5000", "me\n", "\xff", byte(2))
	f.Add([]byte(`{"auths": {"a%2e.io?x": {"identitytoken": "x"}}, "credsStore": 5}`), "https://me:you@reg.io:443/%61", "a b", "m:e", "\n", byte(3))
	f.Add([]byte(`eyJhdXRocyI6e319`), "[fe80::1%25a]:1", "%", "me", "a:b", byte(4))
	f.Add([]byte("\ufeff{}"), "HTTP://x/v1/v2/", "", "AWS", "", byte(5))
	f.Add([]byte(`{"auths": {"docker.io": {"username": "me:x"}}}`), "docker.io", "docker.io", "me", "s1", byte(6))

	f.Fuzz(func(t *testing.T, data []byte, key, host, username, password string, form byte) {
		image := provider.Image{Host: host, Repository: "acme/app"}
		for _, legacy := range []bool{false, true} {
			checkAgrees(t, data, legacy, image)
		}

		const marker = "s3cret-"
		if strings.Contains(key, marker) || strings.Contains(username, marker) {
			return
		}
		password = marker + password
		if form%7 == 6 {
			username += ":" + password
		}
		entries, err := json.Marshal(map[string]any{key: makeEntry(username, password, form)})
		if err != nil {
			t.Fatal(err)
		}
		shown := checkAgrees(t, entries, true, image) + checkAgrees(t, []byte(`{"auths": `+string(entries)+`}`), false, image)
		for _, secret := range []string{marker, base64.RawStdEncoding.EncodeToString([]byte(password))} {
			if strings.Contains(shown, secret) {
				t.Errorf("the password is in what is shown of %s:\n%s", entries, shown)
			}
		}
	})
}

// checkAgrees checks that Check tells of a refusal if and only if the kubelet refuses data. It
// returns all that is shown of data.
func checkAgrees(t *testing.T, data []byte, legacy bool, image provider.Image) string {
	t.Helper()
	faults := Check(data, legacy)
	entries, err := KubeletEntries(data, legacy, image)
	told := slices.ContainsFunc(faults, func(f Fault) bool { return strings.HasSuffix(f.Text, refused) })
	inner := legacy && hasAuths(data) // told instead
	if told != (err != nil) && !inner {
		t.Errorf("of %q Check says %+v, and the error is %v", data, faults, err)
	}
	if len(faults) == 0 && len(Check(data, !legacy)) == 0 {
		t.Errorf("%q is good in both formats", data)
	}
	return fmt.Sprintf("%+v %+v %v %v", faults, entries, Expiries(data, legacy), err)
}

// FuzzEncode writes a credential, checks what is written and reads it again.
func FuzzEncode(f *testing.F) {
	f.Add("docker.io", "me", "s3cret")
	f.Add("https://index.docker.io/v1/", "robot$project+name", "a:b")
	f.Add("reg.io:443/team", "_json_key", "{\n}")
	f.Add("*.example.com", " me", "\u2028<>&\x00")

	f.Fuzz(func(t *testing.T, key, username, password string) {
		const marker = "s3cret-"
		if strings.Contains(key, marker) || strings.Contains(username, marker) {
			return
		}
		if password != "" {
			password = marker + password
		}
		credential := provider.Credential{Username: username, Password: provider.NewSecret(password)}
		encoded, err := Encode(map[string]provider.Credential{key: credential})
		if shown := text(err) + provider.Hint(err); strings.Contains(shown, marker) {
			t.Errorf("the password is in the error %q", shown)
		}
		if err == nil {
			for _, fault := range Check([]byte(encoded.Reveal()), false) {
				if !fault.Note {
					t.Errorf("%s has the fault %+v", encoded.Reveal(), fault)
				}
			}
		}

		image := provider.Image{Host: "registry.example.com", Repository: "acme/app"}
		encoded, err = Encode(map[string]provider.Credential{image.Host: credential, "example.com": {Username: "other", Password: provider.NewSecret("x")}})
		if err != nil {
			return
		}
		file, err := Parse([]byte(encoded.Reveal()))
		if err != nil {
			t.Fatalf("parse %s: %v", encoded.Reveal(), err)
		}
		read, err := file.Lookup(t.Context(), image, noHelper{})
		if err != nil || read.Username != username || read.Password.Reveal() != password {
			t.Errorf("written are %q %q, read %q %q, error %v", username, password, read.Username, read.Password.Reveal(), err)
		}
		entries, err := KubeletEntries([]byte(encoded.Reveal()), false, image)
		if err != nil || !slices.Equal(entries, []KubeletEntry{{Key: image.Host, Username: username}}) {
			t.Errorf("the kubelet finds %+v, error %v", entries, err)
		}
	})
}

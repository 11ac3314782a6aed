package pullsecret

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/provider"
)

// FuzzReadSecrets reads any file, and one that is made of parts with a password in it, and asks
// that nothing shows the password. form is how the second holds it.
func FuzzReadSecrets(f *testing.F) {
	for i, bad := range badSecrets {
		f.Add([]byte(bad.file), "a", "Opaque", "x", byte(i))
	}
	for i, good := range checked() {
		f.Add([]byte(secretHead+good.secret), "a", typeDockerConfigJSON, keyDockerConfigJSON, byte(i))
	}
	for _, file := range []string{
		strings.Repeat("a: ", 1100000/3), strings.Repeat("[", 20000), "---\n---\n", secretHead + "stringData: {a:c4n4ry}\n", secretHead + "data: {a: *b}\n", "\ufeff" + secretHead,
	} {
		f.Add([]byte(file), "a", "Opaque", "x", byte(0))
	}
	for form := range byte(16) {
		f.Add([]byte(liveAccount), "A", typeDockercfg, keyDockercfg, form)
	}
	f.Fuzz(func(t *testing.T, file []byte, name, kind, key string, form byte) {
		if secrets, err := ReadSecrets("s.yaml", file); err == nil {
			tell(secrets)
		}

		const password = "c4n4ry-pa55word"
		if strings.Contains(name+kind+key, password) {
			return
		}
		made, err := json.Marshal(makeSecret(name, kind, key, password, form))
		if err != nil {
			t.Fatal(err)
		}
		secrets, err := ReadSecrets("s.yaml", made)
		shown := fmt.Sprint(err, provider.Hint(err), secrets, tell(secrets))
		if strings.Contains(shown, password) || strings.Contains(shown, encoded(password)) || strings.Contains(shown, encoded("acme:"+password)) {
			t.Errorf("the password is in %s, of %s", shown, made)
		}
	})
}

// tell returns all that is said of Secrets.
func tell(secrets []Secret) string {
	image := provider.Image{Host: "ghcr.io", Repository: "acme/app"}
	said := ""
	for _, secret := range secrets {
		entries, err := secret.Entries(image)
		said += fmt.Sprint(report.Text(secret.Check(checkTime())), secret.Logins(), secret.WhyNoEntry(image, backends.All()), entries, err)
	}
	return said
}

// makeSecret returns a Secret with a password in some place, right or wrong.
func makeSecret(name, kind, key, password string, form byte) any {
	entry := map[string]any{"username": "acme", "password": password, "auth": encoded("acme:" + password)}
	switch form % 4 {
	case 1:
		entry["auth"] = password
	case 2:
		entry["password"] = []string{password}
	case 3:
		entry["identitytoken"] = password
	}
	config, err := json.Marshal(map[string]any{"auths": map[string]any{"ghcr.io": entry}})
	if err != nil {
		panic(err)
	}
	content, place := string(config), "stringData"
	switch form / 4 % 4 {
	case 1:
		content, place = encoded(content), "data"
	case 2:
		place = "data" // it is not base64
	case 3:
		content = password + content
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name}, "type": kind,
		place: map[string]string{key: content, "other": password},
	}
}

// FuzzAttach attaches to any account. What comes out must be the same in both formats, be read
// as it was written, and have lost no pull secret.
func FuzzAttach(f *testing.F) {
	f.Add([]byte(liveAccount), "regcred")
	f.Add([]byte(attachedAccount), "mirror")
	f.Add([]byte(`{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "x": [1, -1.5e3, true, null, {}, [], "\u2028"]}`), "1")
	f.Fuzz(func(t *testing.T, file []byte, secretName string) {
		accounts, err := ParseAccounts("a.yaml", file)
		if err != nil || kubename.CheckName(secretName) != nil {
			return
		}
		for _, before := range accounts.accounts {
			object, attached, err := accounts.Attach(before.namespace, before.name, secretName)
			if err != nil {
				t.Fatal(err)
			}
			asYAML, asJSON := encodeBoth(t, object)
			var fromYAML, fromJSON any
			if err := yaml.Unmarshal([]byte(asYAML), &fromYAML); err != nil {
				t.Fatalf("%v of\n%s", err, asYAML)
			}
			if err := json.Unmarshal([]byte(asJSON), &fromJSON); err != nil {
				t.Fatalf("%v of\n%s", err, asJSON)
			}
			if y, j := compact(t, fromYAML), compact(t, fromJSON); y != j {
				t.Errorf("YAML has %s, JSON %s", y, j)
			}
			for _, written := range []string{asYAML, asJSON} {
				again := parseAccounts(t, written).accounts[0]
				want := before.pullSecrets
				if !attached {
					want = append(want[:len(want):len(want)], secretName)
				}
				if !reflect.DeepEqual(again.pullSecrets, want) {
					t.Errorf("the pull secrets are %q, want %q", again.pullSecrets, want)
				}
				if _, attached, err := parseAccounts(t, written).Attach(again.namespace, again.name, secretName); err != nil || !attached {
					t.Errorf("it is not attached, %v", err)
				}
			}
		}
	})
}

// compact writes a decoded value in one form.
func compact(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

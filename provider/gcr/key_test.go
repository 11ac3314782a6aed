package gcr

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestKeyCredential(t *testing.T) {
	credential, err := KeyCredential([]byte(`{
  "type": "service_account",
  "client_email": "puller@project.iam.gserviceaccount.com",
  "private_key": "c4n4ry\nsecond\n"
}
`))
	want := `{"type":"service_account","client_email":"puller@project.iam.gserviceaccount.com","private_key":"c4n4ry\nsecond\n"}`
	if err != nil || credential.Username != "_json_key" || credential.Password.Reveal() != want || !credential.Expires.IsZero() {
		t.Errorf("the credential is of user %s, password %s, the error %v", credential.Username, credential.Password.Reveal(), err)
	}
	for text, want := range map[string]string{
		"":        "it is not the JSON of a service account key",
		"c4n4ry":  "it is not the JSON of a service account key",
		`["a"]`:   "it is not the JSON of a service account key",
		`{} {}`:   "it is not the JSON of a service account key",
		`{"a":1}`: `its type is "", and the registry takes only that of a service_account`,
		`{"type":"external_account","client_email":"a","private_key":"c4n4ry"}`: `its type is "external_account", and the registry takes only that of a service_account`,
		`{"type":"service_account","client_email":"a"}`:                         "it has no client_email or no private_key",
		`{"type":"service_account","private_key":"c4n4ry"}`:                     "it has no client_email or no private_key",
	} {
		_, err := KeyCredential([]byte(text))
		if err == nil || err.Error() != want || strings.Contains(provider.Hint(err), "c4n4ry") {
			t.Errorf("for %s the error is %v, want %s", text, err, want)
		}
	}
}

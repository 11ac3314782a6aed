package gcr

import "testing"

func TestFields(t *testing.T) {
	const (
		email = "must be the e-mail address of a service account, such as puller@project.iam.gserviceaccount.com"
	)
	tests := []struct {
		check func(string) error
		text  string
		want  string // "" if it is good
	}{
		{checkServiceAccount, "puller@project.iam.gserviceaccount.com", ""},
		{checkServiceAccount, "puller@project.example.com.iam.gserviceaccount.com", ""},
		{checkServiceAccount, "123-compute@developer.gserviceaccount.com", ""},
		{checkServiceAccount, "project@appspot.gserviceaccount.com", ""},
		{checkServiceAccount, "someone@example.com", email},
		{checkServiceAccount, "@project.iam.gserviceaccount.com", email},
		{checkServiceAccount, "puller@.gserviceaccount.com", email},
		{checkServiceAccount, "puller@evilgserviceaccount.com", email},
		{checkServiceAccount, "a@b@project.iam.gserviceaccount.com", email},
		{checkServiceAccount, "a/b@project.iam.gserviceaccount.com", email},
	}
	for _, test := range tests {
		got := ""
		if err := test.check(test.text); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

package gcr

import "testing"

func TestCheckServiceAccount(t *testing.T) {
	const email = "must be the e-mail address of a service account, such as puller@project.iam.gserviceaccount.com"
	tests := []struct {
		text string
		want string // "" if it is good
	}{
		{"puller@project.iam.gserviceaccount.com", ""},
		{"puller@project.example.com.iam.gserviceaccount.com", ""},
		{"123-compute@developer.gserviceaccount.com", ""},
		{"project@appspot.gserviceaccount.com", ""},
		{"someone@example.com", email},
		{"@project.iam.gserviceaccount.com", email},
		{"puller@.gserviceaccount.com", email},
		{"puller@evilgserviceaccount.com", email},
		{"a@b@project.iam.gserviceaccount.com", email},
		{"a/b@project.iam.gserviceaccount.com", email},
	}
	for _, test := range tests {
		got := ""
		if err := checkServiceAccount(test.text); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

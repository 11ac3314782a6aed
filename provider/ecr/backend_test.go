package ecr

import "testing"

func TestFields(t *testing.T) {
	const (
		arn     = "must look like arn:aws:iam::123456789012:role/NAME"
		noURL   = "must be a URL such as https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com"
		moreURL = "must be a URL without user, query and fragment"
		httpURL = "must be an https URL; http is for loopback hosts only"
	)
	tests := []struct {
		check func(string) error
		text  string
		want  string // "" if it is good
	}{
		{checkRoleARN, "arn:aws:iam::123456789012:role/pull", ""},
		{checkRoleARN, "arn:aws-us-gov:iam::123456789012:role/path/to/Pull+=,.@_-1", ""},
		{checkRoleARN, "arn:aws-iso-b:iam::123456789012:role/r", ""},
		{checkRoleARN, "", arn},
		{checkRoleARN, "pull", arn},
		{checkRoleARN, "arn:aws:iam::123456789012:role/", arn},
		{checkRoleARN, "arn:aws:iam::123456789012:role/pull/", arn},
		{checkRoleARN, "arn:aws:iam::123456789012:user/pull", arn},
		{checkRoleARN, "arn:aws:iam::12345678901:role/pull", arn},
		{checkRoleARN, "arn:aws:iam::12345678901x:role/pull", arn},
		{checkRoleARN, "arn:aws:iam:eu-west-1:123456789012:role/pull", arn},
		{checkRoleARN, "arn:aws:sts::123456789012:assumed-role/pull/me", arn},
		{checkRoleARN, "arn:azure:iam::123456789012:role/pull", arn},
		{checkRoleARN, "arn:aws:iam::123456789012:role/pull me", arn},
		{checkRoleARN, "arn:aws:iam::123456789012:role/pull:x", arn},
		{checkEndpoint, "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com", ""},
		{checkEndpoint, "HTTPS://example.com:8443/path", ""},
		{checkEndpoint, "http://127.1.2.3:4566", ""},
		{checkEndpoint, "http://[::1]:4566/", ""},
		{checkEndpoint, "http://LocalHost", ""},
		{checkEndpoint, "http://10.0.0.1", httpURL},
		{checkEndpoint, "http://localhost.example.com", httpURL},
		{checkEndpoint, "ftp://example.com", noURL},
		{checkEndpoint, "example.com", noURL},
		{checkEndpoint, "//example.com", noURL},
		{checkEndpoint, "https:example.com", noURL},
		{checkEndpoint, "https://:443", noURL},
		{checkEndpoint, "https://exa mple.com", noURL},
		{checkEndpoint, "https://me:hunter2@example.com:x", noURL},
		{checkEndpoint, "https://me:hunter2@example.com", moreURL},
		{checkEndpoint, "https://@example.com", moreURL},
		{checkEndpoint, "https://example.com?", moreURL},
		{checkEndpoint, "https://example.com/?a=b", moreURL},
		{checkEndpoint, "https://example.com#", moreURL},
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

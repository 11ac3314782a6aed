package transport

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	for _, test := range []struct {
		name, url, headers, body string
		want                     []string
	}{
		{"nothing", "https://ecr.eu-west-1.amazonaws.com/", "Content-Type: a|X-Amz-Target: b", "{}", nil},
		{"AWS", "https://sts.amazonaws.com/",
			"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu-central-1/ecr/aws4_request, SignedHeaders=host, Signature=abcdef|X-Amz-Security-Token: session",
			"Action=AssumeRoleWithWebIdentity&RoleArn=arn&WebIdentityToken=web%2Fidentity", []string{"abcdef", "session", "web/identity"}},
		{"Google", "https://oauth2.googleapis.com/token", "Authorization: Bearer ya29",
			"grant_type=jwt&assertion=a.b.c&client_id=me&client_secret=shh&scope=all", []string{"a.b.c", "shh", "ya29"}},
		{"IMDS", "http://169.254.169.254/latest", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 300|X-Aws-Ec2-Metadata-Token: session", "", []string{"session"}},
		{"container", "http://169.254.170.23/v1", "Authorization: of the container", "", []string{"of the container"}},
		{"one word", "http://169.254.170.23/v1", "Authorization: token", "", []string{"token"}},
		{"basic", "https://user:word@example.com/", "Authorization: Basic bWU6cGFzcw==|X-Own: header", "", []string{"bWU6cGFzcw==", "header", "pass", "word"}},
		{"JSON", "https://example.com/", "", `{"scope": ["a"], "lifetime": "3600s", "other": "value"}`, []string{"value"}},
		{"no form", "https://example.com/", "", "%zz", []string{"%zz"}},
	} {
		request, err := http.NewRequest(http.MethodPost, test.url, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		for header := range strings.SplitSeq(test.headers, "|") {
			name, value, _ := strings.Cut(header, ": ")
			request.Header.Set(name, value)
		}
		own, body, err := takeBody(request)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(secrets(own, body), func(s string) bool { return s == "" })
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, not %q", test.name, got, test.want)
		}
		if test.body == "" {
			continue
		}
		if left, err := io.ReadAll(own.Body); err != nil || string(left) != test.body {
			t.Errorf("%s: %q is sent, %v", test.name, left, err)
		}
	}
}

package backends

import (
	"net/http"
	"net/url"
	"testing"
)

func TestProxySparesMetadata(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy.example.com:3128"}
	environment := map[string]string{
		"GCE_METADATA_HOST":                  "gce.example.com:8080",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT":  "http://imds.example.com/",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://agent.example.com/v1/credentials",
	}
	ask := Proxy(All(),
		func(name string) string { return environment[name] },
		func(*http.Request) (*url.URL, error) { return proxy, nil })
	for address, proxied := range map[string]bool{
		"https://api.ecr.us-east-1.amazonaws.com/":     true,
		"https://oauth2.googleapis.com/token":          true,
		"https://10.0.0.1/":                            true,
		"https://[fd00:1::1]/":                         true,
		"http://169.254.169.254/latest/api/token":      false,
		"http://169.254.170.2/v2/credentials":          false,
		"http://169.254.170.23/v1/credentials":         false,
		"http://[fd00:ec2::254]/latest/api/token":      false,
		"http://[fd00:ec2::23]/v1/credentials":         false,
		"http://[fd20:ce::254]/computeMetadata/v1/":    false,
		"http://[fe80::1]/":                            false,
		"http://metadata.google.internal/":             false,
		"http://Metadata.Google.Internal./":            false,
		"http://metadata/":                             false,
		"http://metadata.google.internal.example.com/": true,
		"http://gce.example.com:8080/":                 false,
		"http://imds.example.com/latest/api/token":     false,
		"http://agent.example.com/v1/credentials":      false,
		"http://127.0.0.1:80/":                         false,
	} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ask(request); err != nil || (got != nil) != proxied {
			t.Errorf("%s goes to %v, %v", address, got, err)
		}
	}
}

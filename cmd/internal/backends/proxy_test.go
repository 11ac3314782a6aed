package backends

import (
	"net/http"
	"net/url"
	"strings"
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

// TestMalformedProxy: a variable that names no proxy is an error, which shows nothing of it.
func TestMalformedProxy(t *testing.T) {
	for value, good := range map[string]bool{
		"": true, "http://proxy.example.com": true, "https://proxy.example.com:3128/": true, "socks5://proxy.example.com:1080": true, "socks5h://x": true,
		"proxy.example.com:3128": true, "proxy": true, "10.0.0.1": true, "[fd00::1]:3128": true, "http://user:canary@proxy": true,
		"http://user:canary@pro xy": false, "http://can%zzary@proxy": false, "proxy:canary": false, "http://proxy:99999": false, "http://": false,
		"ftp://canary@proxy": false, "://canary": false, "http:///canary": false, "http://user:canary@:3128": false, "http://[canary": false,
		"http://user:12/canary@proxy": false, "user:12/canary@proxy": false, "https://canary/x@proxy": false,
	} {
		for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
			ask := Proxy(All(), func(name string) string { return map[string]string{variable: value}[name] },
				func(*http.Request) (*url.URL, error) { return nil, nil })
			request, err := http.NewRequest(http.MethodGet, "https://api.ecr.us-east-1.amazonaws.com/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ask(request); (err == nil) != good || err != nil && (strings.Contains(err.Error(), "canary") || !strings.HasPrefix(err.Error(), variable)) {
				t.Errorf("%s=%s: %v", variable, value, err)
			}
			request.URL.Host = "169.254.169.254"
			if _, err := ask(request); err != nil {
				t.Errorf("%s=%s, for the metadata service: %v", variable, value, err)
			}
		}
	}
	both := Proxy(All(), func(name string) string { return map[string]string{"HTTPS_PROXY": "proxy", "https_proxy": "://"}[name] },
		func(*http.Request) (*url.URL, error) { return nil, nil })
	if request, _ := http.NewRequest(http.MethodGet, "https://example.com/", nil); request != nil {
		if _, err := both(request); err != nil {
			t.Errorf("the second variable counts: %v", err)
		}
	}
}

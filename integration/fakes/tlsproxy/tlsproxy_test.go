package tlsproxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
)

// named answers with a name, and says how it was asked.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, name+" "+r.Method+" "+r.Host+r.URL.Path+" "+string(body))
	})
}

func start(t *testing.T) *tlsproxy.Proxy {
	t.Helper()
	proxy, err := tlsproxy.Start(map[string]http.Handler{
		"api.ecr.us-east-1.amazonaws.com": named("exact"),
		".amazonaws.com":                  named("suffix"),
		".us-east-1.amazonaws.com":        named("longer"),
		"169.254.169.254":                 named("metadata"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

// clientOf returns a client that is set up as the proxy's Env would set up another process.
func clientOf(t *testing.T, proxy *tlsproxy.Proxy) *http.Client {
	t.Helper()
	authority, err := os.ReadFile(proxy.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatal("CAFile holds no certificate")
	}
	proxyURL, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxyURL), TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func TestRoutes(t *testing.T) {
	proxy := start(t)
	client := clientOf(t, proxy)
	for _, test := range []struct{ url, want string }{
		{"https://api.ecr.us-east-1.amazonaws.com/path", "exact GET api.ecr.us-east-1.amazonaws.com/path "},
		{"https://api.ecr-fips.us-east-1.amazonaws.com/", "longer GET api.ecr-fips.us-east-1.amazonaws.com/ "},
		{"https://sts.amazonaws.com:8443/", "suffix GET sts.amazonaws.com:8443/ "},
		{"http://169.254.169.254/latest", "metadata GET 169.254.169.254/latest "},
		{"https://169.254.169.254/latest", "metadata GET 169.254.169.254/latest "},
	} {
		response, err := client.Get(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != test.want {
			t.Errorf("%s: got %q, error %v; want %q", test.url, body, err, test.want)
		}
	}
	want := []string{
		"api.ecr.us-east-1.amazonaws.com", "api.ecr-fips.us-east-1.amazonaws.com", "sts.amazonaws.com:8443",
		"169.254.169.254", "169.254.169.254",
	}
	if hosts := proxy.Hosts(); !slices.Equal(hosts, want) {
		t.Errorf("recorded %q", hosts)
	}
}

func TestUnknownHost(t *testing.T) {
	proxy := start(t)
	client := clientOf(t, proxy)
	if _, err := client.Get("https://evil-amazonaws.com/"); err == nil {
		t.Error("a tunnel to an unknown host was opened")
	}
	response, err := client.Get("http://amazonaws.com/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadGateway {
		t.Errorf("an unknown host answered %s", response.Status)
	}
	if hosts := proxy.Hosts(); !slices.Equal(hosts, []string{"evil-amazonaws.com", "amazonaws.com"}) {
		t.Errorf("recorded %q", hosts)
	}
}

func TestCloseRemovesTheAuthority(t *testing.T) {
	proxy := start(t)
	proxy.Close()
	if _, err := os.Stat(proxy.CAFile); !os.IsNotExist(err) {
		t.Errorf("CAFile after Close: %v", err)
	}
}

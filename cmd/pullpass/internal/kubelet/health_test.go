package kubelet

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestHealthURL(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{
		"c/plain.yaml":             file("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"),
		"c/port.yaml":              file("healthzPort: 1234\n"),
		"c/off.yaml":               file("healthzPort: 0\n"),
		"c/all.json":               file(`{"kind": "KubeletConfiguration", "healthzBindAddress": "0.0.0.0", "healthzPort": 1234}`),
		"c/six.yaml":               file("healthzBindAddress: \"::\"\n"),
		"c/one.yaml":               file("healthzBindAddress: 192.0.2.1\n"),
		"c/none.yaml":              file("healthzBindAddress: \"\"\nhealthzPort: null\n"),
		"c/broken.yaml":            file("healthzPort: [\n"),
		"c/odd.yaml":               file("healthzPort: many\n"),
		"d/1.conf":                 file("healthzPort: 1\nhealthzBindAddress: 127.0.0.2\n"),
		"d/2.conf":                 file("healthzPort: 2\n"),
		"d/3.yaml":                 file("healthzPort: 3\n"),
		"empty/x":                  file(""),
		"k3s/00-k3s-defaults.conf": file("healthzBindAddress: ::1\n"),
	}
	for args, want := range map[string]string{
		"kubelet":                                                 "http://127.0.0.1:10248/healthz",
		"kubelet --config=/c/plain.yaml":                          "http://127.0.0.1:10248/healthz",
		"kubelet --config /c/port.yaml":                           "http://127.0.0.1:1234/healthz",
		"kubelet --config=/c/off.yaml":                            "",
		"kubelet --config=/c/all.json":                            "http://127.0.0.1:1234/healthz",
		"kubelet --config=/c/six.yaml":                            "http://[::1]:10248/healthz",
		"kubelet --config=/c/one.yaml":                            "http://192.0.2.1:10248/healthz",
		"kubelet --config=/c/none.yaml":                           "http://127.0.0.1:10248/healthz",
		"kubelet --config=/c/broken.yaml":                         "http://127.0.0.1:10248/healthz",
		"kubelet --config=/c/odd.yaml":                            "http://127.0.0.1:10248/healthz",
		"kubelet --config=/c/missing.yaml":                        "http://127.0.0.1:10248/healthz",
		"kubelet --config=/c/port.yaml --config-dir=/d/":          "http://127.0.0.2:2/healthz",
		"kubelet --config=/c/port.yaml --config-dir=/empty":       "http://127.0.0.1:1234/healthz",
		"kubelet --config=/c/port.yaml --config-dir=/missing":     "http://127.0.0.1:1234/healthz",
		"kubelet --config=/c/all.json --healthz-port=5":           "http://127.0.0.1:5/healthz",
		"kubelet --config=/c/port.yaml --healthz-port=0":          "",
		"kubelet --config=/c/off.yaml --healthz-bind-address=::1": "",
		"kubelet --healthz-port=5 --healthz-bind-address=::1":     "http://[::1]:5/healthz",
		"kubelet --healthz-port=x":                                "http://127.0.0.1:10248/healthz",
		"/usr/local/bin/k3s server":                               "http://[::1]:10248/healthz",
	} {
		configDir := ""
		if strings.Contains(args, "k3s") {
			configDir = "/k3s"
		}
		if got := (Process{Args: strings.Fields(args)}).HealthURL(files, configDir); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
	if got := (Process{Args: []string{"kubelet", "--config=/x", "--config-dir=/"}}).HealthURL(brokenFS{}, ""); got != "http://127.0.0.1:10248/healthz" {
		t.Errorf("files that cannot be read: %q", got)
	}
}

type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestHealthy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9") // must not be used
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/ok":
			w.Write([]byte("ok"))
		case "/long":
			w.Write(make([]byte, 1<<20))
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/hangs":
			<-r.Context().Done()
		default:
			http.Error(w, "secret", http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	for path, want := range map[string]string{"/ok": "", "/long": "", "/moved": "answers 302 Found", "/sick": "answers 500 Internal Server Error"} {
		err := Healthy(t.Context(), server.URL+path)
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Healthy(ctx, server.URL+"/hangs"); err == nil {
		t.Error("a question that was called off is no error")
	}
	server.Close()
	if err := Healthy(t.Context(), server.URL+"/ok"); err == nil {
		t.Error("nobody answers, which is no error")
	}
}

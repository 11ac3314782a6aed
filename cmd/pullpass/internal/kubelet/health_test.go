//go:build unix

package kubelet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
)

func TestHealthURL(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"c/plain.yaml":             "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
		"c/port.yaml":              "healthzPort: 1234\n",
		"c/off.yaml":               "healthzPort: 0\n",
		"c/all.json":               `{"kind": "KubeletConfiguration", "healthzBindAddress": "0.0.0.0", "healthzPort": 1234}`,
		"c/six.yaml":               "healthzBindAddress: \"::\"\n",
		"c/one.yaml":               "healthzBindAddress: 192.0.2.1\n",
		"c/none.yaml":              "healthzBindAddress: \"\"\nhealthzPort: null\n",
		"c/broken.yaml":            "healthzPort: [\n",
		"c/odd.yaml":               "healthzPort: many\n",
		"d/1.conf":                 "healthzPort: 1\nhealthzBindAddress: 127.0.0.2\n",
		"d/2.conf":                 "healthzPort: 2\n",
		"d/3.yaml":                 "healthzPort: 3\n",
		"empty/x":                  "",
		"k3s/00-k3s-defaults.conf": "healthzBindAddress: ::1\n",
	} {
		write(name, text)
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
		if got, err := (Process{Args: strings.Fields(args)}).HealthURL(rootfs.Root(root), configDir); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", args, got, err, want)
		}
	}

	// What may be somebody else's, or never ends, is not passed over.
	write("c/open.yaml", "healthzPort: 1234\n")
	if err := os.Chmod(filepath.Join(root, "c/open.yaml"), 0o666); err != nil {
		t.Fatal(err)
	}
	write("large/1.conf", "")
	if err := os.Truncate(filepath.Join(root, "large/1.conf"), 4<<30); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"--config=/c/open.yaml", "--config=/c", "--config-dir=/large"} {
		if got, err := (Process{Args: []string{"kubelet", arg}}).HealthURL(rootfs.Root(root), ""); err == nil {
			t.Errorf("%s: %q", arg, got)
		}
	}
}

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

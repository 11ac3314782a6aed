package kubelet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/kubelet"
)

// configOf returns the path of a CredentialProviderConfig with the one plugin "plugin".
func configOf(t *testing.T, apiVersion string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: plugin
  apiVersion: %s
  matchImages: ["registry.example.com"]
  defaultCacheDuration: 1m
  env:
  - {name: FROM_CONFIG, value: config}
`, apiVersion), 0o600)
	return path
}

// pluginOf returns a directory with the plugin, a shell script.
func pluginOf(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plugin"), "#!/bin/sh\n"+script, 0o700)
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		t.Run(version, func(t *testing.T) {
			apiVersion := "credentialprovider.kubelet.k8s.io/" + version
			// The answer shows what the plugin was given: its environment, and how often it ran.
			bin := pluginOf(t, fmt.Sprintf(`
echo run >> "$0.runs"
cat > /dev/null
n=$(grep -c run "$0.runs")
cat <<END
{"kind":"CredentialProviderResponse","apiVersion":"%s","cacheKeyType":"Registry","cacheDuration":"1h",
"auth":{"registry.example.com":{"username":"$FROM_CONFIG $FROM_ENV $FOREIGN","password":"run $n"},"*.example.com":{"username":"","password":""}}}
END
`, apiVersion))
			t.Setenv("FOREIGN", "foreign")
			result := kubelet.Lookup(t, configOf(t, apiVersion), bin, []string{"FROM_ENV=env", "PATH=" + os.Getenv("PATH")},
				"registry.example.com/a", "registry.example.com/b", "other.example.com/a")
			want := []kubelet.Answer{
				{Image: "registry.example.com/a", Entries: []kubelet.Entry{{Username: "config env ", Password: "run 1"}, {}}},
				{Image: "registry.example.com/b", Entries: []kubelet.Entry{{Username: "config env ", Password: "run 1"}, {}}},
				{Image: "other.example.com/a", Entries: []kubelet.Entry{}},
			}
			if !reflect.DeepEqual(result.Answers, want) {
				t.Errorf("got %+v\nwant %+v\n%s", result.Answers, want, result.Log)
			}
		})
	}
}

func TestFailingPlugin(t *testing.T) {
	bin := pluginOf(t, "echo the reason >&2; exit 3")
	result := kubelet.Lookup(t, configOf(t, "credentialprovider.kubelet.k8s.io/v1"), bin, nil, "registry.example.com/a")
	if len(result.Answers) != 1 || len(result.Answers[0].Entries) != 0 {
		t.Errorf("got %+v", result.Answers)
	}
	if want := "exit status 3: the reason"; !strings.Contains(result.Log, want) {
		t.Errorf("the kubelet does not log %q:\n%s", want, result.Log)
	}
}

func TestRefusedConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	write(t, config, "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders: []\n", 0o600)
	result := kubelet.Lookup(t, config, t.TempDir(), nil, "registry.example.com/a")
	if !strings.Contains(result.Refused, "providers") || result.Answers != nil {
		t.Errorf("refused: %q, answers %+v", result.Refused, result.Answers)
	}
}

package unit_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/node/unit"
)

// root makes a node's root directory with these files.
func root(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRead(t *testing.T) {
	files := map[string]string{
		"usr/lib/systemd/system/kubelet.service":           "[Unit]\nDescription=100%\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nStartLimitInterval=0\nRestartSec=10\n",
		"usr/lib/systemd/system/kubelet.service.d/10.conf": "[Service]\nEnvironment=\"A=--a=1 --b\" C=3\nEnvironmentFile=/none\nEnvironmentFile=\nEnvironmentFile=-/etc/none\nEnvironmentFile=-/etc/default/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $A $UNSET --v=2 $EXTRA\n",
		"run/systemd/system/kubelet.service.d/20.conf":     "[Service]\nRestartSec=20\n",
		"etc/systemd/system/kubelet.service.d/20.conf":     "[Service]\nRestartSec=500ms\n",
		"etc/default/kubelet":                              "EXTRA=\"--c='1 2' --d\"\n",
	}
	got, err := unit.Read(root(t, files), "kubelet.service")
	want := unit.Service{
		Command:     []string{"/usr/bin/kubelet", "--a=1", "--b", "--v=2", "--c=1 2", "--d"},
		Environment: []string{"A=--a=1 --b", "C=3", "EXTRA=--c='1 2' --d"},
		Restarted:   true,
		Pause:       500 * time.Millisecond,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}

	const unknown = "etc/systemd/system/kubelet.service.d/30.conf"
	for _, content := range []string{"[Service]\nType=notify\n", "[Service]\nRestart=no\n", "[Service]\nExecStart=/usr/bin/kubelet\n", "[Service]\nExecStart=\nExecStart=/a ${A}\n", "[Service]\nEnvironment=A=%n\n"} {
		files[unknown] = content
		if got, err := unit.Read(root(t, files), "kubelet.service"); err == nil {
			t.Errorf("%q: got %+v and no error", content, got)
		}
	}
	if got, err := unit.Read(t.TempDir(), "kubelet.service"); err == nil {
		t.Errorf("no unit: got %+v and no error", got)
	}
}

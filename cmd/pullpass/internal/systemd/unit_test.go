package systemd

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
)

// write makes files of a machine, by path, and returns the root.
func write(t *testing.T, files map[string]string) rootfs.Root {
	t.Helper()
	root := rootfs.Root(t.TempDir())
	for name, text := range files {
		path := root.Path(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestReadUnit: of files with one name, the one in the first of systemd's directories counts; drop-ins
// come after the unit in the order of their names.
func TestReadUnit(t *testing.T) {
	root := write(t, map[string]string{
		"/lib/systemd/system/kubelet.service":                  "[Service]\nExecStart=/lib/kubelet\n",
		"/usr/lib/systemd/system/kubelet.service":              "[Service]\nExecStart=/usr/lib/kubelet $A\nEnvironmentFile=/etc/1\nEnvironment=\"B=1 2\" C='3' D=%n,%N,%%n\n[Install]\nExecStart=/no\n",
		"/usr/lib/systemd/system/kubelet.service.d/20-x.conf":  "[Service]\nEnvironmentFile=/etc/no\n",
		"/etc/systemd/system/kubelet.service.d/20-x.conf":      "[Service]\nEnvironmentFile=-/etc/%N/2\n",
		"/run/systemd/system/kubelet.service.d/10-y.conf":      "[Service]\nEnvironmentFile=-/etc/3\n# comment\n ; comment\nExecStart=\nExecStart=-/usr/bin/kubelet \\\n  --x=\"1 2\" \\\n# comment in between\n  --y\n",
		"/etc/systemd/system/kubelet.service.d/10-not-conf.md": "[Service]\nEnvironmentFile=/etc/no\n",
	})
	u, err := ReadUnit(root, "kubelet.service")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"/etc/1", "/etc/3", "/etc/kubelet/2"}; !slices.Equal(u.EnvironmentFiles, want) {
		t.Errorf("environment files %q, want %q", u.EnvironmentFiles, want)
	}
	if want := map[string]string{"B": "1 2", "C": "3", "D": "kubelet.service,kubelet,%n"}; !maps.Equal(u.Environment, want) {
		t.Errorf("environment %q, want %q", u.Environment, want)
	}
	if got, want := u.Arguments(nil), []string{"/usr/bin/kubelet", "--x=1 2", "--y"}; !slices.Equal(got, want) {
		t.Errorf("arguments %q, want %q", got, want)
	}
	if _, err := ReadUnit(root, "other.service"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a unit that is not there: %v", err)
	}
	if _, err := ReadUnit(root, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no unit: %v", err)
	}
}

// TestEmptySettings: an empty setting takes back what there was before it.
func TestEmptySettings(t *testing.T) {
	u := Unit{Name: "kubelet.service", Environment: map[string]string{}}
	u.add("[Service]\nEnvironmentFile=/etc/1\nEnvironment=A=1\nEnvironmentFile=\nEnvironment=\nEnvironmentFile = -/etc/2 \n")
	if len(u.Environment) != 0 || !slices.Equal(u.EnvironmentFiles, []string{"/etc/2"}) {
		t.Errorf("%q, %q", u.Environment, u.EnvironmentFiles)
	}
}

func TestUnitArguments(t *testing.T) {
	variables := map[string]string{"A": `--a "1 2"`, "B": "", "C": "3 4"}
	for command, want := range map[string][]string{
		"/kubelet $A $B $MISSING":         {"/kubelet", "--a", "1 2"},
		`/kubelet "$A" '$C'`:              {"/kubelet", "--a", "1 2", "3", "4"}, // the quotes mean nothing
		"/kubelet ${C} --c=${C} x${B}":    {"/kubelet", "3 4", "--c=3 4", "x"},
		"/kubelet --c=$C $$C $${C} ${C":   {"/kubelet", "--c=$C", "$C", "${C}", "${C"},
		"-@/kubelet kubelet $C":           {"/kubelet", "kubelet", "3", "4"},
		":/kubelet $C":                    {"/kubelet", "$C"},
		`/bin/sh -c "exec kubelet $C"`:    {"/bin/sh", "-c", "exec kubelet $C"},
		"/kubelet --unit=%n --percent=%%": {"/kubelet", "--unit=kubelet.service", "--percent=%"},
		"":                                nil,
	} {
		u := Unit{Name: "kubelet.service", Command: command}
		if got := u.Arguments(variables); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
		_, splits := map[string]bool{"/kubelet $A $B $MISSING": true, `/kubelet "$A" '$C'`: true}[command]
		if u.Passes("A") != splits {
			t.Errorf("%s: passes $A: %t", command, !splits)
		}
	}
}

// TestVariables: environment files count more than the unit, the later ones more than the earlier;
// patterns are files, and what is not there is no error.
func TestVariables(t *testing.T) {
	root := write(t, map[string]string{"/etc/k/1.env": "A=1\nB=1\n", "/etc/k/2.env": "B=2\n", "/etc/last": "C=3\n"})
	u := Unit{Environment: map[string]string{"A": "0", "D": "0"}, EnvironmentFiles: []string{"/etc/k/*.env", "/etc/missing", "/etc/last"}}
	values, _, err := u.Variables(root)
	if want := map[string]string{"A": "1", "B": "2", "C": "3", "D": "0"}; err != nil || !maps.Equal(values, want) {
		t.Errorf("%q, %v, want %q", values, err, want)
	}
}

//go:build e2e

package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/node"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// A target is a node of kubeadm's, which pullpass is to be installed on, beside the registries that
// its images are in. It has identities of the clouds, and a login for Docker Hub.
type target struct {
	*node.Node
	*registries
	env []string // of pullpass, run by hand
}

func newTarget(t *testing.T, config node.Config) *target {
	t.Helper()
	r := newRegistries(t)
	config.Supervised, config.Registries, config.Env = true, r.addresses(), r.issuer.identities()
	n := &target{node.Start(t, config), r, pullpass.Offline(t)}
	n.Write(t, "/etc/pullpass/docker/config.json", dockerConfig(t, hubUser, *r.password.Load()))
	return n
}

// dockerConfig is what docker login writes for Docker Hub.
func dockerConfig(t *testing.T, user, password string) string {
	t.Helper()
	config, err := json.Marshal(map[string]any{"auths": map[string]any{
		"https://index.docker.io/v1/": map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// pullpass runs pullpass on the node, as an administrator does.
func (n *target) pullpass(t *testing.T, args ...string) pullpass.Run {
	t.Helper()
	command := exec.CommandContext(t.Context(), binaries.Released, args...)
	command.Env = n.env
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := n.Run(command); command.ProcessState == nil {
		t.Fatal(err)
	}
	r := pullpass.Run{Code: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	t.Logf("pullpass %s: exit code %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	return r
}

// succeeds runs pullpass, and checks that it does what is wanted.
func (n *target) succeeds(t *testing.T, args ...string) pullpass.Run {
	t.Helper()
	r := n.pullpass(t, args...)
	if r.Code != 0 {
		t.Fatalf("pullpass %s: exit code %d", strings.Join(args, " "), r.Code)
	}
	return r
}

// refuses runs pullpass, and checks that it fails and says why.
func (n *target) refuses(t *testing.T, reason string, args ...string) {
	t.Helper()
	if r := n.pullpass(t, args...); r.Code != 1 || !strings.Contains(r.Stderr, reason) {
		t.Fatalf("pullpass %s: exit code %d, want 1 and %q", strings.Join(args, " "), r.Code, reason)
	}
}

// run has the kubelet run a static pod of an image that no other has, private to a host.
func (n *target) run(t *testing.T, name, host string) {
	t.Helper()
	n.RunStatic(t, node.Pod(name, n.push(t, host, "team/"+name)))
}

func (n *target) runs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		n.AwaitPod(t, name+"-node", node.Running)
	}
}

// fails checks that the pods' images cannot be pulled.
func (n *target) fails(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		n.AwaitPod(t, name+"-node", node.PullFailed)
	}
}

// hasPlugin tells whether the kubelet was started with plugins.
func (n *target) hasPlugin() bool {
	return slices.ContainsFunc(n.Kubelet().Args, func(arg string) bool { return strings.HasPrefix(arg, "--image-credential-provider-") })
}

// A file is one of the node's, or a directory.
type file struct {
	mode    fs.FileMode
	content [sha256.Size]byte
	changed time.Time // not of a directory: a lock comes and goes
}

// The directories that an installer writes to.
var (
	settings   = []string{"/etc", "/usr/local/lib", "/usr/local/bin"} // what the kubelet is started with, and the link
	everything = append(settings, "/var/lib/pullpass")
)

// files returns what is in directories, by path. The manifests of pods are not among it.
func (n *target) files(t *testing.T, directories []string) map[string]file {
	t.Helper()
	files := map[string]file{}
	root := n.Path("/")
	for _, directory := range directories {
		err := fs.WalkDir(os.DirFS(root), directory[1:], func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case path == "etc/kubernetes":
				return fs.SkipDir
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			f := file{mode: info.Mode()}
			if f.mode.IsRegular() {
				f.changed = info.ModTime()
				content, err := os.ReadFile(filepath.Join(root, path))
				if err != nil {
					return err
				}
				f.content = sha256.Sum256(content)
			}
			files["/"+path] = f
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// same checks that no file was written and the kubelet not restarted.
func (n *target) same(t *testing.T, directories []string, files map[string]file, kubelet node.Kubelet) {
	t.Helper()
	after := n.files(t, directories)
	for _, difference := range differences(files, after) {
		t.Error(difference)
	}
	for name, file := range after {
		if was, there := files[name]; there && was != file {
			t.Errorf("%s was written at %v, and before at %v", name, file.changed, was.changed)
		}
	}
	if now := n.Kubelet(); now.PID != kubelet.PID || now.Starts != kubelet.Starts {
		t.Errorf("the kubelet was restarted: it was %+v and is %+v", kubelet, now)
	}
}

// differences names the files that are not in both alike, whenever they were changed.
func differences(before, after map[string]file) []string {
	var names []string
	for name, file := range after {
		if was, there := before[name]; !there {
			names = append(names, name+" is new")
		} else if was.mode != file.mode || was.content != file.content {
			names = append(names, name+" is another")
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			names = append(names, name+" is gone")
		}
	}
	return names
}

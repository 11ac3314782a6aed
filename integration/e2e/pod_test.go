//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/integration/cluster"
)

// A pod runs the containers of a pod one after the other, each in the root directory that it
// has by its manifest, with its user, arguments and environment. What a container has to itself
// beside that, and an image's other files, it does without: its images are one static binary each.
type pod struct {
	cluster    *cluster.Cluster
	namespace  string
	spec       corev1.PodSpec
	configMaps []corev1.ConfigMap
	secrets    map[string]map[string]string // the data of Secrets, by name
	root       string
}

// The images that a pod may have, by the end of their name.
var images = map[string]func(*testing.T) string{
	"/pullpass": func(*testing.T) string { return binaries.Released },
	"/kubectl":  func(t *testing.T) string { return cluster.Binary(t, "kubectl") },
}

// start makes a new root directory, with the images' binaries and the content of the volumes.
func (p *pod) start(t *testing.T) {
	t.Helper()
	p.root = t.TempDir()
	for name, binary := range images {
		if os.Link(binary(t), p.root+name) == nil {
			continue
		}
		// On another file system. If this process wrote it, it could not be run while one that is being
		// started has the file open as well.
		if output, err := exec.CommandContext(t.Context(), "cp", binary(t), p.root+name).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v\n%s", err, output)
		}
	}
	for _, c := range slices.Concat(p.spec.InitContainers, p.spec.Containers) {
		for _, mount := range c.VolumeMounts {
			i := slices.IndexFunc(p.spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
			if i < 0 {
				t.Fatalf("there is no volume %s", mount.Name)
			}
			p.mount(t, p.spec.Volumes[i], filepath.Join(p.root, mount.MountPath))
		}
	}
}

// mount makes the directory of a volume, with the owners and modes that the kubelet gives it.
func (p *pod) mount(t *testing.T, volume corev1.Volume, directory string) {
	t.Helper()
	var files map[string]string
	mode := os.FileMode(0o755)
	switch {
	case volume.EmptyDir != nil:
		mode = 0o777 | os.ModeSetgid
		if volume.EmptyDir.Medium == corev1.StorageMediumMemory {
			mode |= os.ModeSticky // as a tmpfs has by itself
		}
	case volume.ConfigMap != nil:
		files = p.configMap(t, volume.ConfigMap.Name)
	case volume.Secret != nil:
		files = p.secrets[volume.Secret.SecretName]
	case volume.Projected != nil:
		files = p.projected(t, volume.Projected.Sources)
	default:
		t.Fatalf("the volume %s is of a kind that the test does not know", volume.Name)
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	p.own(t, directory, mode)
	for name, content := range files {
		p.write(t, filepath.Join(directory, name), content)
	}
}

// write writes a file that the pod's user can read.
func (p *pod) write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p.own(t, path, 0o440)
}

func (p *pod) own(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chown(path, 0, int(*p.spec.SecurityContext.FSGroup)); err != nil {
		t.Fatalf("this test needs root: %v", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func (p *pod) configMap(t *testing.T, name string) map[string]string {
	t.Helper()
	if name == "kube-root-ca.crt" { // made by a controller in a whole cluster
		return map[string]string{"ca.crt": string(p.cluster.CA)}
	}
	i := slices.IndexFunc(p.configMaps, func(c corev1.ConfigMap) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no ConfigMap %s", name)
	}
	return p.configMaps[i].Data
}

func (p *pod) projected(t *testing.T, sources []corev1.VolumeProjection) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, source := range sources {
		switch {
		case source.ServiceAccountToken != nil:
			files[source.ServiceAccountToken.Path] = p.token(t, source.ServiceAccountToken.Audience)
		case source.ConfigMap != nil:
			data := p.configMap(t, source.ConfigMap.Name)
			for _, item := range source.ConfigMap.Items {
				files[item.Path] = data[item.Key]
			}
		case source.DownwardAPI != nil && source.DownwardAPI.Items[0].FieldRef.FieldPath == "metadata.namespace":
			files[source.DownwardAPI.Items[0].Path] = p.namespace
		default:
			t.Fatal("a projected volume has a source that the test does not know")
		}
	}
	return files
}

// token returns a token of the pod's service account for an audience; "" is the API server's.
func (p *pod) token(t *testing.T, audience string) string {
	t.Helper()
	return p.cluster.Admin.Token(t, p.namespace, p.spec.ServiceAccountName, audience)
}

// run runs a container, with what is added to its environment and its arguments.
func (p *pod) run(t *testing.T, c corev1.Container, env []string, args ...string) cluster.Result {
	t.Helper()
	image, _, _ := strings.Cut(c.Image[strings.LastIndexByte(c.Image, '/'):], ":")
	if _, known := images[image]; !known || len(c.Command) > 0 {
		t.Fatalf("the container %s is not one of an image that the test knows", c.Name)
	}
	api, err := url.Parse(p.cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), image, append(slices.Clone(c.Args), args...)...)
	command.Dir = "/"
	command.Env = append([]string{"KUBERNETES_SERVICE_HOST=" + api.Hostname(), "KUBERNETES_SERVICE_PORT=" + api.Port()}, env...)
	for _, variable := range c.Env {
		command.Env = append(command.Env, variable.Name+"="+variable.Value)
	}
	security := p.spec.SecurityContext
	command.SysProcAttr = &syscall.SysProcAttr{
		Chroot: p.root,
		Credential: &syscall.Credential{
			Uid: uint32(*security.RunAsUser), Gid: uint32(*security.RunAsGroup), Groups: []uint32{uint32(*security.FSGroup)},
		},
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); command.ProcessState == nil {
		t.Fatal(err)
	}
	return cluster.Result{Code: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// review asks the API server whose token it is, for an audience; "" if it is not good for that.
func review(t *testing.T, admin *cluster.Client, token, audience string) (username string, err error) {
	question, err := json.Marshal(map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenReview",
		"spec":       map[string]any{"token": token, "audiences": []string{audience}},
	})
	if err != nil {
		return "", err
	}
	code, body, err := admin.Ask(t.Context(), http.MethodPost, "/apis/authentication.k8s.io/v1/tokenreviews", cluster.JSON, string(question))
	if err != nil || code != http.StatusCreated {
		return "", fmt.Errorf("review a token: %d, %v: %s", code, err, body)
	}
	var answer struct {
		Status struct{ User struct{ Username string } }
	}
	return answer.Status.User.Username, json.Unmarshal(body, &answer)
}

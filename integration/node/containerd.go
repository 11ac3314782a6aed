package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const (
	containerdSocket = "/run/containerd/containerd.sock"
	containerdConfig = "/etc/containerd/config.toml"
	hostsDirectory   = "/etc/containerd/certs.d"
	// pauseImage is what a pod's sandbox runs. If containerd came to pull it, its name would lead
	// nowhere but to this machine.
	pauseImage = "localhost/pause:test"
)

// containerdSettings has places for runc's path and the names above. Without CAP_SYS_RESOURCE, no
// process gets a lower OOM score than containerd has, and a container that asks for one does not
// start. A profile of AppArmor would be loaded into this machine's kernel.
const containerdSettings = `version = 3
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
address = %[2]q
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = %[3]q
[plugins."io.containerd.cri.v1.images".registry]
config_path = %[4]q
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = %[1]q
SystemdCgroup = false
`

// startContainerd starts containerd, with the pause image.
func (n *Node) startContainerd(t testing.TB) {
	t.Helper()
	if err := n.configureContainerd(); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(filepath.Join(n.programs.containerd, "containerd"), "--config", containerdConfig)
	server.Env = []string{"PATH=" + os.Getenv("PATH")}
	p, err := n.machine.startProcess("containerd", n.log("containerd"), server)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := p.await(ctx, func() error { return n.ctr(ctx, nil, "version") }); err != nil {
		t.Fatal(err)
	}
	n.Import(t, pauseImage, Image(t))
}

// startLimit is a generous time for a server to start.
const startLimit = 2 * time.Minute

// configureContainerd writes the configuration, and for each host of images the file that leads
// to its server: as the host itself and not as its mirror, after whose refusal containerd would
// ask the real host.
func (n *Node) configureContainerd() error {
	err := n.machine.write(containerdConfig, fmt.Sprintf(containerdSettings, n.programs.runc, containerdSocket, pauseImage, hostsDirectory))
	for host, address := range n.config.Registries {
		hosts := fmt.Sprintf("server = %q\n", "http://"+address)
		err = errors.Join(err, n.machine.write(filepath.Join(hostsDirectory, host, "hosts.toml"), hosts))
	}
	return err
}

// Import gives the node an image, such as localhost/app:1, for which no registry is asked.
func (n *Node) Import(t testing.TB, reference string, image v1.Image) {
	t.Helper()
	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}
	archive, writer := io.Pipe()
	defer archive.Close()
	go func() { writer.CloseWithError(tarball.Write(tag, image, writer)) }()
	n.ImportArchive(t, archive)
}

// ImportArchive gives the node the images of an archive, of Docker's or OCI's form, under the
// names that they have in it.
func (n *Node) ImportArchive(t testing.TB, archive io.Reader) {
	t.Helper()
	if err := n.ctr(t.Context(), archive, "images", "import", "-"); err != nil {
		t.Fatal(err)
	}
}

// ctr runs containerd's command, for the images and containers of the kubelet. What it prints is
// its error's.
func (n *Node) ctr(ctx context.Context, stdin io.Reader, args ...string) error {
	command := exec.CommandContext(ctx, filepath.Join(n.programs.containerd, "ctr"), append([]string{"--namespace", "k8s.io"}, args...)...)
	command.Stdin = stdin
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	if err := n.Run(command); err != nil {
		return fmt.Errorf("ctr %s: %w\n%s", args[0], err, output.String())
	}
	return nil
}

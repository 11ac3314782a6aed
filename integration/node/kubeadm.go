package node

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The kubelet's unit and its drop-in are those of the packages kubelet and kubeadm, with the
// places that these have on Debian.
const (
	packagedUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`
	packagedDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`
)

// installUnit puts onto the node what the packages and kubeadm join have there, a drop-in with
// what is different here, and systemctl.
func (n *Node) installUnit(t testing.TB) {
	t.Helper()
	systemctl, err := program("systemctl")
	for _, path := range ownUnit {
		err = errors.Join(err, os.RemoveAll(n.Path(path)))
	}
	login := ""
	if n.config.Kubeconfig != "" {
		login = "--kubeconfig=" + n.config.Kubeconfig
	}
	dropIn := fmt.Sprintf("[Service]\nRestartSec=1\nEnvironment=\"KUBELET_KUBECONFIG_ARGS=%s\"\n", login)
	for _, variable := range n.config.Env {
		dropIn += fmt.Sprintf("Environment=%q\n", variable)
	}
	flags := append([]string{"--hostname-override=" + n.config.Name, "--v=2"}, n.config.Flags...)
	for _, file := range []struct {
		path, content string
		mode          os.FileMode
	}{
		{"/usr/lib/systemd/system/kubelet.service", packagedUnit, 0o600},
		{"/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", packagedDropIn, 0o644},
		{"/etc/systemd/system/kubelet.service.d/20-test.conf", dropIn, 0o644},
		{"/var/lib/kubelet/kubeadm-flags.env", fmt.Sprintf("KUBELET_KUBEADM_ARGS=%q\n", strings.Join(flags, " ")), 0o644},
		{"/etc/default/kubelet", "KUBELET_EXTRA_ARGS=\n", 0o644},
		{"/usr/bin/systemctl", string(systemctl), 0o755},
	} {
		err = errors.Join(err, n.replace(file.path, file.content, file.mode))
	}
	err = errors.Join(err, os.Symlink(n.programs.kubelet, n.Path("/usr/bin/kubelet")), os.MkdirAll(n.Path("/run/systemd"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
}

// ownUnit are the places where this machine may have a kubelet of its own.
var ownUnit = []string{
	"/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d",
	"/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d",
	"/usr/bin/kubelet",
}

// replace writes a file in place of what this machine has there, be it a symbolic link that leads
// out of the node.
func (n *Node) replace(path, content string, mode os.FileMode) error {
	if err := os.RemoveAll(n.Path(path)); err != nil {
		return err
	}
	if err := n.machine.write(path, content); err != nil {
		return err
	}
	return os.Chmod(n.Path(path), mode)
}

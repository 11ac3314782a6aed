// Package platform knows where the kinds of nodes keep what their kubelet needs for credential
// provider plugins, and finds out which kind a machine is.
package platform

import (
	"slices"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
)

// A Platform is where a node keeps what its kubelet needs. All paths are the node's.
type Platform struct {
	// Name is one of Names, or "kubelet" for a kubelet of no known kind that has the flags.
	Name string
	// Config is the file of the CredentialProviderConfig, or the folder with its files.
	Config string
	BinDir string
	// JSON says that a new Config is JSON there.
	JSON bool
	// Flags is the file in which the kubelet's two flags are to be. It is nil if the kubelet
	// has them from elsewhere, or needs none.
	Flags *FlagsFile
	// Printed says that nothing can be written there: settings have to be applied by its API.
	Printed bool
	// Service is the systemd unit that the kubelet is in, "" if that is unknown.
	Service string
	// Notes are what its user has to know.
	Notes []string
	// Restarts is what a restart of the service restarts beside the kubelet, "" for nothing.
	Restarts string
}

// Where pullpass's own files are on nodes that have no place for such files.
const (
	ownConfig = "/etc/pullpass/credential-provider-config.yaml"
	ownBinDir = "/usr/local/lib/pullpass"
)

const (
	kubeletService = "kubelet.service"
	extraArgs      = "KUBELET_EXTRA_ARGS"
	// generatedFlags is written by kubeadm, anew at each upgrade.
	generatedFlags = "/var/lib/kubelet/kubeadm-flags.env"
)

// kind is what is known of one kind of node.
type kind struct {
	Platform
	// markers are files that only this kind has; one is enough.
	markers []string
	// systems are the IDs in /etc/os-release that only this kind has.
	systems []string
	// refused is why pullpass does not install itself there, and hint what to do.
	refused, hint string
	// complete finds out what differs from node to node; nil if nothing does.
	complete func(n node, p *Platform, running *kubelet.Process) error
}

// kinds are those that are known. Of those whose markers are there, the first one counts: a node of
// kind or kOps also has what kubeadm's have.
func kinds() []kind {
	return []kind{
		{
			Platform: Platform{
				Name:    "bottlerocket",
				Config:  "/etc/kubernetes/kubelet/credential-provider-config.yaml",
				BinDir:  "/usr/libexec/kubernetes/kubelet/plugins",
				Printed: true,
			},
			systems: []string{"bottlerocket"},
		},
		{
			Platform: Platform{
				Name:    "talos",
				Config:  "/etc/kubernetes/kubelet-credentialproviderconfig.yaml",
				BinDir:  "/usr/local/lib/kubelet/credentialproviders",
				Printed: true,
			},
			systems: []string{"talos"},
		},
		{
			Platform: Platform{Name: "openshift"},
			systems:  []string{"rhcos", "scos"},
			markers:  []string{"/etc/machine-config-daemon"},
			refused:  "the Machine Config Operator owns the node's files",
			hint:     "give the nodes the binary and the configuration by a MachineConfig (pullpass config show openshift), or name files of your own with --kubelet-config and --bin-dir",
		},
		{
			Platform: Platform{Name: "microk8s"},
			markers:  []string{"/var/snap/microk8s/current/args/kubelet"},
			refused:  "its kubelet's flags are in a file of snap's",
			hint:     "add --image-credential-provider-config and --image-credential-provider-bin-dir to /var/snap/microk8s/current/args/kubelet, and give pullpass install the same paths with --kubelet-config and --bin-dir",
		},
		{
			Platform: Platform{Name: "minikube"},
			markers:  []string{"/var/lib/minikube"},
			refused:  "minikube writes the kubelet's flags anew at each start",
			hint:     "start it with --extra-config=kubelet.image-credential-provider-config=FILE and --extra-config=kubelet.image-credential-provider-bin-dir=FOLDER, and give pullpass install the same paths with --kubelet-config and --bin-dir",
		},
		{
			Platform: Platform{Name: "kind", Config: ownConfig, BinDir: ownBinDir, Service: kubeletService},
			markers:  []string{"/kind"},
			complete: extraArguments,
		},
		{
			Platform: Platform{
				Name:    "kops",
				Config:  "/var/lib/kubelet/credential-provider.conf",
				BinDir:  "/usr/local/bin",
				Service: kubeletService,
				Notes:   []string{"kOps writes the kubelet's files anew at each boot, and makes new nodes without what is installed here: use the DaemonSet (pullpass config show daemonset)"},
			},
			markers:  []string{"/opt/kops", "/etc/systemd/system/kops-configuration.service", "/usr/lib/systemd/system/kops-configuration.service", "/lib/systemd/system/kops-configuration.service"},
			complete: inPlace,
		},
		{
			Platform: Platform{
				Name:    "eks",
				Config:  "/etc/eks/image-credential-provider/config.json",
				BinDir:  "/etc/eks/image-credential-provider",
				JSON:    true,
				Service: kubeletService,
				Notes:   []string{"nodeadm writes the configuration anew at each boot: have pullpass installed again before the kubelet starts (pullpass config show pullpass-install), or use the DaemonSet (pullpass config show daemonset)"},
			},
			markers:  []string{"/etc/eks/image-credential-provider", "/etc/eks/kubelet", "/usr/bin/nodeadm"},
			complete: inPlace,
		},
		{
			Platform: Platform{
				Name:    "gke",
				Config:  "/etc/srv/kubernetes/cri_auth_config.yaml",
				BinDir:  "/home/kubernetes/bin",
				Service: kubeletService,
				Notes:   []string{"GKE writes the configuration anew at each boot, and makes new nodes at upgrades and repairs without what is installed here: use the DaemonSet (pullpass config show daemonset)"},
			},
			markers:  []string{"/home/kubernetes/kube-env", "/etc/srv/kubernetes/cri_auth_config.yaml"},
			complete: inPlace,
		},
		{
			Platform: Platform{
				Name:    "aks",
				Config:  "/var/lib/kubelet/credential-provider-config.yaml",
				BinDir:  "/var/lib/kubelet/credential-provider",
				Service: kubeletService,
				Notes:   []string{"AKS makes new nodes at upgrades and repairs without what is installed here: use the DaemonSet (pullpass config show daemonset)"},
			},
			markers:  []string{"/opt/azure/containers"},
			complete: inPlace,
		},
		{
			Platform: rancher("rke2"),
			markers:  []string{"/etc/rancher/rke2", "/var/lib/rancher/rke2", "/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2"},
			complete: rancherSettings,
		},
		{
			Platform: rancher("k3s"),
			markers:  []string{"/etc/rancher/k3s", "/var/lib/rancher/k3s", "/usr/local/bin/k3s", "/usr/bin/k3s", "/opt/bin/k3s"},
			complete: rancherSettings,
		},
		{
			Platform: Platform{Name: "kubeadm", Config: ownConfig, BinDir: ownBinDir, Service: kubeletService},
			markers:  append(unitPaths(kubeletService), generatedFlags, "/etc/kubernetes/kubelet.conf"),
			complete: extraArguments,
		},
	}
}

// Names are those of the platforms, in alphabetical order.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		if k.refused == "" || k.Name == "openshift" {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Package platform knows where each kind of node keeps what its kubelet needs for credential provider
// plugins, and finds out of which kind a machine is.
//
// All facts about a kind are in one row of its table. Others read them from the fields of a Platform,
// and never compare names.
package platform

import (
	"slices"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
)

// A Platform says where a node keeps what its kubelet needs. All paths are the node's.
type Platform struct {
	// Name is one of Names, or "kubelet" for a kubelet of no known kind that has the flags.
	Name string
	// Config is the path of the CredentialProviderConfig: a file, or a directory of files.
	Config string
	BinDir string
	// JSON says that a new Config is JSON.
	JSON bool
	// Flags is the file for the kubelet's two flags. It is nil if the kubelet has them from elsewhere,
	// or needs none.
	Flags *FlagsFile
	// SetsFlags says that the platform itself gives its kubelet the two flags, if Config is a file and
	// BinDir exists when it starts the kubelet.
	SetsFlags bool
	// Program is the name of the platform's own program if the kubelet runs inside that, else "".
	Program string
	// Settings is the form of the settings that the platform's API takes. It is "" if a node's files can
	// be written; otherwise they cannot.
	Settings Settings
	// Service is the systemd unit of the kubelet, "" if that is unknown.
	Service string
	// Notes are for the user of an install.
	Notes []string
	// Restarts describes what a restart of the service restarts besides the kubelet, "" for nothing.
	Restarts string
}

// Settings is a form of settings for a platform's API.
type Settings string

// The forms of settings.
const (
	TalosPatch           Settings = "talos"        // a patch of the machine configuration, in YAML
	BottlerocketSettings Settings = "bottlerocket" // user data, in TOML; it has no place for arguments
)

// Where pullpass's files are on nodes without a usual place for such files.
const (
	ownConfig = "/etc/pullpass/credential-provider-config.yaml"
	ownBinDir = "/usr/local/lib/pullpass"
)

const (
	kubeletService = "kubelet.service"
	extraArgs      = "KUBELET_EXTRA_ARGS"
	// generatedFlags is a file that kubeadm writes again at each upgrade.
	generatedFlags = "/var/lib/kubelet/kubeadm-flags.env"
)

// A kind is a row of the table: what is known about one kind of node.
type kind struct {
	Platform
	// systems are the IDs in /etc/os-release that only this kind has.
	systems []string
	// traces are files which show that a machine is of this kind, or was once, and of no other. A kind
	// that comes before all others in the table needs none.
	traces []string
	// markers are files of this kind; one is enough. If there are none, the traces are the markers.
	markers []string
	// program is the path of the program that the kubelet runs in, "" if other kinds have it as well.
	program string
	// services is how the name of its kubelet's service begins, "" if it has no service of its own.
	services string
	// configDir is where its kubelet reads its configuration from, "" if the kubelet's flags say.
	configDir string
	// refused is why pullpass does not install itself there, hint what to do instead. Such a kind is no
	// choice for --platform, unless chosen is set: other commands have something for it.
	refused, hint string
	chosen        bool
	// complete finds out what differs from node to node; nil if nothing does.
	complete func(files rootfs.Root, p *Platform, running *kubelet.Process) error
}

// kinds returns the table. If a machine has markers of several kinds, the first one counts: a node of
// kind or kOps also has those of kubeadm.
func kinds() []kind {
	return []kind{
		{
			Platform: Platform{
				Name:     "bottlerocket",
				Config:   "/etc/kubernetes/kubelet/credential-provider-config.yaml",
				BinDir:   "/usr/libexec/kubernetes/kubelet/plugins",
				Settings: BottlerocketSettings,
			},
			systems: []string{"bottlerocket"},
		},
		{
			Platform: Platform{
				Name:     "talos",
				Config:   "/etc/kubernetes/kubelet-credentialproviderconfig.yaml",
				BinDir:   "/usr/local/lib/kubelet/credentialproviders",
				Settings: TalosPatch,
			},
			systems: []string{"talos"},
		},
		{
			Platform: Platform{Name: "openshift"},
			systems:  []string{"rhcos", "scos"},
			markers:  []string{"/etc/machine-config-daemon"},
			chosen:   true,
			refused:  "the Machine Config Operator owns the node's files",
			hint:     "roll out the binary and the configuration with a MachineConfig (pullpass config show openshift), or pass your own paths as --kubelet-config and --bin-dir",
		},
		{
			Platform: Platform{Name: "microk8s", Program: "kubelite"},
			markers:  []string{"/var/snap/microk8s/current/args/kubelet"},
			refused:  "snap manages the kubelet's flags",
			hint:     "add --image-credential-provider-config and --image-credential-provider-bin-dir to /var/snap/microk8s/current/args/kubelet, and pass the same paths to pullpass install as --kubelet-config and --bin-dir",
		},
		{
			Platform: Platform{Name: "minikube"},
			markers:  []string{"/var/lib/minikube"},
			refused:  "minikube rewrites the kubelet's flags at each start",
			hint:     "start it with --extra-config=kubelet.image-credential-provider-config=FILE and --extra-config=kubelet.image-credential-provider-bin-dir=DIRECTORY, and pass the same paths to pullpass install as --kubelet-config and --bin-dir",
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
				Notes:   []string{"kOps rewrites the kubelet's files at each boot, and its new nodes come without pullpass: use the DaemonSet (pullpass config show daemonset)"},
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
				Notes:   []string{"nodeadm rewrites the configuration at each boot: run pullpass install before the kubelet starts (pullpass config show pullpass-install), or use the DaemonSet (pullpass config show daemonset)"},
			},
			traces:   []string{"/etc/eks/image-credential-provider", "/etc/eks/kubelet", "/usr/bin/nodeadm"},
			complete: inPlace,
		},
		{
			Platform: Platform{
				Name:    "gke",
				Config:  "/etc/srv/kubernetes/cri_auth_config.yaml",
				BinDir:  "/home/kubernetes/bin",
				Service: kubeletService,
				Notes:   []string{"GKE rewrites the configuration at each boot, and upgrades and repairs create nodes without pullpass: use the DaemonSet (pullpass config show daemonset)"},
			},
			traces:   []string{"/home/kubernetes/kube-env", "/etc/srv/kubernetes/cri_auth_config.yaml"},
			complete: inPlace,
		},
		{
			Platform: Platform{
				Name:    "aks",
				Config:  "/var/lib/kubelet/credential-provider-config.yaml",
				BinDir:  "/var/lib/kubelet/credential-provider",
				Service: kubeletService,
				Notes:   []string{"AKS upgrades and repairs create nodes without pullpass: use the DaemonSet (pullpass config show daemonset)"},
			},
			traces:   []string{"/opt/azure/containers"},
			complete: inPlace,
		},
		{
			Platform: rancher("rke2", ""),
			traces:   []string{"/etc/rancher/rke2", "/var/lib/rancher/rke2", "/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2"},
			program:  "/usr/local/bin/rke2",
			services: "rke2-",
			complete: rancherSettings("rke2-server.service", "rke2-agent.service"),
		},
		{
			Platform:  rancher("k3s", "k3s"),
			traces:    []string{"/etc/rancher/k3s", "/var/lib/rancher/k3s", "/usr/local/bin/k3s", "/usr/bin/k3s", "/opt/bin/k3s"},
			program:   "/usr/local/bin/k3s",
			configDir: "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d", // with the default --data-dir
			complete:  rancherSettings("k3s.service", "k3s-agent.service"),
		},
		{
			Platform: Platform{Name: "kubeadm", Config: ownConfig, BinDir: ownBinDir, Service: kubeletService},
			traces:   []string{generatedFlags, "/etc/kubernetes/kubelet.conf", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"},
			markers:  append(systemd.UnitPaths(kubeletService), generatedFlags, "/etc/kubernetes/kubelet.conf"),
			program:  "/usr/bin/kubelet",
			complete: extraArguments,
		},
	}
}

// Names returns the names of the platforms that a user can choose, in alphabetical order.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		if k.refused == "" || k.chosen {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Known returns what the table says about the platform of this name: the facts that hold on all of its
// nodes. It returns no facts for a name that is not in the table.
func Known(name string) Platform {
	for _, k := range kinds() {
		if k.Name == name {
			return k.Platform
		}
	}
	return Platform{Name: name}
}

// Programs returns the paths of programs with a kubelet, the most common one first.
func Programs() []string {
	var programs []string
	for _, k := range slices.Backward(kinds()) {
		if k.program != "" {
			programs = append(programs, k.program)
		}
	}
	return programs
}

// ConfigDir returns the directory from which a running kubelet reads its configuration where its flags
// do not say, "" if they do.
func ConfigDir(running *kubelet.Process) string {
	for _, k := range kinds() {
		if k.Program != "" && k.Program == running.Name() {
			return k.configDir
		}
	}
	return ""
}

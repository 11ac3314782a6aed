package platform

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/provider"
)

// trees are what nodes of each kind have; the tests of the installed binary use them, too.
const trees = "../../../../integration/install/trees"

func extraArgsIn(path string) *FlagsFile {
	return &FlagsFile{Path: path, Variable: "KUBELET_EXTRA_ARGS"}
}

// TestTrees finds each platform by its files.
func TestTrees(t *testing.T) {
	want := map[string]Platform{
		"kubeadm-debian": {Name: "kubeadm", Config: config, BinDir: binDir, Flags: extraArgsIn("/etc/default/kubelet"), Service: "kubelet.service"},
		"kubeadm-rpm":    {Name: "kubeadm", Config: config, BinDir: binDir, Flags: extraArgsIn("/etc/sysconfig/kubelet"), Service: "kubelet.service"},
		"kind":           {Name: "kind", Config: config, BinDir: binDir, Flags: extraArgsIn("/etc/default/kubelet"), Service: "kubelet.service"},
		"k3s":            {Name: "k3s", SetsFlags: true, Program: "k3s", Config: "/var/lib/rancher/credentialprovider/config.yaml", BinDir: "/var/lib/rancher/credentialprovider/bin", Service: "k3s-agent.service"},
		"rke2":           {Name: "rke2", SetsFlags: true, Config: "/var/lib/rancher/credentialprovider/config.yaml", BinDir: "/var/lib/rancher/credentialprovider/bin", Service: "rke2-server.service"},
		"eks-al2023":     {Name: "eks", Config: "/etc/eks/image-credential-provider/config.json", BinDir: "/etc/eks/image-credential-provider", JSON: true, Service: "kubelet.service"},
		"gke":            {Name: "gke", Config: "/etc/srv/kubernetes/cri_auth_config.yaml", BinDir: "/home/kubernetes/bin", Service: "kubelet.service"},
		"aks":            {Name: "aks", Config: "/var/lib/kubelet/credential-provider-config.yaml", BinDir: "/var/lib/kubelet/credential-provider", Service: "kubelet.service"},
		"kops":           {Name: "kops", Config: "/var/lib/kubelet/credential-provider.conf", BinDir: "/usr/local/bin", Service: "kubelet.service"},
		"talos":          {Name: "talos", Config: "/etc/kubernetes/kubelet-credentialproviderconfig.yaml", BinDir: "/usr/local/lib/kubelet/credentialproviders", Settings: TalosPatch},
		"bottlerocket":   {Name: "bottlerocket", Config: "/etc/kubernetes/kubelet/credential-provider-config.yaml", BinDir: "/usr/libexec/kubernetes/kubelet/plugins", Settings: BottlerocketSettings},
	}
	entries, err := os.ReadDir(trees)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == "openshift" {
			continue
		}
		t.Run(entry.Name(), func(t *testing.T) {
			root := filepath.Join(trees, entry.Name())
			want := want[entry.Name()]
			managed := slices.Contains([]string{"eks", "gke", "aks", "kops"}, want.Name)
			for _, detect := range []func() (Platform, error){
				func() (Platform, error) { return Detect(root, nil) },
				func() (Platform, error) { return Named(root, want.Name, nil) },
			} {
				got, err := detect()
				if err != nil {
					t.Fatal(err)
				}
				if len(got.Notes) > 0 != managed {
					t.Errorf("notes %q", got.Notes)
				}
				if server := want.Service == "rke2-server.service"; strings.HasPrefix(got.Restarts, "rke2 ") != server {
					t.Errorf("it restarts %q", got.Restarts)
				}
				got.Notes, got.Restarts = nil, ""
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
		})
	}
}

// TestKnown: what others read from the table by a name, such as that of a record.
func TestKnown(t *testing.T) {
	for _, name := range append(Names(), "microk8s", "minikube") {
		k := Known(name)
		if rancher := name == "k3s" || name == "rke2"; k.Name != name || k.SetsFlags != rancher {
			t.Errorf("%s: %+v", name, k)
		}
		if printed := name == "talos" || name == "bottlerocket"; (k.Settings != "") != printed {
			t.Errorf("%s: settings %q", name, k.Settings)
		}
	}
	if got := Known("kubelet"); !reflect.DeepEqual(got, Platform{Name: "kubelet"}) {
		t.Errorf("a kubelet of no known kind: %+v", got)
	}
	if got := strings.Join(Names(), " "); got != "aks bottlerocket eks gke k3s kind kops kubeadm openshift rke2 talos" {
		t.Errorf("names %s", got)
	}
}

func TestConfigDir(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/local/bin/k3s": "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d", "/snap/microk8s/1/kubelite": "", "kubelet": "",
	} {
		if got := ConfigDir(&kubelet.Process{Args: []string{program, "server"}}); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for root, name := range map[string]string{
		filepath.Join(trees, "openshift"):                                             "openshift",
		write(t, map[string]string{"/var/snap/microk8s/current/args/kubelet": "--x"}): "microk8s",
		write(t, map[string]string{"/var/lib/minikube/x": "", "/lib/systemd/system/kubelet.service": "[Service]\nExecStart=/x $KUBELET_EXTRA_ARGS\nEnvironmentFile=-/etc/default/kubelet\n"}): "minikube",
	} {
		p, err := Detect(root, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "install on "+name+": ") || provider.Hint(err) == "" || p.Name != name {
			t.Errorf("%s: %+v, %v, hint %q", name, p, err, provider.Hint(err))
		}
	}
	p, err := Detect(t.TempDir(), &kubelet.Process{Args: []string{"/snap/microk8s/1/kubelite"}, Hidden: true})
	if err == nil || p.Name != "microk8s" {
		t.Errorf("kubelite: %+v, %v", p, err)
	}
}

func TestUnknown(t *testing.T) {
	root := t.TempDir()
	p, err := Detect(root, &kubelet.Process{Args: []string{"kubelet"}, Service: "own.service"})
	if err == nil || !strings.Contains(err.Error(), "kubeadm") || !strings.Contains(provider.Hint(err), "--platform") || p.Service != "own.service" {
		t.Errorf("%+v, %v, hint %q", p, err, provider.Hint(err))
	}
	for _, name := range []string{"", "kubelet", "microk8s", "Kubeadm"} {
		if _, err := Named(root, name, nil); err == nil || !strings.Contains(provider.Hint(err), "kubeadm") {
			t.Errorf("%q: %v, hint %q", name, err, provider.Hint(err))
		}
	}
}

const (
	ownFlags = "--image-credential-provider-config=/own/config --image-credential-provider-bin-dir=/own/bin"
	newFlags = "--image-credential-provider-config=/new/config --image-credential-provider-bin-dir=/new/bin"
)

func process(service, args string) *kubelet.Process {
	return &kubelet.Process{Args: strings.Fields(args), Service: service}
}

// TestRunning: the running kubelet's arguments say where its files are, whatever else there is.
func TestRunning(t *testing.T) {
	for name, c := range map[string]struct {
		tree    string
		running *kubelet.Process
		want    Platform // without flags and notes
	}{
		"of no known kind":             {"", process("own.service", "/usr/bin/kubelet "+ownFlags), Platform{Name: "kubelet", Config: "/own/config", BinDir: "/own/bin", Service: "own.service"}},
		"in no service":                {"", process("", "/usr/bin/kubelet "+ownFlags), Platform{Name: "kubelet", Config: "/own/config", BinDir: "/own/bin"}},
		"EKS, other paths":             {"eks-al2023", process("kubelet.service", "/usr/bin/kubelet "+ownFlags), Platform{Name: "eks", Config: "/own/config", BinDir: "/own/bin", JSON: true, Service: "kubelet.service"}},
		"EKS without flags":            {"eks-al2023", process("kubelet.service", "/usr/bin/kubelet"), Platform{Name: "eks", Config: "/etc/eks/image-credential-provider/config.json", BinDir: "/etc/eks/image-credential-provider", JSON: true, Service: "kubelet.service"}},
		"kubeadm without flags":        {"kubeadm-rpm", process("kubelet.service", "/usr/bin/kubelet"), Platform{Name: "kubeadm", Config: config, BinDir: binDir, Service: "kubelet.service"}},
		"one flag is none":             {"kubeadm-rpm", process("kubelet.service", "/usr/bin/kubelet --image-credential-provider-config=/own/config"), Platform{Name: "kubeadm", Config: config, BinDir: binDir, Service: "kubelet.service"}},
		"k3s":                          {"kubeadm-rpm", &kubelet.Process{Args: []string{"/usr/local/bin/k3s", "server"}, Hidden: true, Service: "k3s.service"}, Platform{Name: "k3s", SetsFlags: true, Program: "k3s", Config: "/var/lib/rancher/credentialprovider/config.yaml", BinDir: "/var/lib/rancher/credentialprovider/bin", Service: "k3s.service"}},
		"RKE2's own":                   {"kubeadm-rpm", process("rke2-agent.service", "kubelet "+ownFlags), Platform{Name: "rke2", SetsFlags: true, Config: "/own/config", BinDir: "/own/bin", Service: "rke2-agent.service"}},
		"not k3s, whose files are old": {"k3s", process("kubelet.service", "kubelet "+ownFlags), Platform{Name: "kubelet", Config: "/own/config", BinDir: "/own/bin", Service: "kubelet.service"}},
		"Talos":                        {"talos", process("", "/usr/local/bin/kubelet "+ownFlags), Platform{Name: "talos", Config: "/etc/kubernetes/kubelet-credentialproviderconfig.yaml", BinDir: "/usr/local/lib/kubelet/credentialproviders", Settings: TalosPatch}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if c.tree != "" {
				root = filepath.Join(trees, c.tree)
			}
			got, err := Detect(root, c.running)
			if err != nil {
				t.Fatal(err)
			}
			got.Flags, got.Notes, got.Restarts = nil, nil, ""
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestExtraArguments: which file has to have the flags, and where they are already.
func TestExtraArguments(t *testing.T) {
	const (
		own  = "[Service]\nExecStart=/usr/bin/kubelet $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n"
		unit = "/usr/lib/systemd/system/kubelet.service"
		file = "/etc/default/kubelet"
	)
	both := own + "EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\n"
	for name, c := range map[string]struct {
		files     map[string]string
		running   *kubelet.Process
		config    string
		flags     string // path; "" for none
		inherited string
		err       string
	}{
		"the user's file, not kubeadm's":     {files: map[string]string{unit: both}, config: config, flags: file},
		"its own flags are there":            {files: map[string]string{unit: both, file: "KUBELET_EXTRA_ARGS=" + ownFlags}, config: "/own/config", flags: file},
		"changed since the kubelet started":  {files: map[string]string{unit: both, file: "KUBELET_EXTRA_ARGS=" + newFlags}, running: process("kubelet.service", "kubelet "+ownFlags), config: "/new/config", flags: file},
		"taken out since":                    {files: map[string]string{unit: both}, running: process("kubelet.service", "kubelet "+ownFlags), config: "/own/config", flags: file},
		"kubeadm's have the flags":           {files: map[string]string{unit: both, generatedFlags: "KUBELET_KUBEADM_ARGS=\"" + ownFlags + "\""}, config: "/own/config"},
		"kubeadm's, and the user's after it": {files: map[string]string{unit: both, generatedFlags: "KUBELET_KUBEADM_ARGS=\"" + ownFlags + "\"", file: "KUBELET_EXTRA_ARGS=" + newFlags}, config: "/new/config", flags: file},
		"the command line has the flags":     {files: map[string]string{unit: "[Service]\nExecStart=/usr/bin/kubelet " + ownFlags + "\n"}, config: "/own/config"},
		"the running one's, with no unit":    {files: map[string]string{"/etc/kubernetes/kubelet.conf": ""}, running: process("", "kubelet "+ownFlags), config: "/own/config"},
		"the unit's variable":                {files: map[string]string{unit: both, "/etc/systemd/system/kubelet.service.d/20-ip.conf": "[Service]\nEnvironment=\"KUBELET_EXTRA_ARGS=--node-ip=192.0.2.1\"\n"}, config: config, flags: file, inherited: "--node-ip=192.0.2.1"},
		"the last file that sets it":         {files: map[string]string{unit: both + "EnvironmentFile=/etc/kubelet/*.env\n", file: "KUBELET_EXTRA_ARGS=--x", "/etc/kubelet/1.env": "KUBELET_EXTRA_ARGS=--y", "/etc/kubelet/2.env": "B="}, config: config, flags: "/etc/kubelet/1.env"},
		"the usual file before others":       {files: map[string]string{unit: both + "EnvironmentFile=-/etc/other\n"}, config: config, flags: file},
		"another file":                       {files: map[string]string{unit: own + "EnvironmentFile=-/etc/1\nEnvironmentFile=-/etc/2\n"}, config: config, flags: "/etc/2"},
		"no file":                            {files: map[string]string{unit: own}, err: "reads KUBELET_EXTRA_ARGS from no file"},
		"only kubeadm's file":                {files: map[string]string{unit: own + "EnvironmentFile=-" + generatedFlags + "\n"}, err: "from no file"},
		"kubeadm's file sets it":             {files: map[string]string{unit: both, generatedFlags: "KUBELET_EXTRA_ARGS=--x"}, err: "kubeadm overwrites it"},
		"the variable is not used":           {files: map[string]string{unit: "[Service]\nExecStart=/usr/bin/kubelet\nEnvironmentFile=" + file + "\n"}, err: "does not pass $KUBELET_EXTRA_ARGS"},
		"it is one argument":                 {files: map[string]string{unit: "[Service]\nExecStart=/usr/bin/kubelet ${KUBELET_EXTRA_ARGS}\nEnvironmentFile=" + file + "\n"}, err: "does not pass $KUBELET_EXTRA_ARGS"},
		"no unit":                            {files: map[string]string{"/etc/kubernetes/kubelet.conf": ""}, err: "read unit kubelet.service: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Detect(write(t, c.files), c.running)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(provider.Hint(err), "--image-credential-provider-config="+config) || p.Config != config {
					t.Errorf("%+v, %v, hint %q", p, err, provider.Hint(err))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var flags FlagsFile
			if p.Flags != nil {
				flags = *p.Flags
			}
			if p.Name != "kubeadm" || p.Config != c.config || flags.Path != c.flags || flags.Inherited != c.inherited {
				t.Errorf("%+v, flags %+v", p, flags)
			}
		})
	}
}

// TestInPlace: without a running kubelet, its unit says where its files are.
func TestInPlace(t *testing.T) {
	root := write(t, map[string]string{
		"/opt/kops/x":                         "",
		"/etc/systemd/system/kubelet.service": "[Service]\nEnvironmentFile=/etc/sysconfig/kubelet\nExecStart=/opt/kubernetes/bin/kubelet \"$DAEMON_ARGS\"\n",
		"/etc/sysconfig/kubelet":              "DAEMON_ARGS=\"--v=2 --image-credential-provider-config=/var/lib/kubelet/credential-provider.conf --image-credential-provider-bin-dir=/opt/kubernetes/bin\"\n",
	})
	p, err := Detect(root, nil)
	if err != nil || p.Name != "kops" || p.BinDir != "/opt/kubernetes/bin" || p.Flags != nil {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestInPlaceWithoutFlags: a running kubelet without the flags reads no such files, which
// one that does not run yet may do. What is known comes with the error.
func TestInPlaceWithoutFlags(t *testing.T) {
	for name, marker := range map[string]string{
		"aks": "/opt/azure/containers/x", "eks": "/usr/bin/nodeadm", "gke": "/home/kubernetes/kube-env", "kops": "/opt/kops/x",
	} {
		root := write(t, map[string]string{
			marker:                                "",
			"/etc/systemd/system/kubelet.service": "[Service]\nEnvironmentFile=/etc/sysconfig/kubelet\nExecStart=/usr/bin/kubelet $DAEMON_ARGS\n",
			"/etc/sysconfig/kubelet":              "DAEMON_ARGS=--v=2\n",
		})
		running := process("kubelet.service", "/usr/bin/kubelet --v=2")
		for _, detect := range []func(*kubelet.Process) (Platform, error){
			func(p *kubelet.Process) (Platform, error) { return Detect(root, p) },
			func(p *kubelet.Process) (Platform, error) { return Named(root, name, p) },
		} {
			p, err := detect(running)
			if err == nil || !strings.Contains(err.Error(), "runs without --image-credential-provider-config") ||
				!strings.Contains(provider.Hint(err), "--image-credential-provider-bin-dir="+p.BinDir) || p.Name != name || p.Service != "kubelet.service" {
				t.Errorf("%s: %+v, %v, hint %q", name, p, err, provider.Hint(err))
			}
			if p, err := detect(nil); err != nil || p.Name != name {
				t.Errorf("%s that does not run: %+v, %v", name, p, err)
			}
		}
	}
}

// TestRancherSettings: k3s and RKE2 can be given other paths, by several files and on the command line.
func TestRancherSettings(t *testing.T) {
	const (
		usualConfig, usualBin = "/var/lib/rancher/credentialprovider/config.yaml", "/var/lib/rancher/credentialprovider/bin"
		settings              = "/etc/rancher/k3s/config.yaml"
		more                  = "/etc/rancher/k3s/config.yaml.d/"
		unit                  = "/etc/systemd/system/k3s.service"
	)
	for name, c := range map[string]struct {
		files          map[string]string
		config, binDir string
	}{
		"none":                         {map[string]string{settings: "node-label: [a=b]\nnode-taint: x\n"}, usualConfig, usualBin},
		"k3s's own":                    {map[string]string{settings: "image-credential-provider-config: /1\nimage-credential-provider-bin-dir: /2\n"}, "/1", "/2"},
		"the kubelet's":                {map[string]string{settings: "kubelet-arg:\n- max-pods=50\n- image-credential-provider-config=/1\n- --image-credential-provider-bin-dir=/2\n"}, "/1", "/2"},
		"the kubelet's, only one":      {map[string]string{settings: "kubelet-arg: image-credential-provider-config=/1\n"}, "/1", usualBin},
		"the kubelet's before k3s's":   {map[string]string{settings: "kubelet-arg: [image-credential-provider-config=/1]\nimage-credential-provider-config: /0\n"}, "/1", usualBin},
		"a later file replaces":        {map[string]string{settings: "kubelet-arg: [image-credential-provider-config=/1]\n", more + "1.yaml": "kubelet-arg: [max-pods=50]\n"}, usualConfig, usualBin},
		"a later file adds":            {map[string]string{settings: "kubelet-arg: [image-credential-provider-config=/1]\n", more + "1.yml": "kubelet-arg+: [image-credential-provider-bin-dir=/2]\n", more + "2.txt": "kubelet-arg: []\n"}, "/1", "/2"},
		"the command line":             {map[string]string{settings: "image-credential-provider-config: /0\n", unit: "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--image-credential-provider-config=/1' \\\n\t'--kubelet-arg' \\\n\t'image-credential-provider-bin-dir=/2' \\\n\n"}, "/1", "/2"},
		"the command line's variables": {map[string]string{unit: "[Service]\nEnvironmentFile=-/etc/default/%N\nExecStart=/usr/local/bin/k3s server $OPTIONS\n", "/etc/default/k3s": "OPTIONS='--kubelet-arg=image-credential-provider-config=/1'\n"}, "/1", usualBin},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["/usr/local/bin/k3s"] = ""
			p, err := Detect(write(t, c.files), nil)
			if err != nil || p.Name != "k3s" || p.Config != c.config || p.BinDir != c.binDir {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	if _, err := Detect(write(t, map[string]string{settings: "token: s3cret: x\n"}), nil); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("settings that are not YAML: %v", err)
	}
}

// TestRancherService: RKE2's packages have the units of servers and of agents.
func TestRancherService(t *testing.T) {
	const units, wants = "/usr/local/lib/systemd/system/", "/etc/systemd/system/multi-user.target.wants/"
	for want, files := range map[string]map[string]string{
		"rke2-server.service": {units + "rke2-server.service": "", units + "rke2-agent.service": "", wants + "rke2-server.service": ""},
		"rke2-agent.service":  {units + "rke2-agent.service": ""},
		"":                    {units + "rke2-server.service": "", units + "rke2-agent.service": "", "/etc/rancher/rke2/x": ""},
	} {
		p, err := Named(write(t, files), "rke2", nil)
		if err != nil || p.Service != want {
			t.Errorf("%+v, %v, want service %q", p, err, want)
		}
	}
}

// TestTwoKinds: without a running kubelet, left-overs of another platform are an error.
func TestTwoKinds(t *testing.T) {
	k3s := map[string]string{"/etc/rancher/k3s/config.yaml": "", "/var/lib/kubelet/kubeadm-flags.env": ""}
	p, err := Detect(write(t, k3s), nil)
	if err == nil || !errors.Is(err, ErrTwoKinds) || !strings.HasSuffix(err.Error(), ": k3s and kubeadm") || !strings.Contains(provider.Hint(err), "--platform") || p.Name != "k3s" {
		t.Errorf("%+v, %v, hint %q", p, err, provider.Hint(err))
	}
	if p, err := Named(write(t, k3s), "k3s", nil); err != nil || p.Name != "k3s" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Detect(write(t, k3s), &kubelet.Process{Args: []string{"k3s", "server"}, Hidden: true}); err != nil || p.Name != "k3s" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestRelativePaths: what a kubelet's working directory decides about is not written to.
func TestRelativePaths(t *testing.T) {
	for _, root := range []string{t.TempDir(), filepath.Join(trees, "eks-al2023")} {
		for args, refused := range map[string]bool{
			"--image-credential-provider-config=own/config --image-credential-provider-bin-dir=/own/bin": true,
			"--image-credential-provider-config=/own/config --image-credential-provider-bin-dir=bin":     true,
			ownFlags: false,
		} {
			_, err := Detect(root, process("kubelet.service", "/usr/bin/kubelet "+args))
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "not an absolute path") {
				t.Errorf("%s: %v", args, err)
			}
		}
	}
	p := Platform{}
	if takeFlags(&p, strings.Fields("kubelet --image-credential-provider-config= --image-credential-provider-bin-dir=")) {
		t.Errorf("empty flags are taken for paths: %+v", p)
	}
}

// write makes files of a machine, by path, and returns the root.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPrograms(t *testing.T) {
	if got, want := strings.Join(Programs(), " "), "/usr/bin/kubelet /usr/local/bin/k3s /usr/local/bin/rke2"; got != want {
		t.Errorf("the programs are %s, want %s", got, want)
	}
}

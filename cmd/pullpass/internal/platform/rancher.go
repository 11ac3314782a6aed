package platform

import (
	"fmt"
	"os"
	"path"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
)

// rancher is what k3s and RKE2 have: they give their kubelet the flags if both paths are there when
// they start. A folder instead of the file is as if it were missing.
func rancher(name string) Platform {
	return Platform{
		Name:     name,
		Config:   "/var/lib/rancher/credentialprovider/config.yaml",
		BinDir:   "/var/lib/rancher/credentialprovider/bin",
		Restarts: name + " restarts as a whole: on a server that is the API server as well, and etcd if it is embedded: take one server after the other",
	}
}

// rancherSettings takes over paths that the node's settings for k3s or RKE2 have for the flags, and
// finds the service out. What the running kubelet has, where it can be seen, counts more.
func rancherSettings(n node, p *Platform, running *kubelet.Process) error {
	if p.Service == "" {
		p.Service = n.rancherService(p.Name)
	}
	if strings.HasSuffix(p.Service, "-agent.service") {
		p.Restarts = ""
	}
	if takeFlags(p, argv(running)) {
		return nil
	}
	var own, extra []string // their own flags, and those for the kubelet
	for _, file := range n.rancherFiles(p.Name) {
		data, err := n.read(file)
		if err != nil {
			return fmt.Errorf("read the settings of %s: %w", p.Name, err)
		}
		var settings struct {
			Config string  `yaml:"image-credential-provider-config"`
			BinDir string  `yaml:"image-credential-provider-bin-dir"`
			Args   *values `yaml:"kubelet-arg"`
			More   values  `yaml:"kubelet-arg+"`
		}
		if err := yaml.Unmarshal(data, &settings); err != nil {
			return fmt.Errorf("read the settings of %s: %s is not YAML with text where text belongs", p.Name, file) // err may quote a secret
		}
		if settings.Config != "" {
			own = append(own, "--"+ConfigFlag+"="+settings.Config)
		}
		if settings.BinDir != "" {
			own = append(own, "--"+BinDirFlag+"="+settings.BinDir)
		}
		if settings.Args != nil {
			extra = *settings.Args
		}
		extra = append(extra, settings.More...)
	}
	if u, err := n.readUnit(p.Service); err == nil {
		values, _, err := n.variables(u)
		if err != nil {
			return err
		}
		args := u.arguments(values)
		own = append(own, args...)
		for i, arg := range args {
			name, value, joined := kubelet.CutFlag(arg)
			switch {
			case name != "kubelet-arg":
			case joined:
				extra = append(extra, value)
			case i+1 < len(args):
				extra = append(extra, args[i+1])
			}
		}
	}
	for _, arg := range extra {
		own = append(own, "--"+strings.TrimPrefix(arg, "--"))
	}
	if config, ok := kubelet.Flag(own, ConfigFlag); ok {
		p.Config = config
	}
	if binDir, ok := kubelet.Flag(own, BinDirFlag); ok {
		p.BinDir = binDir
	}
	return nil
}

// values are those of a setting that is a text or a list of them.
type values []string

func (v *values) UnmarshalYAML(from *yaml.Node) error {
	if from.Kind == yaml.ScalarNode {
		*v = values{from.Value}
		return nil
	}
	return from.Decode((*[]string)(v))
}

// rancherFiles are the files with settings, in the order in which they are read.
func (n node) rancherFiles(name string) []string {
	folder := path.Join("/etc/rancher", name)
	var files []string
	if file := path.Join(folder, "config.yaml"); n.exists(file) {
		files = append(files, file)
	}
	entries, _ := os.ReadDir(n.path(path.Join(folder, "config.yaml.d")))
	for _, entry := range entries {
		if extension := path.Ext(entry.Name()); extension == ".yaml" || extension == ".yml" {
			files = append(files, path.Join(folder, "config.yaml.d", entry.Name()))
		}
	}
	return files
}

// rancherService is the service that is enabled, or the only one that is installed; "" if that
// does not tell. RKE2's packages have the units of servers and agents both.
func (n node) rancherService(name string) string {
	server, agent := name+".service", name+"-agent.service"
	if name == "rke2" {
		server = "rke2-server.service"
	}
	for _, has := range []func(string) bool{n.enabled, n.hasUnit} {
		switch s, a := has(server), has(agent); {
		case s && !a:
			return server
		case a && !s:
			return agent
		}
	}
	return ""
}

// enabled reports whether the unit is started at boot. The link need not lead anywhere: its target
// is absolute, and the root may not be this process's.
func (n node) enabled(service string) bool {
	_, err := os.Lstat(n.path(path.Join("/etc/systemd/system/multi-user.target.wants", service)))
	return err == nil
}

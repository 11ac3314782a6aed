package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
)

// rancher returns what k3s and RKE2 have in common.
func rancher(name, program string) Platform {
	return Platform{
		Name:      name,
		Config:    "/var/lib/rancher/credentialprovider/config.yaml",
		BinDir:    "/var/lib/rancher/credentialprovider/bin",
		SetsFlags: true,
		Program:   program,
		Restarts:  name + " restarts as a whole, on a server with the API server and any embedded etcd: restart one server at a time",
	}
}

// rancherSettings returns the function that completes k3s or RKE2, whose servers and agents have these
// services. It finds out the service, and the paths that the node's settings have for the two flags. The
// flags of the running kubelet, if they are visible, take precedence.
func rancherSettings(server, agent string) func(rootfs.Root, *Platform, *kubelet.Process) error {
	return func(files rootfs.Root, p *Platform, running *kubelet.Process) error {
		if p.Service == "" {
			p.Service = onlyService(files, server, agent)
		}
		if strings.HasSuffix(p.Service, "-agent.service") {
			p.Restarts = ""
		}
		if takeFlags(p, argv(running)) {
			return nil
		}
		own, extra, err := rancherFlags(files, p)
		if err != nil {
			return err
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
}

// rancherFlags returns the flags of k3s or RKE2 itself, and those that it passes on to the kubelet, from
// its settings and from the command line of its service.
func rancherFlags(files rootfs.Root, p *Platform) (own, extra []string, err error) {
	for _, file := range rancherFiles(files, p.Name) {
		data, err := files.ReadFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("read the settings of %s: %w", p.Name, err)
		}
		var settings struct {
			Config string  `yaml:"image-credential-provider-config"`
			BinDir string  `yaml:"image-credential-provider-bin-dir"`
			Args   *values `yaml:"kubelet-arg"`
			More   values  `yaml:"kubelet-arg+"`
		}
		if err := strictyaml.Unmarshal(data, &settings); err != nil {
			return nil, nil, fmt.Errorf("read the settings of %s: %s: %w", p.Name, file, err)
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
	u, err := systemd.ReadUnit(files, p.Service)
	if errors.Is(err, fs.ErrNotExist) {
		return own, extra, nil
	}
	if err != nil {
		return nil, nil, err
	}
	values, _, err := u.Variables(files)
	if err != nil {
		return nil, nil, err
	}
	args := u.Arguments(values)
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
	return own, extra, nil
}

// values are the values of a setting that is a string or a list of strings.
type values []string

func (v *values) UnmarshalYAML(from *yaml.Node) error {
	if from.Kind == yaml.ScalarNode {
		*v = values{from.Value}
		return nil
	}
	return from.Decode((*[]string)(v))
}

// rancherFiles returns the files with settings, in the order in which k3s and RKE2 read them.
func rancherFiles(files rootfs.Root, name string) []string {
	directory := path.Join("/etc/rancher", name)
	var found []string
	if file := path.Join(directory, "config.yaml"); files.Exists(file) {
		found = append(found, file)
	}
	entries, _ := files.ReadDir(path.Join(directory, "config.yaml.d"))
	for _, entry := range entries {
		if extension := path.Ext(entry.Name()); extension == ".yaml" || extension == ".yml" {
			found = append(found, path.Join(directory, "config.yaml.d", entry.Name()))
		}
	}
	return found
}

// onlyService returns the one service that is enabled. If that is not one, it returns the one that is
// installed, else "". RKE2's packages have the units of both.
func onlyService(files rootfs.Root, server, agent string) string {
	for _, has := range []func(rootfs.Root, string) bool{systemd.Enabled, systemd.HasUnit} {
		switch s, a := has(files, server), has(files, agent); {
		case s && !a:
			return server
		case a && !s:
			return agent
		}
	}
	return ""
}

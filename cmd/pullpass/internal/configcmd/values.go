package configcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/entryflags"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/manifests"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	nodeconfig "github.com/pullpass/pullpass/node-config"
	"github.com/pullpass/pullpass/provider"
)

const (
	daemonSetFile = "daemonset/base/daemonset.yaml"
	rotation      = "rotation"
)

// showFlags are the flags of config show, as they were given.
type showFlags struct {
	manifests.Values
	platform string
	env      []string // for the plugin
	args     []string // of the plugin
}

// flagNames are the flags that put values into a manifest, in the order of addTo.
func flagNames() []string {
	return []string{"image", "namespace", "registry", "platform", "identity", "audience", "env", "arg"}
}

func (f *showFlags) addTo(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&f.Image, "image", "", "`image` of pullpass, best by digest")
	flags.StringVarP(&f.Namespace, "namespace", "n", "", "`namespace` of the objects")
	flags.Var((*cli.List)(&f.Registries), "registry", "serve or renew this registry, `HOST[/PATH]`; repeatable, or separated by commas")
	flags.StringVar(&f.platform, "platform", "", "for daemonset, the kind of node, as in pullpass install; for rotation, `NAME` is one of "+strings.Join(rotationNames(), ", "))
	flags.StringVar(&f.Identity, "identity", "", "for rotation, the `role`'s ARN (eks-irsa) or the Google service account that has access")
	flags.StringVar(&f.Audience, "audience", "", "for rotation with google-federation, the workload identity `provider`, //iam.googleapis.com/projects/…")
	flags.StringArrayVar(&f.env, "env", nil, "for daemonset, environment variable of the plugin, `NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.args, "arg", nil, "for daemonset, `argument` of the plugin; repeatable")
}

func rotationNames() []string {
	var names []string
	for _, r := range manifests.Rotations() {
		names = append(names, r.Name)
	}
	return names
}

// text returns the file of a name with the values of the flags, or the list of all files without a name. Errors that
// are not about the flags are failures.
func (f *showFlags) text(b *broker.Broker, name string, flags *pflag.FlagSet) (string, error) {
	for _, flag := range flagNames() {
		if changed := flags.Lookup(flag); changed.Changed && slices.Contains([]string{"", "[]"}, changed.Value.String()) {
			return "", fmt.Errorf("--%s must not be empty", flag)
		}
	}
	switch {
	case name == "":
		return strings.Join(nodeconfig.Names(), "\n") + "\n", checkApply(flags, "the list of files")
	case name == rotation && f.platform == "":
		return "", fmt.Errorf("%s needs --platform: %s", rotation, strings.Join(rotationNames(), ", "))
	case name == rotation:
		i := slices.IndexFunc(manifests.Rotations(), func(r manifests.Rotation) bool { return r.Name == f.platform })
		if i < 0 {
			return "", fmt.Errorf("unknown platform %q of %s, known are %s", f.platform, rotation, strings.Join(rotationNames(), ", "))
		}
		return f.rotation(b, manifests.Rotations()[i], flags, "platform")
	}
	data, err := nodeFile(name)
	if err != nil {
		return "", cli.AsFailure(err)
	}
	for _, r := range manifests.Rotations() {
		if string(data) == builtIn(rotation+"/"+r.Name+".yaml") {
			return f.rotation(b, r, flags)
		}
	}
	if string(data) == builtIn(daemonSetFile) {
		return f.daemonSet(b, string(data), flags)
	}
	return string(data), checkApply(flags, name)
}

// builtIn returns a file by its path.
func builtIn(path string) string {
	data, err := nodeconfig.Read(path)
	if err != nil {
		panic(err) // the file is in the binary
	}
	return string(data)
}

// checkApply returns an error if a flag was given that does not apply to a file.
func checkApply(flags *pflag.FlagSet, name string, apply ...string) error {
	for _, flag := range flagNames() {
		if flags.Changed(flag) && !slices.Contains(apply, flag) {
			return fmt.Errorf("--%s does not apply to %s", flag, name)
		}
	}
	return nil
}

func (f *showFlags) rotation(b *broker.Broker, r manifests.Rotation, flags *pflag.FlagSet, more ...string) (string, error) {
	if err := checkApply(flags, rotation, append(more, "image", "namespace", "registry", "identity", "audience")...); err != nil {
		return "", err
	}
	text, missing, err := r.Render(builtIn(rotation+"/"+r.Name+".yaml"), f.Values, b.Backends)
	noteMissing(b, missing)
	return text, err
}

func (f *showFlags) daemonSet(b *broker.Broker, text string, flags *pflag.FlagSet) (string, error) {
	if err := checkApply(flags, "daemonset", "image", "namespace", "registry", "platform", "env", "arg"); err != nil {
		return "", err
	}
	entry := entryflags.Flags{Registries: f.Registries, Env: f.env}
	if _, err := entry.Variables(); err != nil {
		return "", err
	}
	if len(f.Registries) > 0 {
		if _, err := entry.Entry(b, nil); err != nil {
			return "", cli.AsFailure(err)
		}
	}
	values := f.Values
	if f.platform != "" {
		if err := checkInstallable(f.platform); err != nil {
			return "", err
		}
		values.Arguments = append(values.Arguments, "--platform="+f.platform)
	}
	for _, variable := range f.env {
		values.Arguments = append(values.Arguments, "--env="+variable)
	}
	for _, argument := range f.args {
		values.Arguments = append(values.Arguments, "--arg="+argument)
	}
	text, missing, err := manifests.DaemonSet(text, values)
	noteMissing(b, missing)
	return text, err
}

// checkInstallable returns an error unless pullpass install can write the files of a platform's nodes.
func checkInstallable(name string) error {
	switch known := platform.Known(name); {
	case !slices.Contains(platform.Names(), name):
		return fmt.Errorf("unknown platform %q, known are %s", name, strings.Join(platform.Names(), ", "))
	case known.Config == "" && known.BinDir == "" && known.Service == "" || known.Settings != "":
		return provider.WithHint(fmt.Errorf("--platform %s: the files of its nodes cannot be written", name), "pullpass config show "+name+" has what these nodes take")
	}
	return nil
}

// noteMissing tells which values are still examples.
func noteMissing(b *broker.Broker, flags []string) {
	if len(flags) > 0 {
		b.Log.Note("the manifest still has example values; give your own with %s", strings.Join(flags, ", "))
	}
}

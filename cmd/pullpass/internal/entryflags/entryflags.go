// Package entryflags has the flags with which pullpass install and pullpass config kubelet describe
// pullpass's entry in the kubelet's config.
package entryflags

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/provider"
)

// The flags of the plugin that an entry can pass on.
const (
	ConfigFlag   = "--config"
	CacheDirFlag = "--cache-dir"
)

// Flags are the flags as they were given.
type Flags struct {
	Registries, Env, Arguments []string
}

// Names are those of the flags, without dashes.
func Names() []string { return []string{"registry", "env", "arg"} }

// AddTo defines the flags.
func (f *Flags) AddTo(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.Registries, "registry", nil, "serve this registry, `HOST[/PATH]` or a pattern, in place of all; may be given more than once")
	flags.StringArrayVar(&f.Env, "env", nil, "environment variable of the plugin, `NAME=VALUE`; may be given more than once")
	flags.StringArrayVar(&f.Arguments, "arg", nil, "`argument` of the plugin; may be given more than once")
}

// Variables parses the values of --env. Errors do not show them: they may be secrets.
func (f *Flags) Variables() ([]kubeletconfig.Env, error) {
	var variables []kubeletconfig.Env
	for _, text := range f.Env {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return nil, errors.New("--env is NAME=VALUE")
		}
		variables = append(variables, kubeletconfig.Env{Name: name, Value: value})
	}
	return variables, nil
}

// hasArgument reports whether --arg gives a flag to the plugin.
func (f *Flags) hasArgument(flag string) bool {
	return slices.ContainsFunc(f.Arguments, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
}

// NamesConfig reports whether --arg or --env names the config that the plugin reads.
func (f *Flags) NamesConfig() bool {
	inEnv := func(v string) bool { return strings.HasPrefix(v, broker.ConfigVariable+"=") }
	return f.hasArgument(ConfigFlag) || slices.ContainsFunc(f.Env, inEnv)
}

// PassOn adds the config and the cache directory of b to Arguments, and reports whether it added
// any: the plugin runs without the flags and the environment of this process. Values of --arg win.
// PULLPASS_CACHE_DIR is not passed on, as no credential of the plugin depends on it. The error is of
// a relative path.
func (f *Flags) PassOn(b *broker.Broker) (added bool, err error) {
	config, source := b.ConfigPath, ConfigFlag
	if config == "" && !f.NamesConfig() {
		config, source = b.Getenv(broker.ConfigVariable), broker.ConfigVariable
	}
	var passed []string
	for _, flag := range []struct{ name, value, source string }{
		{ConfigFlag, config, source},
		{CacheDirFlag, b.CacheDir, CacheDirFlag},
	} {
		switch {
		case flag.value == "" || f.hasArgument(flag.name):
		case !filepath.IsAbs(flag.value):
			return false, provider.WithHint(fmt.Errorf("%s must be an absolute path", flag.source), "the plugin gets it, and the kubelet runs that in another folder")
		default:
			passed = append(passed, flag.name+"="+flag.value)
		}
	}
	f.Arguments = append(passed, f.Arguments...)
	return len(passed) > 0, nil
}

// Entry returns the entry for the registries of --registry. Without any, it is for all registries
// that pullpass serves with the rules of its config. The error is of the config, or of a registry
// that pullpass does not serve.
func (f *Flags) Entry(b *broker.Broker, variables []kubeletconfig.Env) (kubeletconfig.Entry, error) {
	settings, err := b.LoadConfig()
	if err != nil {
		return kubeletconfig.Entry{}, err
	}
	var rules []provider.Pattern
	for _, registry := range settings.Registries {
		rules = append(rules, registry.Pattern)
	}
	var entry kubeletconfig.Entry
	if len(f.Registries) > 0 {
		entry, err = kubeletconfig.Select(f.Registries, b.Backends, rules)
	} else {
		entry, err = kubeletconfig.Served(b.Backends, rules)
	}
	entry.Args = f.Arguments
	entry.AddEnv(variables)
	return entry, err
}

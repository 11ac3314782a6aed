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
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/pluginflags"
	"github.com/pullpass/pullpass/provider"
)

// Flags are the flags as they were given.
type Flags struct {
	Registries cli.List // of --registry: HOST, HOST/PATH or patterns
	Env        []string // of --env: NAME=VALUE
	Arguments  []string // of --arg
}

// Names returns the names of the flags, without dashes.
func Names() []string { return []string{"registry", "env", "arg"} }

// AddTo defines the flags.
func (f *Flags) AddTo(flags *pflag.FlagSet) {
	flags.Var(&f.Registries, "registry", "serve only this registry, `HOST[/PATH]` or a pattern; repeatable, or separated by commas")
	flags.StringArrayVar(&f.Env, "env", nil, "environment variable of the plugin, `NAME=VALUE`; repeatable")
	flags.StringArrayVar(&f.Arguments, "arg", nil, "`argument` of the plugin; repeatable")
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
	return f.hasArgument(pluginflags.Config) || slices.ContainsFunc(f.Env, inEnv)
}

// PassOn adds the config, the cache directory and the log file of b to Arguments, because the plugin runs without the
// flags and the environment of this process. It reports whether it added any. Values of --arg win.
// PULLPASS_CACHE_DIR is not passed on: no credential of the plugin depends on it. It is an error if a
// path is relative.
func (f *Flags) PassOn(b *broker.Broker) (added bool, err error) {
	config, source := b.ConfigPath, pluginflags.Config
	if config == "" && !f.NamesConfig() {
		config, source = b.Getenv(broker.ConfigVariable), broker.ConfigVariable
	}
	var passed []string
	for _, flag := range []struct{ name, value, source string }{
		{pluginflags.Config, config, source},
		{pluginflags.CacheDir, b.CacheDir, pluginflags.CacheDir},
		{pluginflags.LogFile, b.LogFile, pluginflags.LogFile},
	} {
		switch {
		case flag.value == "" || f.hasArgument(flag.name):
		case !filepath.IsAbs(flag.value):
			return false, provider.WithHint(fmt.Errorf("%s must be an absolute path", flag.source), "the plugin gets it, and the kubelet runs that in another directory")
		default:
			passed = append(passed, flag.name+"="+flag.value)
		}
	}
	f.Arguments = append(passed, f.Arguments...)
	return len(passed) > 0, nil
}

// Entry returns the entry for the registries of --registry, with variables as its environment. Without
// any registry, it is for all that pullpass serves with the rules of its config. It is an error if the
// config cannot be read, or if pullpass does not serve a registry.
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

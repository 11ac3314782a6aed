package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/provider"
)

// entryFlags say what pullpass's entry in the kubelet's config shall be, as they were given.
type entryFlags struct {
	registries, env, arguments []string
}

func (f *entryFlags) addTo(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.registries, "registry", nil, "serve this registry, `HOST[/PATH]` or a pattern, in place of all; may be given more than once")
	flags.StringArrayVar(&f.env, "env", nil, "environment variable of the plugin, `NAME=VALUE`; may be given more than once")
	flags.StringArrayVar(&f.arguments, "arg", nil, "`argument` of the plugin; may be given more than once")
}

// variables returns those of --env. Errors do not show them: they may be secrets.
func (f *entryFlags) variables() ([]kubeletconfig.Env, error) {
	var variables []kubeletconfig.Env
	for _, text := range f.env {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return nil, errors.New("--env is NAME=VALUE")
		}
		variables = append(variables, kubeletconfig.Env{Name: name, Value: value})
	}
	return variables, nil
}

// configFlag is the flag and configVariable the variable that name pullpass's own config.
const (
	configFlag     = "--config"
	configVariable = "PULLPASS_CONFIG"
)

// hasArgument reports whether --arg gives a flag to the plugin.
func (f *entryFlags) hasArgument(flag string) bool {
	return slices.ContainsFunc(f.arguments, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
}

// namesConfig reports whether the plugin is told which config it is to read.
func (f *entryFlags) namesConfig() bool {
	inEnv := func(v string) bool { return strings.HasPrefix(v, configVariable+"=") }
	return f.hasArgument(configFlag) || slices.ContainsFunc(f.env, inEnv)
}

// passOn gives --config and --cache-dir to the plugin, which runs without the flags and the
// environment of this process. That counts as if --arg did it, which comes first. PULLPASS_CACHE_DIR
// stays behind: an install reads no cache, and the plugin's credentials do not depend on it.
func (j *installJob) passOn(n *node) error {
	config, source := n.configPath, configFlag
	if config == "" && !j.namesConfig() {
		config, source = n.Getenv(configVariable), configVariable
	}
	var passed []string
	for _, flag := range []struct{ name, value, source string }{
		{configFlag, config, source},
		{"--cache-dir", n.cacheDir, "--cache-dir"},
	} {
		switch {
		case flag.value == "" || j.hasArgument(flag.name):
		case !filepath.IsAbs(flag.value):
			return provider.WithHint(fmt.Errorf("%s must be an absolute path", flag.source), "the plugin gets it, and the kubelet runs that in another folder")
		default:
			passed = append(passed, flag.name+"="+flag.value)
			j.selected = true
		}
	}
	j.arguments = append(passed, j.arguments...)
	return nil
}

// entry returns the entry for the registries that are named, or else for all that pullpass serves
// with the rules of its config file.
func (n *node) entry(f *entryFlags, variables []kubeletconfig.Env) (kubeletconfig.Entry, error) {
	settings, err := n.loadConfig()
	if err != nil {
		return kubeletconfig.Entry{}, err
	}
	var rules []provider.Pattern
	for _, registry := range settings.Registries {
		rules = append(rules, registry.Pattern)
	}
	var entry kubeletconfig.Entry
	if len(f.registries) > 0 {
		entry, err = kubeletconfig.Select(f.registries, rules)
	} else {
		entry, err = kubeletconfig.Served(rules)
	}
	entry.Args, entry.Env = f.arguments, variables
	return entry, err
}

package main

import (
	"errors"
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

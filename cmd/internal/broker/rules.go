package broker

import (
	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

// newRules returns the rules of the config file, and after them the built-in ones: each backend
// with its defaults, for its hosts. Rules that set nothing share the provider of the built-in one.
func (b *Broker) newRules() []provider.Rule {
	node := provider.Node{
		Home:      b.Home,
		ConfigDir: configDir(b.Getenv),
		Getenv:    b.Getenv,
		Environ:   b.Environ,
		Now:       b.Now,
		Proxy:     backends.Proxy(b.Backends, b.Getenv, b.Proxy),
		Warn:      b.Log.Warn,
		Hide:      b.Log.Scrubber.Hide,
	}
	builtIn := map[string]provider.Provider{}
	for _, backend := range b.Backends {
		builtIn[backend.Name] = backend.New(nil, node)
	}
	rule := func(backend *provider.Backend, settings provider.Settings) provider.Rule {
		r := provider.Rule{Hosts: backend.Hosts, MaxTokenLife: backend.MaxTokenLife, Provider: builtIn[backend.Name]}
		if len(settings) > 0 {
			r.Provider = backend.New(settings, node)
		}
		return r
	}
	var rules []provider.Rule
	for _, registry := range b.Config.Registries {
		r := rule(registry.Backend, registry.Settings)
		r.Pattern, r.AnonymousTry = &registry.Pattern, registry.AnonymousTry
		rules = append(rules, r)
	}
	for i := range b.Backends {
		rules = append(rules, rule(&b.Backends[i], nil))
	}
	return rules
}

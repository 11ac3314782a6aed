package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/config"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
	"github.com/pullpass/pullpass/provider/dockerhub"
	"github.com/pullpass/pullpass/provider/ecr"
	"github.com/pullpass/pullpass/provider/gcr"
)

// helperLimit is how long a Docker credential helper may take.
const helperLimit = 20 * time.Second

// rules returns the rules of the config file, and after them the built-in ones: each backend
// with its defaults, for the hosts that the table gives to it.
func (p *plugin) rules() ([]provider.Rule, error) {
	settings, err := p.loadConfig()
	if err != nil {
		return nil, err
	}
	if settings.CacheDir != "" {
		p.messages.warn("cache.dir of the config has no effect yet: there is no cache")
	}
	if folder := p.Getenv("DOCKER_CONFIG"); folder != "" && !filepath.IsAbs(folder) {
		p.messages.warn("DOCKER_CONFIG is not an absolute path and is not used")
	}
	var rules []provider.Rule
	for _, registry := range settings.Registries {
		rules = append(rules, provider.Rule{
			Pattern:      &registry.Pattern,
			Provider:     p.provider(registry),
			AnonymousTry: registry.AnonymousTry,
		})
	}
	for _, name := range []string{provider.ECR, provider.Google, provider.DockerHub} {
		rules = append(rules, provider.Rule{Provider: p.provider(config.Registry{Provider: name})})
	}
	return rules, nil
}

// loadConfig reads the config file of the flag, of PULLPASS_CONFIG, or the one at the default
// place, which need not be there.
func (p *plugin) loadConfig() (config.Config, error) {
	path := p.configPath
	if path == "" {
		path = p.Getenv("PULLPASS_CONFIG")
	}
	named := path != ""
	if !named {
		path = defaultConfig(p.Getenv)
	}
	settings, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		p.messages.debug("no config file at %s: the defaults apply", path)
		return config.Config{}, nil
	}
	if err != nil {
		return config.Config{}, fmt.Errorf("read the config: %w", err)
	}
	p.messages.debug("read the config %s: %d rules", path, len(settings.Registries))
	return settings, nil
}

// provider makes the backend that a rule names.
func (p *plugin) provider(registry config.Registry) provider.Provider {
	switch registry.Provider {
	case provider.ECR:
		return &ecr.Provider{
			RoleARN:    registry.ECR.RoleARN,
			ExternalID: registry.ECR.ExternalID,
			Profile:    registry.ECR.Profile,
			Endpoint:   registry.ECR.Endpoint,
			Home:       p.Home,
			Getenv:     p.Getenv,
			Now:        p.Now,
			Proxy:      p.proxy,
			Warn:       p.messages.warn,
		}
	case provider.Google:
		return &gcr.Provider{
			CredentialsFile: registry.GCR.CredentialsFile,
			Impersonate:     registry.GCR.Impersonate,
			Getenv:          p.Getenv,
			DefaultFile:     defaultGoogleFile(p.Getenv, p.Home),
			Now:             p.Now,
			Proxy:           p.proxy,
			Warn:            p.messages.warn,
		}
	default:
		return &dockerhub.Provider{
			Username:       registry.DockerHub.Username,
			PasswordFile:   registry.DockerHub.PasswordFile,
			DockerConfig:   registry.DockerHub.DockerConfig,
			DefaultConfigs: defaultDockerConfigs(p.Getenv, p.Home),
			Helper:         dockerconfig.Programs{Environ: p.Environ, Timeout: helperLimit},
			Warn:           p.messages.warn,
		}
	}
}

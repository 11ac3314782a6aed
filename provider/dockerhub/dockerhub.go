// Package dockerhub gets the credential for Docker Hub from files of the node: a username with a password
// or access token in a file, or a login in Docker's config.json.
package dockerhub

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
	"github.com/pullpass/pullpass/provider/safefile"
)

// A Provider is the provider.Provider of docker.io. Of its three sources, it uses the first
// that is set.
type Provider struct {
	// Username is a Docker ID or the name of an organisation. PasswordFile is the path of its
	// password or access token; line ends at its end do not count.
	Username     string
	PasswordFile string
	// DockerConfig is the path of a config.json, which must exist.
	DockerConfig string
	// DefaultConfigs are the paths of config.json files that may exist. They are read in
	// turn until one has a credential for the image.
	DefaultConfigs []string

	// Helper runs the credential helpers that a config.json names. HelperHome and HelperPath
	// are the HOME and PATH of its environment, which decide what they find.
	Helper                 dockerconfig.Helper
	HelperHome, HelperPath string
	// Warn gets a line for each file of secrets that others can read.
	Warn func(string)
	Hide func(...string) // gets the secrets, see provider.Node
}

// Scope implements provider.Provider. It claims the images of Docker Hub. With a config.json
// each repository has a scope of its own: the keys of the file may select repositories.
func (p Provider) Scope(request provider.Request) (provider.Scope, bool) {
	if _, known := provider.Hosts(hosts[:]).Lookup(request.Image); !known {
		return "", false
	}
	pairs := []string{"provider", Name}
	if p.hasPassword() {
		return provider.NewScope(append(pairs, "username", p.Username, "passwordFile", p.PasswordFile)...), true
	}
	if p.DockerConfig != "" {
		pairs = append(pairs, "dockerConfig", p.DockerConfig)
	} else {
		for _, path := range p.DefaultConfigs {
			pairs = append(pairs, "defaultConfig", path)
		}
	}
	return provider.NewScope(append(pairs,
		"repository", request.Image.Repository,
		"helper-home", p.HelperHome,
		"helper-path", p.HelperPath)...), true
}

// Fetch implements provider.Provider. It reads the source each time. The credential has no expiry. Errors
// name the file that they are about.
func (p Provider) Fetch(ctx context.Context, request provider.Request) (provider.Credential, error) {
	// Other spellings of the host, such as with :443, are Docker Hub for Scope, so they are here.
	image := provider.Image{Host: provider.DockerHubHost, Repository: request.Image.Repository}
	switch {
	case p.hasPassword():
		return p.readPassword()
	case p.DockerConfig != "":
		file, err := p.readConfig(p.DockerConfig)
		if err != nil {
			return provider.Credential{}, err
		}
		credential, err := p.lookup(ctx, file, p.DockerConfig, image)
		if errors.Is(err, provider.ErrNone) {
			err = noLogin(file.Splits(image), p.DockerConfig)
		}
		return credential, err
	}
	return p.searchDefaults(ctx, image)
}

// noLogin returns the error if the files have no login for the image. repositoryOnly says that they may
// have one for other images.
func noLogin(repositoryOnly bool, paths ...string) error {
	return &provider.NoCredentialError{Reason: "no login for Docker Hub in " + strings.Join(paths, ", "), RepositoryOnly: repositoryOnly}
}

func (p Provider) hasPassword() bool { return p.Username != "" || p.PasswordFile != "" }

func (p Provider) readPassword() (provider.Credential, error) {
	if p.Username == "" || p.PasswordFile == "" {
		return provider.Credential{}, errors.New("username and passwordFile go together, and one of them is not set")
	}
	data, err := safefile.ReadSecret(p.PasswordFile, p.Warn)
	if err != nil {
		return provider.Credential{}, err
	}
	p.Hide(string(data))
	credential, err := dockerconfig.OfLine(p.Username, data)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("use the password in %s: %v", p.PasswordFile, err)
	}
	return credential, nil
}

// searchDefaults looks image up in the files of DefaultConfigs that exist.
func (p Provider) searchDefaults(ctx context.Context, image provider.Image) (provider.Credential, error) {
	split := false
	for _, path := range p.DefaultConfigs {
		file, err := p.readConfig(path)
		if safefile.IsMissing(err) {
			continue
		}
		if err != nil {
			return provider.Credential{}, err
		}
		split = split || file.Splits(image)
		credential, err := p.lookup(ctx, file, path, image)
		switch {
		case err == nil:
			// For another repository, an earlier file might have had the credential.
			credential.RepositoryOnly = credential.RepositoryOnly || split
			return credential, nil
		case !errors.Is(err, provider.ErrNone):
			return provider.Credential{}, err
		}
	}
	return provider.Credential{}, noLogin(split, p.DefaultConfigs...)
}

func (p Provider) readConfig(path string) (dockerconfig.File, error) {
	data, err := safefile.ReadSecret(path, p.Warn)
	if err != nil {
		return dockerconfig.File{}, err
	}
	p.Hide(dockerconfig.Secrets(data)...)
	file, err := dockerconfig.Parse(data)
	if err != nil {
		return dockerconfig.File{}, fmt.Errorf("read %s: %w", path, err)
	}
	return file, nil
}

// lookup looks image up in the file of path. The error is provider.ErrNone if it has no login.
func (p Provider) lookup(ctx context.Context, file dockerconfig.File, path string, image provider.Image) (provider.Credential, error) {
	credential, err := file.Lookup(ctx, image, p.Helper)
	switch {
	case errors.Is(err, provider.ErrNone):
		return provider.Credential{}, provider.ErrNone
	case err != nil:
		return provider.Credential{}, fmt.Errorf("look up %s in %s: %w", image, path, err)
	}
	p.Hide(credential.Password.Reveal()) // it can be a helper's
	if err := credential.Check(); err != nil {
		return provider.Credential{}, fmt.Errorf("use the login for %s in %s: %w", image, path, err)
	}
	return credential, nil
}

package ecr

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/pullpass/pullpass/provider/ecr/internal/sharedconfig"
	"github.com/pullpass/pullpass/provider/safefile"
)

// sharedFiles reads AWS's shared files of profiles. Both can hold secrets, and
// credential_process, a program to run; a config file that all can read is nothing unusual.
func (p *Provider) sharedFiles() (config, credentials sharedconfig.File, err error) {
	config.Path = p.sharedFile("AWS_CONFIG_FILE", "config")
	credentials.Path = p.sharedFile("AWS_SHARED_CREDENTIALS_FILE", "credentials")
	if config.Text, err = p.readShared(config.Path, safefile.Read); err != nil {
		return config, credentials, err
	}
	credentials.Text, err = p.readShared(credentials.Path, func(path string) ([]byte, error) {
		return safefile.ReadSecret(path, p.Warn)
	})
	p.Hide(sharedconfig.Secrets(config, credentials)...)
	return config, credentials, err
}

func (p *Provider) sharedFile(variable, name string) string {
	if path := p.Getenv(variable); path != "" || p.Home == "" {
		return path
	}
	return filepath.Join(p.Home, ".aws", name)
}

// readShared returns nothing for a file that is missing or may not be read, as the SDK does, and for
// /dev/null, by which people say that there is none.
func (p *Provider) readShared(path string, read func(string) ([]byte, error)) ([]byte, error) {
	text, err := read(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.Warn(path + " is not used: permission denied")
		return nil, nil
	case safefile.IsMissing(err), safefile.IsDevice(err), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENAMETOOLONG):
		return nil, nil
	}
	return text, err
}

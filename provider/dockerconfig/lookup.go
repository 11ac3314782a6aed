package dockerconfig

import (
	"context"
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/provider"
)

// A Helper asks a credential helper.
type Helper interface {
	// Get returns what the helper NAME, as credsStore and credHelpers write it, has stored
	// for server. The error is provider.ErrNone if it has nothing; other errors name the
	// helper and hold nothing of what it said.
	Get(ctx context.Context, name, server string) (provider.Credential, error)
}

// Lookup returns the file's credential for image. Its RepositoryOnly is set if the file holds
// something else for another part of the registry. The error is provider.ErrNone if the file
// has no credential for image; other errors name the malformed key or come from helper.
//
// The sources in turn, until one has a credential: the host's own helper in credHelpers, the
// matching entries of auths, and for hosts without a line in credHelpers credsStore. Docker
// itself asks credsStore before auths, but then `docker login` leaves no secret in auths: who
// wrote one there (podman, kubectl, a person, for the kubelet, which knows no helpers) means
// it, and it costs no process.
func (f File) Lookup(ctx context.Context, image provider.Image, helper Helper) (provider.Credential, error) {
	own, hasOwn := f.ownHelper(image)
	if own != "" {
		credential, err := helper.Get(ctx, own, server(image))
		if !errors.Is(err, provider.ErrNone) {
			return credential, err
		}
	}
	credential, err := f.lookupAuths(image)
	if errors.Is(err, provider.ErrNone) && f.credsStore != "" && !hasOwn {
		credential, err = helper.Get(ctx, f.credsStore, server(image))
	}
	if err != nil {
		return provider.Credential{}, err
	}
	credential.RepositoryOnly = f.Splits(image)
	return credential, nil
}

func (f File) lookupAuths(image provider.Image) (provider.Credential, error) {
	for _, key := range f.matchingKeys(image) {
		credential, err := decodeEntry(f.auths[key])
		switch {
		case err == nil:
			return credential, nil
		case !errors.Is(err, provider.ErrNone):
			return provider.Credential{}, fmt.Errorf("auths[%q]: %w", key, err)
		}
	}
	return provider.Credential{}, provider.ErrNone
}

// ownHelper returns the helper in credHelpers for the image's host, and whether the host is
// listed there: with an empty helper, it uses none.
func (f File) ownHelper(image provider.Image) (name string, listed bool) {
	keys := []string{provider.LowerHost(image.Host)}
	if isHub(image) {
		keys = []string{hubServer, hubKey, hubHost}
	}
	for _, key := range keys {
		if name, listed := f.credHelpers[key]; listed {
			return name, true
		}
	}
	return "", false
}

// server returns the name under which `docker login` stores the credential of image's host.
func server(image provider.Image) string {
	if isHub(image) {
		return hubServer
	}
	return provider.LowerHost(image.Host)
}

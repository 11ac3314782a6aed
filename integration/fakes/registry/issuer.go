package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	tokenPath     = "/auth/token"
	issuerName    = "registry-token-issuer"
	serviceName   = "registry"
	keyID         = "registry-key"
	tokenLifetime = 5 * time.Minute
)

// An issuer signs the bearer tokens that the registry takes.
type issuer struct {
	key    *ecdsa.PrivateKey
	signer jose.Signer
}

func newIssuer() (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	return &issuer{key, signer}, err
}

// writeKeys writes the public key to a new temporary file, as the registry wants it, and
// returns its path.
func (i *issuer) writeKeys() (string, error) {
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: keyID}}})
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "pullpass-registry-*.json")
	if err != nil {
		return "", err
	}
	_, err = file.Write(set)
	if err := errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// sign returns a token that allows the actions in the repositories.
func (i *issuer) sign(subject string, repositories []string, actions ...string) (string, error) {
	now := time.Now()
	claims := token.ClaimSet{
		Issuer:     issuerName,
		Subject:    subject,
		Audience:   token.AudienceList{serviceName},
		IssuedAt:   now.Unix(),
		NotBefore:  now.Unix(),
		Expiration: now.Add(tokenLifetime).Unix(),
		JWTID:      rand.Text(),
	}
	for _, repository := range repositories {
		claims.Access = append(claims.Access, &token.ResourceActions{Type: "repository", Name: repository, Actions: actions})
	}
	return jwt.Signed(i.signer).Claims(claims).Serialize()
}

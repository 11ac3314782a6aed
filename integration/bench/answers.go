package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// checkPlugin checks that a kubelet plugin answered with a credential that the image's
// registry takes.
func (s *stage) checkPlugin(im image, out []byte) error {
	var response struct {
		Kind string
		Auth map[string]struct{ Username, Password string }
	}
	if err := json.Unmarshal(out, &response); err != nil {
		return fmt.Errorf("read the response: %w", err)
	}
	login, found := response.Auth[im.host]
	if response.Kind != "CredentialProviderResponse" || !found {
		return fmt.Errorf("no credential for %s", im.host)
	}
	return s.checkLogin(login.Username, login.Password)
}

// checkHelper does the same for Docker's protocol.
func (s *stage) checkHelper(out []byte) error {
	var response struct{ Username, Secret string }
	if err := json.Unmarshal(out, &response); err != nil {
		return fmt.Errorf("read the response: %w", err)
	}
	return s.checkLogin(response.Username, response.Secret)
}

func (s *stage) checkLogin(user, password string) error {
	token, _ := s.aws.Token(password)
	if !s.aws.Login(user, password) || token.Region != region {
		return errors.New("the registry does not take the credential")
	}
	return nil
}

// checkNothing checks that a plugin that failed answered nothing.
func checkNothing(_ int, out []byte) error {
	if len(out) != 0 {
		return fmt.Errorf("a failure with an answer of %d bytes", len(out))
	}
	return nil
}

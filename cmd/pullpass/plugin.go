package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/protocol"
	"github.com/pullpass/pullpass/provider"
)

// plugin answers one request of the kubelet.
type plugin struct{ *node }

// run answers within the time limit.
func (p plugin) run(ctx context.Context) error {
	defer p.writeMetrics(ctx)
	limited, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	response, err := p.answer(limited)
	if err != nil {
		return err
	}
	if _, err := p.Stdout.Write(response); err != nil {
		return fmt.Errorf("write the response: %w", err)
	}
	return nil
}

// answer reads the request and returns the response to it.
func (p plugin) answer(ctx context.Context) ([]byte, error) {
	request, err := protocol.Read(ctx, p.Stdin)
	if err != nil {
		return nil, fmt.Errorf("read the request on stdin: %w", err)
	}
	if err := p.load(); err != nil {
		return nil, err
	}
	answer, err := p.ask(ctx, request.Image)
	if err != nil {
		return nil, err
	}
	var response bytes.Buffer
	if err := protocol.Write(&response, request, answer, p.Now()); err != nil {
		return nil, fmt.Errorf("write the response: %w", err)
	}
	return response.Bytes(), nil
}

// ask gets the credential for image from the provider that it belongs to.
func (p plugin) ask(ctx context.Context, image provider.Image) (protocol.Answer, error) {
	request := provider.Request{Image: image}
	choice, claimed := provider.Choose(p.rules, request)
	if !claimed {
		p.messages.note("no credential for %s: no provider claims the host %s", image, image.Host)
		return protocol.Answer{}, nil
	}
	rule := "no rule of the config, the built-in one"
	if choice.Pattern != nil {
		rule = "the rule that matches " + choice.Pattern.String()
	}
	p.messages.debug("%s: %s; %s", image, rule, strings.ReplaceAll(strings.TrimSpace(string(choice.Scope)), "\n", ", "))
	started := p.Now()
	credential, err := p.credential(ctx, choice, request)
	switch {
	case errors.Is(err, provider.ErrNone):
		p.messages.note("no credential for %s: %v", image, err)
		return protocol.Answer{RepositoryOnly: choice.RepositoryOnly || credential.RepositoryOnly}, nil
	case err != nil:
		return protocol.Answer{}, err
	}
	p.messages.debug("got a credential of user %s after %v, good until %s", credential.ShownUsername(), p.Now().Sub(started).Round(time.Millisecond), until(credential))
	return protocol.Answer{
		Credential:     &credential,
		RepositoryOnly: choice.RepositoryOnly,
		AnonymousKey:   choice.AnonymousKey,
	}, nil
}

func until(credential provider.Credential) string {
	if credential.Expires.IsZero() {
		return "it is revoked"
	}
	return credential.Expires.UTC().Format(time.RFC3339)
}

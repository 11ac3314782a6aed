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

const (
	// timeLimit holds for everything from start to answer. The kubelet kills a plugin after
	// 60 s and then shows its own words in place of ours.
	timeLimit = 45 * time.Second
	// grace is for the error of what was under way when the time was over.
	grace = time.Second
)

// plugin answers one request of the kubelet.
type plugin struct {
	*process
	messages   *messages
	configPath string // of the flag; "" if it is not given
}

// run answers within the time limit, also if something in between does not look at its context.
func (p *plugin) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	type result struct {
		response []byte
		err      error
	}
	done := make(chan result, 1)
	go func() {
		response, err := p.answer(ctx)
		done <- result{response, err}
	}()
	select {
	case r := <-done:
		return p.finish(r.response, r.err)
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return p.finish(r.response, r.err)
	case <-time.After(grace):
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("answer the request: no result within %v", timeLimit)
	}
	return errors.New("answer the request: stopped by a signal")
}

func (p *plugin) finish(response []byte, err error) error {
	if err != nil {
		return err
	}
	if _, err := p.Stdout.Write(response); err != nil {
		return fmt.Errorf("write the response: %w", err)
	}
	return nil
}

// answer reads the request and returns the response to it.
func (p *plugin) answer(ctx context.Context) ([]byte, error) {
	request, err := protocol.Read(ctx, p.Stdin)
	if err != nil {
		return nil, fmt.Errorf("read the request on stdin: %w", err)
	}
	rules, err := p.rules()
	if err != nil {
		return nil, err
	}
	answer, err := p.ask(ctx, rules, request.Image)
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
func (p *plugin) ask(ctx context.Context, rules []provider.Rule, image provider.Image) (protocol.Answer, error) {
	request := provider.Request{Image: image}
	choice, claimed := provider.Choose(rules, request)
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
	credential, err := choice.Provider.Fetch(ctx, request)
	switch {
	case errors.Is(err, provider.ErrNone):
		p.messages.note("no credential for %s: %v", image, err)
		return protocol.Answer{RepositoryOnly: choice.RepositoryOnly || credential.RepositoryOnly}, nil
	case err != nil:
		return protocol.Answer{}, err
	}
	p.messages.debug("got a credential of user %s after %v, good until %s", credential.Username, p.Now().Sub(started).Round(time.Millisecond), until(credential))
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

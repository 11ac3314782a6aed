// Package plugin answers the kubelet: it reads one request on stdin and writes the response.
package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/protocol"
	"github.com/pullpass/pullpass/provider"
)

// Run answers one request of the kubelet within broker.TimeLimit. The error says why there is no
// answer; then nothing was written to stdout.
func Run(ctx context.Context, b *broker.Broker, stdio *cli.Stdio) error {
	b.KeepEvents()
	defer b.WriteMetrics(ctx)
	limited, cancel := context.WithTimeout(ctx, broker.TimeLimit)
	defer cancel()
	response, err := answer(limited, b, stdio)
	if err != nil {
		return err
	}
	if _, err := stdio.Answer.Write(response); err != nil {
		return fmt.Errorf("write the response: %w", err)
	}
	return nil
}

// answer reads the request and returns the response to it.
func answer(ctx context.Context, b *broker.Broker, stdio *cli.Stdio) ([]byte, error) {
	request, err := protocol.Read(ctx, stdio.In, b.Now)
	if err != nil {
		return nil, fmt.Errorf("read the request on stdin: %w", err)
	}
	if err := b.Load(); err != nil {
		return nil, err
	}
	answer, err := ask(ctx, b, request.Image)
	if err != nil {
		return nil, err
	}
	if stdio.Shown && answer.Credential != nil { // never to the kubelet
		b.Log.Note("the answer holds the credential itself: pullpass get IMAGE shows all but the secret")
	}
	var response bytes.Buffer
	if err := protocol.Write(&response, request, answer, b.Now()); err != nil {
		return nil, fmt.Errorf("write the response: %w", err)
	}
	return response.Bytes(), nil
}

// ask returns the answer for image. There is no error if there is no credential for it.
func ask(ctx context.Context, b *broker.Broker, image provider.Image) (protocol.Answer, error) {
	request := provider.Request{Image: image}
	choice, claimed := b.Choose(request)
	b.SetSubject(image, choice.Scope)
	if !claimed {
		b.Log.Note("no credential for %s: no provider claims the host %s", image, image.Host)
		return protocol.Answer{}, nil
	}
	started := b.Now()
	credential, err := b.Credential(ctx, choice, request)
	var none *provider.NoCredentialError
	switch {
	case errors.As(err, &none):
		b.Log.Note("no credential for %s: %v", image, err)
		return protocol.Answer{RepositoryOnly: choice.RepositoryOnly || none.RepositoryOnly}, nil
	case err != nil:
		return protocol.Answer{}, err
	}
	b.DropIfCached()
	b.Log.Debug("got a credential of user %s after %v, good until %s", credential.ShownUsername(), b.Now().Sub(started).Round(time.Millisecond), cli.Expiry(credential))
	return protocol.Answer{
		Credential:     &credential,
		RepositoryOnly: choice.RepositoryOnly,
		AnonymousKey:   choice.AnonymousKey,
	}, nil
}

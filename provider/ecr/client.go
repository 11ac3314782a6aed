package ecr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An api identifies one of AWS's APIs.
type api struct {
	id   string // as the SDK names it in errors and settings
	name string // in signatures and host names
}

// A client makes one call of an API. It is put together from the parts of the SDK's own
// clients, which are not linked: the schemas and the endpoint rules of all their operations
// are set up at every start, also of a run that asks nobody.
type client struct {
	api      api
	endpoint *url.URL
	config   aws.Config // without credentials for a call that is not signed
	now      func() time.Time

	skew time.Duration // how far the API's clock was ahead at the last attempt
}

// A writer makes a request one for the operation; a reader takes what the API answers to it.
type (
	writer func(context.Context, *smithyhttp.Request) error
	reader func(context.Context, *smithyhttp.Response) error
)

// do makes the call. An error has the form of the SDK's own clients.
func (c *client) do(ctx context.Context, operation string, write writer, read reader) error {
	stack, err := c.stack(ctx, operation, write, read)
	if err == nil {
		handler := smithyhttp.NewClientHandlerWithOptions(ownBody{c.config.HTTPClient})
		_, _, err = middleware.DecorateHandler(handler, stack).Handle(ctx, nil)
	}
	if err != nil {
		return &smithy.OperationError{ServiceID: c.api.id, OperationName: operation, Err: err}
	}
	return nil
}

// stack returns the steps of the call, in the order of the SDK's clients.
func (c *client) stack(ctx context.Context, operation string, write writer, read reader) (*middleware.Stack, error) {
	request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	request.URL = c.endpoint
	if err := write(ctx, request); err != nil {
		return nil, err
	}
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKey(awsmiddleware.APIMetadata, c.api.name)
	if c.config.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, c.config.AppID)
	}
	attempts := retry.NewAttemptMiddleware(c.config.Retryer(), smithyhttp.RequestCloner, func(o *retry.Attempt) {
		o.DisableClockSkewCorrection = c.config.DisableClockSkewCorrection
	})
	timing := &awsmiddleware.RecordResponseTiming{DisableClockSkewCorrection: c.config.DisableClockSkewCorrection}

	stack := middleware.NewStack(operation, func() any { return request })
	return stack, errors.Join(
		stack.Build.Add(&awsmiddleware.ClientRequestID{}, middleware.After),
		stack.Build.Add(agent, middleware.After),
		stack.Finalize.Add(attempts, middleware.After),
		stack.Finalize.Add(&v4.ComputePayloadSHA256{}, middleware.After),
		stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("Signing", c.sign), middleware.After),
		stack.Deserialize.Add(&awshttp.ResponseErrorWrapper{}, middleware.After),
		stack.Deserialize.Add(&awsmiddleware.RequestIDRetriever{}, middleware.After),
		stack.Deserialize.Add(deserializer(read), middleware.After),
		stack.Deserialize.Add(timing, middleware.After),
	)
}

// sign signs an attempt, at the time of the API's clock. The SDK has nothing public for it.
func (c *client) sign(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, metadata middleware.Metadata, err error,
) {
	if c.config.Credentials == nil {
		return next.HandleFinalize(ctx, in)
	}
	identity, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return out, metadata, fmt.Errorf("get identity: %w", err)
	}
	request := in.Request.(*smithyhttp.Request)
	hash := v4.GetPayloadHash(ctx)
	err = v4.NewSigner().SignHTTP(ctx, identity, request.Request, hash, c.api.name, c.config.Region, c.now().Add(c.skew))
	if err != nil {
		return out, metadata, fmt.Errorf("sign request: %w", err)
	}
	out, metadata, err = next.HandleFinalize(ctx, in)
	c.skew, _ = awsmiddleware.GetAttemptSkew(metadata)
	return out, metadata, err
}

// deserializer has the response of an attempt read, and closes it.
func deserializer(read reader) middleware.DeserializeMiddleware {
	return middleware.DeserializeMiddlewareFunc("OperationDeserializer", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if response, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			defer smithyhttp.CloseResponseBody(ctx, response, false, nil)
			err = read(ctx, response)
		}
		return out, metadata, err
	})
}

// ownBody sends a copy of a request's body. The SDK closes the original as soon as the response
// begins, when package http may still be at its end: it takes that for an error and ends the
// connection, with the response in it.
type ownBody struct{ client aws.HTTPClient }

// Do implements aws.HTTPClient.
func (b ownBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return b.client.Do(r)
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	own := r.WithContext(r.Context())
	own.Body = io.NopCloser(bytes.NewReader(data))
	return b.client.Do(own)
}

package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/pullpass/pullpass/provider"
)

const operationName = "GetAuthorizationToken"

// An api is what tells ECR and ECR Public apart.
type api struct {
	id     string // as the SDK names it in errors and settings
	name   string // in signatures and host names
	target string // in requests, before the operation
}

func apiOf(host provider.Host) api {
	if host.Public {
		return api{"ECR PUBLIC", "ecr-public", "SpencerFrontendService"}
	}
	return api{"ECR", "ecr", "AmazonEC2ContainerRegistry_V20150921"}
}

// A client makes the one call that is needed of an API. It is put together from the parts of
// the SDK's own client, which is not linked: the schemas and the endpoint rules of all its
// operations are set up at every start, also of a run that asks nobody.
type client struct {
	api      api
	endpoint *url.URL
	config   aws.Config
	now      func() time.Time

	skew time.Duration // how far the API's clock was ahead at the last attempt
}

// getAuthorizationToken makes the call. An error has the form of the SDK's own clients.
func (c *client) getAuthorizationToken(ctx context.Context) (answer, error) {
	var result answer
	stack, err := c.stack(ctx, &result)
	if err == nil {
		handler := smithyhttp.NewClientHandlerWithOptions(c.config.HTTPClient)
		_, _, err = middleware.DecorateHandler(handler, stack).Handle(ctx, nil)
	}
	if err != nil {
		return answer{}, &smithy.OperationError{ServiceID: c.api.id, OperationName: operationName, Err: err}
	}
	return result, nil
}

// stack returns the steps of the call, in the order of the SDK's client. They leave what the
// API answers in result.
func (c *client) stack(ctx context.Context, result *answer) (*middleware.Stack, error) {
	// To the protocol, the operation has neither input nor output: it sends {}, and reads errors.
	operation := smithy.NewOperationSchema(schema(operationName, smithy.ShapeTypeOperation), nil, nil)
	protocol := awsjson.New11(smithy.NewServiceSchema(schema(c.api.target, smithy.ShapeTypeService), ""))
	request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	request.URL = c.endpoint
	if err := protocol.SerializeRequest(ctx, operation, nil, request); err != nil {
		return nil, err
	}
	read := func(ctx context.Context, response *smithyhttp.Response) error {
		if err := protocol.DeserializeResponse(ctx, operation, &smithy.TypeRegistry{}, response, nil); err != nil {
			return err
		}
		return decodeJSON(response.Body, result)
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

	stack := middleware.NewStack(operationName, func() any { return request })
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

func schema(name string, shape smithy.ShapeType) *smithy.Schema {
	return smithy.NewSchema(smithy.ShapeID{Name: name}, shape, 0)
}

// sign signs an attempt, at the time of the API's clock. The SDK has nothing public for it.
func (c *client) sign(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, metadata middleware.Metadata, err error,
) {
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
func deserializer(read func(context.Context, *smithyhttp.Response) error) middleware.DeserializeMiddleware {
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

// decodeJSON decodes a body into result, which an empty one leaves as it is.
func decodeJSON(body io.Reader, result *answer) error {
	if err := json.NewDecoder(body).Decode(result); err != nil && err != io.EOF {
		return &smithy.DeserializationError{Err: err}
	}
	return nil
}

package ecr

import (
	"context"
	"encoding/json"
	"io"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/pullpass/pullpass/provider"
)

const operationName = "GetAuthorizationToken"

// apiOf returns the API that has the tokens of the host, ECR's or ECR Public's.
func apiOf(host provider.Host) api {
	if host.Public {
		return api{"ECR PUBLIC", "ecr-public"}
	}
	return api{"ECR", "ecr"}
}

// targetOf returns the API's name in its requests.
func targetOf(host provider.Host) string {
	if host.Public {
		return "SpencerFrontendService"
	}
	return "AmazonEC2ContainerRegistry_V20150921"
}

// getAuthorizationToken makes the call.
func (c *client) getAuthorizationToken(ctx context.Context, host provider.Host) (answer, error) {
	// To the protocol, the operation has neither input nor output: it sends {}, and reads errors.
	operation := smithy.NewOperationSchema(schema(operationName, smithy.ShapeTypeOperation), nil, nil)
	protocol := awsjson.New11(smithy.NewServiceSchema(schema(targetOf(host), smithy.ShapeTypeService), ""))
	var result answer
	err := c.do(ctx, operationName, func(ctx context.Context, request *smithyhttp.Request) error {
		return protocol.SerializeRequest(ctx, operation, nil, request)
	}, func(ctx context.Context, response *smithyhttp.Response) error {
		if err := protocol.DeserializeResponse(ctx, operation, &smithy.TypeRegistry{}, response, nil); err != nil {
			return err
		}
		return decodeJSON(response.Body, &result)
	})
	return result, err
}

func schema(name string, shape smithy.ShapeType) *smithy.Schema {
	return smithy.NewSchema(smithy.ShapeID{Name: name}, shape, 0)
}

// decodeJSON decodes a body into result, which an empty one leaves as it is.
func decodeJSON(body io.Reader, result *answer) error {
	if err := json.NewDecoder(body).Decode(result); err != nil && err != io.EOF {
		return &smithy.DeserializationError{Err: err}
	}
	return nil
}

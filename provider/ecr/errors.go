package ecr

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/transport"
	"github.com/pullpass/pullpass/provider/scrub"
)

// noIdentity is the error for a node that is nobody to AWS.
func noIdentity(absence string, host provider.Host) error {
	return provider.WithHint(
		fmt.Errorf("%s: no AWS identity: nothing usable in the environment and the shared config files, and none from the EC2 metadata service: %s", goal(host), absence),
		"give the node an instance profile (EC2), or name a profile, a web identity or a container endpoint in pullpass's environment (for the plugin, the kubelet's provider entry)")
}

func goal(host provider.Host) string {
	if host.Public {
		return "get an ECR Public token"
	}
	return "get an ECR token for " + host.Region
}

// innermost returns the operation that failed first: the call for a token fails because a
// call for credentials did.
func innermost(err error) *smithy.OperationError {
	var found *smithy.OperationError
	for operation := (*smithy.OperationError)(nil); errors.As(err, &operation); err = operation.Err {
		found = operation
	}
	return found
}

// explain turns an error of the SDK into a line without its chain of wrappers.
func explain(err error, host provider.Host) error {
	step := ""
	if operation := innermost(err); operation != nil {
		step = operation.ServiceID + " " + operation.OperationName + ": "
	}
	line := provider.KeepLocal(fmt.Errorf("%s: %s%s", goal(host), step, cause(err)), err)
	hint := provider.Hint(err)
	var refused smithy.APIError
	if errors.As(err, &refused) && isRefusal(refused.ErrorCode()) {
		hint = refusalHint(host, step)
	}
	if hint == "" {
		return line
	}
	return provider.WithHint(line, hint)
}

// cause returns the informative part of an SDK error.
func cause(err error) string {
	var refused smithy.APIError
	var answer *smithyhttp.ResponseError
	operation := innermost(err)
	switch {
	case errors.As(err, new(*url.Error)):
		return plainURL(err)
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "stopped by a signal"
	case errors.As(err, &refused) && isCode(refused.ErrorCode()):
		return refusal(refused)
	case errors.As(err, &answer) && answer.HTTPStatusCode() >= 300:
		return "status " + transport.Status(answer.HTTPStatusCode())
	case brokeOff(err).Bool():
		return "the answer ends in its middle"
	case errors.As(err, new(*smithy.DeserializationError)):
		return "the answer is malformed" // the error's text has parts of it
	case operation != nil:
		return operation.Err.Error()
	}
	return err.Error()
}

// unknownError is the SDK's code and message where an answer has none.
const unknownError = "UnknownError"

// isCode reports whether an error has a code, and not just anything in its place.
func isCode(code string) bool {
	const most = 100
	return code != unknownError && len(code) <= most && consists(code, roleBytes+":")
}

// refusal returns an error of an API as its code, with its message. That of some repeats parts of the
// request, the secrets in them as well: those are taken out later, see Provider.Hide.
func refusal(refused smithy.APIError) string {
	const long = 300
	code, message := refused.ErrorCode(), strings.TrimSpace(refused.ErrorMessage())
	if message == "" || message == unknownError {
		return code
	}
	return code + ": " + scrub.Cut(message, long)
}

// plainURL returns the text of a transport's error with no more of its URL than the host: in
// what is around it, endpoints are sometimes given a secret.
func plainURL(err error) string {
	var failed *url.Error
	if !errors.As(err, &failed) {
		return err.Error()
	}
	address, parseErr := url.Parse(failed.URL)
	if parseErr != nil {
		return failed.Op + ": " + failed.Err.Error()
	}
	return fmt.Sprintf("%s %q: %v", failed.Op, address.Scheme+"://"+address.Host, failed.Err)
}

func isRefusal(code string) bool {
	switch code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
		return true
	}
	return false
}

func refusalHint(host provider.Host, step string) string {
	switch {
	case strings.HasPrefix(step, "STS "):
		return "check that the role exists and that its trust policy names this identity (and the external ID)"
	case strings.HasPrefix(step, "ECR ") && host.Public:
		return "allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken for this identity"
	case strings.HasPrefix(step, "ECR "):
		return "allow ecr:GetAuthorizationToken for this identity (managed policy AmazonEC2ContainerRegistryPullOnly)"
	}
	return ""
}

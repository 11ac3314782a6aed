package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A source is what the SDK's configuration comes from: the options of its loading, the
// environment, or the profile. The SDK's clients ask them for these in this order.
type source interface {
	GetRetryMaxAttempts(context.Context) (int, bool, error)
	GetServiceBaseEndpoint(ctx context.Context, service string) (string, bool, error)
	GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
}

// setting returns the value of the first source that has one, or the zero value.
func setting[T any](cfg aws.Config, get func(source) (T, bool, error)) T {
	for _, s := range cfg.ConfigSources {
		if s, ok := s.(source); ok {
			if value, found, err := get(s); found && err == nil {
				return value
			}
		}
	}
	var none T
	return none
}

package ecr

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// A retryer is the SDK's standard one with shorter waits.
type retryer struct {
	*retry.Standard
	attempts int // that the node's settings allow a call; 0 for the SDK's default of three
}

// newRetryer returns a retryer for one client.
func newRetryer(attempts int) aws.Retryer {
	return retryer{retry.NewStandard(standard), attempts}
}

// MaxAttempts implements aws.Retryer.
func (r retryer) MaxAttempts() int {
	if r.attempts > 0 {
		return r.attempts
	}
	return r.Standard.MaxAttempts()
}

// standard changes what the SDK tries again, and when.
func standard(o *retry.StandardOptions) {
	o.Backoff = retry.BackoffDelayerFunc(wait)
	o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(tooMany), retry.IsErrorRetryableFunc(brokeOff))
}

// brokeOff accepts errors of an answer that ends in its middle, in a way that looks like its end to HTTP. The
// rest is in transport.AnswerError.
func brokeOff(err error) aws.Ternary {
	var malformed *xml.SyntaxError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &malformed) && malformed.Msg == "unexpected EOF" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// tooMany accepts answers with status 429, with or without an error code. The SDK wants the code.
func tooMany(err error) aws.Ternary {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusTooManyRequests {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// wait returns the time between two attempts: half a second at the most for the two waits of a
// call, and 1.8 s if AWS wants fewer requests. The SDK's own waits add up to 6 s, in which
// every pod that is to start on the node stands still. Nodes that start together ask again at
// different times.
func wait(_ int, err error) (time.Duration, error) {
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() || tooMany(err).Bool() {
		return 500*time.Millisecond + rand.N(400*time.Millisecond), nil
	}
	return 100*time.Millisecond + rand.N(150*time.Millisecond), nil
}

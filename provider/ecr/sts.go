package ecr

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsxml "github.com/aws/aws-sdk-go-v2/aws/protocol/xml"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

const (
	sessionName  = "pullpass"       // of the rule's role
	roleDuration = 15 * time.Minute // the SDK's, where no longer one is set
)

// stsAPI is the API that gives credentials for roles.
func stsAPI() api { return api{id: "STS", name: "sts"} }

// A role is what AssumeRole is asked for.
type role struct {
	arn, session string
	externalID   string        // "" for none
	duration     time.Duration // what is no longer than roleDuration stands for it
	endpoint     string        // that is named for STS; "" for AWS's own
}

// assumeRole returns the credentials of a role, assumed with the source's.
func (c *chain) assumeRole(ctx context.Context, source aws.Credentials, r role) (aws.Credentials, error) {
	c.hide(source)
	duration := roleDuration
	if r.duration.Truncate(time.Minute) > roleDuration { // as the SDK counts: 15m59s is no longer
		duration = r.duration
	}
	form := url.Values{
		"RoleArn":         {r.arn},
		"RoleSessionName": {r.session},
		"DurationSeconds": {strconv.Itoa(int(duration / time.Second))},
	}
	if r.externalID != "" {
		form.Set("ExternalId", r.externalID)
	}
	return c.askSTS(ctx, r.endpoint, "AssumeRole", form, credentials.StaticCredentialsProvider{Value: source})
}

// assumeWebIdentity returns the credentials of a role, assumed with the token of a file.
func (c *chain) assumeWebIdentity(ctx context.Context, tokenFile, arn, session string) (aws.Credentials, error) {
	token, err := safefile.Read(tokenFile)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("read web identity token: %w", err)
	}
	c.Hide(string(token))
	form := url.Values{
		"RoleArn":          {arn},
		"RoleSessionName":  {first(session, strconv.FormatInt(c.Now().UnixNano(), 10))},
		"WebIdentityToken": {string(token)},
	}
	// STS may not have seen a new token's issuer yet.
	return c.askSTS(ctx, c.ownEndpoint(c.settings, stsAPI()), "AssumeRoleWithWebIdentity", form, nil, "InvalidIdentityToken")
}

// askSTS makes a call that is answered with credentials, without a signature if by is nil.
// It is also tried again for the errors of the given codes.
func (c *chain) askSTS(ctx context.Context, named, operation string, form url.Values, by aws.CredentialsProvider, again ...string) (aws.Credentials, error) {
	endpoint, err := stsEndpoint(named, c.settings, c.host)
	if err != nil {
		return aws.Credentials{}, err
	}
	form.Set("Action", operation)
	form.Set("Version", "2011-06-15")
	config := c.config.Copy()
	config.Credentials = by
	config.Retryer = func() aws.Retryer {
		return retry.AddWithErrorCodes(c.config.Retryer(), append(again, "IDPCommunicationError")...)
	}
	var answer roleAnswer
	client := client{api: stsAPI(), endpoint: endpoint, config: config, now: c.Now}
	err = client.do(ctx, operation, func(_ context.Context, request *smithyhttp.Request) error {
		return writeForm(request, form)
	}, func(_ context.Context, response *smithyhttp.Response) error {
		return readXML(response, &answer)
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	keys := answer.Assumed
	if operation != "AssumeRole" {
		keys = answer.Federated
	}
	return checked(aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey.Reveal(), SessionToken: keys.SessionToken.Reveal()})
}

// A roleAnswer is the XML of a good answer to one of the two calls.
type roleAnswer struct {
	Assumed   stsKeys `xml:"AssumeRoleResult>Credentials"`
	Federated stsKeys `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
}

type stsKeys struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey provider.Secret
	SessionToken    provider.Secret
}

// writeForm makes the request one of the query protocol.
func writeForm(request *smithyhttp.Request, form url.Values) error {
	request.Method = http.MethodPost
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	written, err := request.SetStream(strings.NewReader(form.Encode()))
	if err == nil {
		*request = *written
	}
	return err
}

// readXML reads a response into answer, or as an error.
func readXML(response *smithyhttp.Response, answer *roleAnswer) error {
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		if err := xml.NewDecoder(response.Body).Decode(answer); err != nil && !errors.Is(err, io.EOF) {
			return &smithy.DeserializationError{Err: err}
		}
		return nil
	}
	refused, err := awsxml.GetErrorResponseComponents(response.Body, false)
	if err != nil {
		return err
	}
	return &smithy.GenericAPIError{Code: first(refused.Code, "UnknownError"), Message: first(refused.Message, "UnknownError")}
}

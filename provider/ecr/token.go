package ecr

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pullpass/pullpass/provider"
)

// getToken calls GetAuthorizationToken of ECR or ECR Public.
func (p *Provider) getToken(ctx context.Context, s settings, cfg aws.Config, host provider.Host) (provider.Credential, error) {
	endpoint, err := p.endpoint(s, host)
	if err != nil {
		return provider.Credential{}, err
	}
	client := client{api: apiOf(host), endpoint: endpoint, config: cfg, now: p.Now}
	answer, err := client.getAuthorizationToken(ctx, host)
	if err != nil {
		return provider.Credential{}, err
	}
	return p.decode(answer.Authorizations[0])
}

// An answer is the JSON of a good answer.
type answer struct {
	Authorizations authorizations `json:"authorizationData"`
}

type authorization struct {
	Token   string  `json:"authorizationToken"`
	Expires float64 `json:"expiresAt"` // in seconds since 1970
}

// authorizations are a list in ECR's answer, and one alone in ECR Public's. There is one for each registry that
// is asked for, and none is. What a list has more is not kept.
type authorizations [1]authorization

// UnmarshalJSON implements json.Unmarshaler.
func (a *authorizations) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("{")) {
		return json.Unmarshal(text, &a[0])
	}
	return json.Unmarshal(text, (*[1]authorization)(a))
}

// What can be wrong with an answer that says it is a good one.
var (
	errNoToken   = errors.New("the answer holds no token")
	errBadToken  = errors.New("the answer's token is not base64 of user:password")
	errNoExpiry  = errors.New("the answer does not say when its token expires")
	errIsExpired = errors.New("the answer's token has expired already; is the node's clock right?")
)

// decode takes apart an ECR authorization token: base64 of AWS:password.
func (p *Provider) decode(data authorization) (provider.Credential, error) {
	if data.Token == "" {
		return provider.Credential{}, errNoToken
	}
	decoded, err := base64.StdEncoding.DecodeString(data.Token)
	if err != nil {
		return provider.Credential{}, errBadToken
	}
	user, password, found := strings.Cut(string(decoded), ":")
	if !found || user == "" || password == "" || !utf8.Valid(decoded) {
		return provider.Credential{}, errBadToken
	}
	if data.Expires == 0 {
		return provider.Credential{}, errNoExpiry
	}
	const latest = 253402300799 // the end of the year 9999: a time later than this has no form in JSON
	expires := time.UnixMilli(int64(max(0, min(data.Expires, latest)) * 1000)).UTC()
	if !expires.After(p.Now()) {
		return provider.Credential{}, errIsExpired
	}
	return provider.Credential{Username: user, Password: provider.NewSecret(password), Expires: expires}, nil
}

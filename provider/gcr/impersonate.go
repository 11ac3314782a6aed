package gcr

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/pullpass/pullpass/provider"
)

// impersonationLifetime is the longest that needs no organisation policy, tokenLife.
const impersonationLifetime = "3600s"

// impersonate exchanges token for one of the service account p.Impersonate, see
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken.
func (p *Provider) impersonate(ctx context.Context, token *oauth2.Token) (*oauth2.Token, error) {
	address := "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + url.PathEscape(p.Impersonate) + ":generateAccessToken"
	body, err := json.Marshal(map[string]any{"scope": []string{cloudPlatform}, "lifetime": impersonationLifetime})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	token.SetAuthHeader(request)
	client, retrier := p.client()
	answer, err := client.Do(request)
	if err != nil {
		err = fmt.Errorf("impersonate %s: %w", p.Impersonate, cmp.Or(retrier.failure, err))
		if isRefusal(err) {
			err = provider.WithHint(err, "grant the node's identity roles/iam.serviceAccountTokenCreator on that service account")
		}
		return nil, err
	}
	defer answer.Body.Close()
	var result struct {
		AccessToken string    `json:"accessToken"`
		ExpireTime  time.Time `json:"expireTime"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&result); err != nil {
		return nil, fmt.Errorf("impersonate %s: the answer is not a token", p.Impersonate)
	}
	return &oauth2.Token{AccessToken: result.AccessToken, Expiry: result.ExpireTime}, nil
}

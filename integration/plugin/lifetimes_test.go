package plugin

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

// TestLifetimes: whatever an answer says, a token is cached for as long as its authority can grant, and no
// longer.
func TestLifetimes(t *testing.T) {
	token := base64.StdEncoding.EncodeToString([]byte("AWS:password"))
	ecr := func(expires string) script.Order {
		return script.Fail(200, fmt.Sprintf(`{"authorizationData":[{"authorizationToken":%q,"expiresAt":%s}]}`, token, expires))
	}
	google := func(seconds string) script.Order {
		return script.Fail(200, `{"access_token":"ya29.token","token_type":"Bearer","expires_in":`+seconds+`}`)
	}
	key := func(f files) string { return f.key }
	federated := func(f files) string { return f.federated }
	for name, c := range map[string]struct {
		operation string
		order     script.Order
		file      func(files) string // nil for the metadata server
		life      time.Duration
		err       string
	}{
		"ECR, year 5138":         {awsfake.GetAuthorizationToken, ecr("99999999999"), nil, 12 * time.Hour, ""},
		"ECR, year 33658":        {awsfake.GetAuthorizationToken, ecr("1000000000000"), nil, 12 * time.Hour, ""},
		"ECR, more than int64":   {awsfake.GetAuthorizationToken, ecr("1e300"), nil, 12 * time.Hour, ""},
		"ECR, more than float64": {awsfake.GetAuthorizationToken, ecr("1e999"), nil, 0, "the answer is malformed"},
		"ECR, negative":          {awsfake.GetAuthorizationToken, ecr("-1e300"), nil, 0, "has expired already"},
		"ECR, a date":            {awsfake.GetAuthorizationToken, ecr(`"2100-01-01T00:00:00Z"`), nil, 0, "the answer is malformed"},
		"ECR, null":              {awsfake.GetAuthorizationToken, ecr("null"), nil, 0, "does not say when its token expires"},
		"GCE, 3000 years":        {googlefake.MetadataToken, google("99999999999"), nil, time.Hour, ""},
		"GCE, int64":             {googlefake.MetadataToken, google("9223372036854775807"), nil, time.Hour, ""},
		"GCE, negative":          {googlefake.MetadataToken, google("-9223372036854775808"), nil, 0, "has expired already"},
		"GCE, more than int64":   {googlefake.MetadataToken, google("1e300"), nil, 0, "the answer is not a token"},
		"GCE, a string":          {googlefake.MetadataToken, google(`"3599"`), nil, 0, "the answer is not a token"},
		"GCE, zero":              {googlefake.MetadataToken, google("0"), nil, 0, "does not say when its token expires"},
		"key, 31 years":          {googlefake.KeyToken, google("1000000000"), key, 12 * time.Hour, ""},
		"key, 290 years":         {googlefake.KeyToken, google("9200000000"), key, 12 * time.Hour, ""},
		"key, negative":          {googlefake.KeyToken, google("-5"), key, 0, "does not say when its token expires"},
		"federation, 31 years":   {googlefake.ExchangeToken, google("1000000000"), federated, 12 * time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			var fake interface{ Calls(string) int }
			var again func() run
			if c.operation == awsfake.GetAuthorizationToken {
				aws := startAWS(t)
				aws.Always(c.operation, c.order)
				fake, again = aws, func() run { return ask(t, join(aws.EndpointEnv(), aws.MetadataEnv(), s.env()), ecrImage) }
			} else {
				server := startGoogle(t)
				server.Always(c.operation, c.order)
				var args []string
				if c.file != nil {
					args = config(t, rule("credentialsFile: '"+c.file(writeFiles(t, server))+"'"))
				}
				fake, again = server, func() run { return ask(t, join(server.MetadataEnv(), s.env()), googleImage, args...) }
			}
			r := again()
			if c.err != "" {
				r.failed(t, c.err)
				return
			}
			if r.code != 0 || len(r.response.Auth) != 1 {
				t.Fatalf("exit code %d: %s", r.code, r.stderr)
			}
			if expires := readEntry(t, s.entry(t)).time(t, "expires"); time.Until(expires) > c.life || time.Until(expires) < c.life-time.Minute {
				t.Errorf("it expires at %v", expires)
			}
			if again(); fake.Calls(c.operation) != 1 {
				t.Errorf("%d calls: the first answer was not stored", fake.Calls(c.operation))
			}
		})
	}
}

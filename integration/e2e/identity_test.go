//go:build e2e

package e2e_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/cluster"
	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
)

// clouds are fakes that know the workloads of a cluster.
type clouds struct {
	*issuer
	cluster *cluster.Cluster
	proxy   *tlsproxy.Proxy
	subject string // the subject token that the fake of Google takes
}

func startClouds(t *testing.T, c *cluster.Cluster) *clouds {
	t.Helper()
	k := &clouds{issuer: newIssuer(t), cluster: c}
	// The account of the examples.
	k.google.Configure(func(c *googlefake.Config) { c.Impersonated = []string{"puller@my-project.iam.gserviceaccount.com"} })
	path := filepath.Join(t.TempDir(), "subject")
	if err := k.google.WriteSubjectToken(path); err != nil {
		t.Fatal(err)
	}
	subject, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	k.subject = string(subject)
	k.proxy, err = tlsproxy.Start(map[string]http.Handler{
		"sts.googleapis.com":            k.federation(t),
		"iamcredentials.googleapis.com": k.google.Handler,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.proxy.Close() })
	return k
}

// identify gives a pod the identities that the clouds give it, and returns the environment that
// its containers have for that: as on EKS, by IRSA if its account has roleARN, else by Pod
// Identity; as on GKE; and with a way to Google's endpoints for what is federated.
func (k *clouds) identify(t *testing.T, p *pod, roleARN string) []string {
	t.Helper()
	authority, err := os.ReadFile(k.proxy.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, p.root+"/authority.pem", string(authority))
	env := append(k.aws.EndpointEnv(), k.google.MetadataEnv()...)
	env = append(env, "HTTPS_PROXY="+k.proxy.URL, "SSL_CERT_FILE=/authority.pem",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9") // the node's identity is not the pod's
	if roleARN == "" {
		k.aws.Configure(func(c *awsfake.Config) { c.ContainerToken = "container-authorization" })
		return append(env, k.aws.ContainerEnv()...)
	}
	const tokenFile = "/aws-token"
	token := p.token(t, "sts.amazonaws.com")
	p.write(t, p.root+tokenFile, token)
	k.aws.Configure(func(c *awsfake.Config) { c.Roles = map[string]awsfake.Role{roleARN: {WebIdentity: token}} })
	return append(env, "AWS_ROLE_ARN="+roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE="+tokenFile)
}

// federation is the token exchange of a workload identity pool that trusts the cluster: it
// takes the tokens of the account pullpass that are meant for the pool's provider.
func (k *clouds) federation(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// What a provider expects by itself is its name as a URL.
		user, err := review(t, k.cluster.Admin, r.PostForm.Get("subject_token"), "https:"+r.PostForm.Get("audience"))
		if err != nil || user != "system:serviceaccount:team:pullpass" {
			googlefake.OAuthError(http.StatusBadRequest, "invalid_grant", "the subject token is of "+user).Write(w)
			return
		}
		form := r.PostForm
		form.Set("audience", googlefake.Audience)
		form.Set("subject_token", k.subject)
		k.google.Handler.ServeHTTP(w, withForm(r, form))
	})
}

// withForm returns the request with another form.
func withForm(r *http.Request, form url.Values) *http.Request {
	other := r.Clone(r.Context())
	other.Body = io.NopCloser(strings.NewReader(form.Encode()))
	other.Form, other.PostForm = nil, nil
	return other
}

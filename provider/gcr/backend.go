package gcr

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// Name is the backend's in configs and scopes.
const Name = "gcr"

// hosts are Google's: https://cloud.google.com/artifact-registry/docs/transition/gcr-domains.
var hosts = [...]provider.Row{
	{Pattern: "gcr.io"},
	{Pattern: "{location}.gcr.io"},
	{Pattern: "{location}.pkg.dev"},
}

// How long tokens live: https://cloud.google.com/iam/docs/create-short-lived-credentials-direct. A credentials file
// can ask for more than the usual, where a policy allows it, or be of a workforce's session.
const (
	tokenLife    = time.Hour
	maxTokenLife = 12 * time.Hour
)

// Backend returns Google's registries.
func Backend() provider.Backend {
	return provider.Backend{
		Name:  Name,
		Title: "Google Artifact Registry",
		Hosts: hosts[:],
		Fields: []provider.Field{
			{Name: "credentialsFile", Check: provider.CheckPath, Form: provider.PathForm,
				About: "A Google credentials file, such as a service account key: an absolute path."},
			{Name: "impersonate", Check: checkServiceAccount, Form: `^[A-Za-z0-9.-]+@[A-Za-z0-9.-]+\.gserviceaccount\.com$`,
				About: "The e-mail address of the service account to impersonate."},
		},
		New: func(settings provider.Settings, node provider.Node) provider.Provider {
			return &Provider{
				CredentialsFile: settings["credentialsFile"],
				Impersonate:     settings["impersonate"],
				Getenv:          node.Getenv,
				DefaultFile:     defaultFile(node),
				Now:             node.Now,
				Proxy:           node.Proxy,
				Warn:            node.Warn,
				Hide:            node.Hide,
			}
		},
		NodeIdentity: true,
		TokenIssuer:  "Google",
		TokenLife:    tokenLife,
		MaxTokenLife: maxTokenLife,
		// https://cloud.google.com/artifact-registry/docs/docker/authentication
		Usernames:         []string{username, keyUsername, keyUsername + "_base64"},
		MetadataHosts:     []string{"metadata", "metadata.google.internal"},
		MetadataVariables: []string{metadataVariable},
		// Of a federation file for AWS.
		SecretVariables: []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"},
	}
}

// defaultFile is where gcloud keeps Application Default Credentials; "" for nowhere.
func defaultFile(node provider.Node) string {
	if dir := gcloudDir(node); dir != "" {
		return filepath.Join(dir, "application_default_credentials.json")
	}
	return ""
}

func checkServiceAccount(email string) error {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	name, domain, _ := strings.Cut(email, "@")
	project, found := strings.CutSuffix(domain, ".gserviceaccount.com")
	if found && name != "" && project != "" && strings.Trim(name+project, alphabet) == "" {
		return nil
	}
	return errors.New("must be the e-mail address of a service account, such as puller@project.iam.gserviceaccount.com")
}

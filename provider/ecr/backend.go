package ecr

import (
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// Name is the backend's in configs and scopes.
const Name = "ecr"

// Backend returns Amazon ECR with ECR Public.
func Backend() provider.Backend {
	hosts := hosts()
	return provider.Backend{
		Name:  Name,
		Title: "Amazon ECR",
		Hosts: hosts,
		Fields: []provider.Field{
			{Name: "roleARN", Check: checkRoleARN, About: "The IAM role to assume before asking for the token.",
				Form: `^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-]$`},
			{Name: "externalID", Needs: "roleARN", About: "The external ID that the role's trust policy asks for."},
			{Name: "profile", About: "The profile of the AWS configuration files."},
			{Name: "endpoint", Check: checkEndpoint, About: "The URL of the ECR API, such as that of a VPC endpoint.",
				Form: `^[Hh][Tt][Tt][Pp][Ss]?://[^?#]+$`},
		},
		New: func(settings provider.Settings, node provider.Node) provider.Provider {
			return &Provider{
				RoleARN:    settings["roleARN"],
				ExternalID: settings["externalID"],
				Profile:    settings["profile"],
				Endpoint:   settings["endpoint"],
				Home:       node.Home,
				Getenv:     node.Getenv,
				Now:        node.Now,
				Proxy:      node.Proxy,
				Warn:       node.Warn,
				Hide:       node.Hide,
				hosts:      hosts,
			}
		},
		NodeIdentity:      true,
		TokenIssuer:       "Amazon ECR",
		TokenLife:         tokenLife,
		MaxTokenLife:      tokenLife,
		Usernames:         []string{"AWS"},
		MetadataVariables: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"},
		SecretVariables:   append([]string{"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN"}, secretVariables[:]...),
	}
}

// tokenLife is that of https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html.
const tokenLife = 12 * time.Hour

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
	// roleBytes can stand in the path and the name of a role:
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	roleBytes = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits + "+=,.@_-/"
)

// consists reports whether text is not empty and has only bytes of alphabet.
func consists(text, alphabet string) bool {
	return text != "" && strings.Trim(text, alphabet) == ""
}

func checkRoleARN(arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) == 6 && parts[0] == "arn" &&
		strings.HasPrefix(parts[1], "aws") && consists(parts[1], lower+"-") &&
		parts[2] == "iam" && parts[3] == "" &&
		len(parts[4]) == 12 && consists(parts[4], digits) {
		name, isRole := strings.CutPrefix(parts[5], "role/")
		if isRole && consists(name, roleBytes) && !strings.HasSuffix(name, "/") {
			return nil
		}
	}
	return errors.New("must look like arn:aws:iam::123456789012:role/NAME")
}

// checkEndpoint returns errors that do not quote the URL: it might have a password in it.
func checkEndpoint(endpoint string) error {
	u, err := parseURL(endpoint)
	if err != nil {
		return errors.New("must be a URL such as https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com")
	}
	if u.User != nil || strings.ContainsAny(endpoint, "?#") {
		return errors.New("must be a URL without user, query and fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("must be an https URL; http is for loopback hosts only")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}

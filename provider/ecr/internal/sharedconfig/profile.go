// Package sharedconfig reads a profile of AWS's shared config and credentials files. What it
// takes from them is what the AWS SDK for Go takes, with all of the SDK's leniency.
package sharedconfig

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/pullpass/pullpass/provider"
)

// A File is the content of a file; the path is for errors.
type File struct {
	Path string
	Text []byte
}

// A Profile is what a profile says. A setting that is missing has its zero value.
type Profile struct {
	Name  string
	files []string

	// Where its credentials come from. Source stands for a source_profile.
	AccessKeyID                   string
	SecretAccessKey, SessionToken provider.Secret // none without the ID
	Source                        *Profile
	CredentialSource              string
	CredentialProcess             string
	WebIdentityTokenFile          string
	SSO, Login                    bool // they come from a login of IAM Identity Center or of the console

	// The role to assume with them.
	RoleARN, RoleSessionName, ExternalID, MFASerial string
	RoleDuration                                    time.Duration

	// How to call the APIs.
	Endpoint         string            // of all of them
	Endpoints        map[string]string // of single ones, by name in lower case with _ for a space
	IgnoreEndpoints  bool              // of whatever source
	FIPS, DualStack  bool
	MaxAttempts      int
	CABundle         string
	AppID            string
	NoSkewCorrection bool // of the clock

	MetadataEndpoint string // of the EC2 metadata service
	MetadataMode     imds.EndpointModeState

	sourceName, ssoSession, services string
}

// ErrNoProfile is the error of Load if neither file has the profile that it is asked for.
var ErrNoProfile = errors.New("no such profile")

// Load returns the profile of that name with the profiles that it takes its credentials from.
// A file that does not exist is one without text. Errors name the profile and the file, and
// quote no value but the names of profiles.
func Load(name string, config, credentials File) (*Profile, error) {
	p, err := merge(parse(config), parse(credentials)).profile(name, nil)
	if errors.Is(err, ErrNoProfile) {
		return nil, fmt.Errorf("profile %q: %w in %s", name, ErrNoProfile, place([]string{config.Path, credentials.Path}))
	}
	return p, err
}

// HasKeys reports whether the profile has a key pair.
func (p *Profile) HasKeys() bool { return p.AccessKeyID != "" }

// Errorf returns an error that names the profile and its files.
func (p *Profile) Errorf(format string, args ...any) error {
	return fmt.Errorf("profile %q of %s: "+format, append([]any{p.Name, place(p.files)}, args...)...)
}

// place lists files, those without a name left out.
func place(files []string) string {
	named := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return f == "" })
	if len(named) == 0 {
		return "no file"
	}
	return strings.Join(named, " and ")
}

// maxSources is how long a chain of source_profile may be. Each link is a call of STS.
const maxSources = 20

// profile returns a profile with its sources. above are the profiles that it is a source of.
func (s sections) profile(name string, above []string) (*Profile, error) {
	section := s[name]
	if section == nil {
		return nil, ErrNoProfile
	}
	p, err := section.profile(name)
	if err != nil {
		return nil, err
	}
	if slices.Contains(above, name) {
		// The chain ends here: the profile has credentials of its own, or the loop is an error.
		p.RoleARN, p.RoleSessionName, p.ExternalID, p.MFASerial, p.sourceName = "", "", "", "", ""
	} else if p.RoleARN == "" && (p.sourceName != "" || p.CredentialSource != "" || p.WebIdentityTokenFile != "") {
		return nil, p.Errorf("source_profile, credential_source and web_identity_token_file need a role_arn")
	}
	if len(above) > 0 && p.HasKeys() {
		return p, nil
	}
	if count(p.sourceName, p.CredentialSource, p.CredentialProcess, p.WebIdentityTokenFile) > 1 {
		return nil, p.Errorf("more than one of source_profile, credential_source, credential_process and web_identity_token_file")
	}
	if len(above) >= maxSources {
		return nil, p.Errorf("it is the end of a chain of more than %d profiles with a source_profile", maxSources)
	}
	if p.sourceName != "" {
		if p.Source, err = s.source(p, append(above, name)); err != nil {
			return nil, err
		}
	}
	if p.ssoSession != "" && s["sso-session "+strings.TrimSpace(p.ssoSession)] == nil {
		return nil, p.Errorf("there is no section for its sso_session")
	}
	if p.services != "" {
		p.Endpoints = s["services "+p.services].endpoints()
	}
	return p, nil
}

// source returns the source_profile of p, which goes before all other credentials of p.
func (s sections) source(p *Profile, above []string) (*Profile, error) {
	p.AccessKeyID, p.SecretAccessKey, p.SessionToken = "", provider.Secret{}, provider.Secret{}
	p.CredentialSource, p.CredentialProcess, p.WebIdentityTokenFile = "", "", ""
	source, err := s.profile(p.sourceName, above)
	switch {
	case errors.Is(err, ErrNoProfile):
		return nil, p.Errorf("its source_profile %q does not exist", p.sourceName)
	case err != nil:
		return nil, err
	case source.sourceName == "" && source.CredentialSource == "" && source.CredentialProcess == "" &&
		source.WebIdentityTokenFile == "" && !source.SSO && !source.HasKeys():
		return nil, p.Errorf("its source_profile %q leads to no credentials", p.sourceName)
	}
	return source, nil
}

func count(values ...string) int {
	return len(slices.DeleteFunc(values, func(v string) bool { return v == "" }))
}

// endpoints returns the endpoints of a services section, which may be nil.
func (s *section) endpoints() map[string]string {
	if s == nil {
		return nil
	}
	endpoints := map[string]string{}
	for service, settings := range s.values {
		if endpoint, found := settings.nested["endpoint_url"]; found {
			endpoints[service] = endpoint
		}
	}
	return endpoints
}

// profile returns what the section says. The SDK takes what is no number or no mode for an
// error, and what is neither true nor false for false.
func (s *section) profile(name string) (*Profile, error) {
	truth := func(key string) bool { return strings.EqualFold(s.text(key), "true") }
	p := &Profile{
		Name:  name,
		files: s.files,

		CredentialSource:     s.text("credential_source"),
		CredentialProcess:    s.text("credential_process"),
		WebIdentityTokenFile: s.text("web_identity_token_file"),
		SSO: s.text("sso_session") != "" || s.text("sso_region") != "" || s.text("sso_account_id") != "" ||
			s.text("sso_start_url") != "" || s.text("sso_role_name") != "",
		Login: s.text("login_session") != "",

		RoleARN:         s.text("role_arn"),
		RoleSessionName: s.text("role_session_name"),
		ExternalID:      s.text("external_id"),
		MFASerial:       s.text("mfa_serial"),
		RoleDuration:    s.seconds("duration_seconds"),

		Endpoint:         s.text("endpoint_url"),
		IgnoreEndpoints:  truth("ignore_configured_endpoint_urls"),
		FIPS:             truth("use_fips_endpoint"),
		DualStack:        truth("use_dualstack_endpoint"),
		CABundle:         s.text("ca_bundle"),
		AppID:            s.text("sdk_ua_app_id"),
		NoSkewCorrection: s.text("disable_clock_skew_correction") == "true",
		MetadataEndpoint: s.text("ec2_metadata_service_endpoint"),

		sourceName: s.text("source_profile"),
		ssoSession: s.text("sso_session"),
		services:   s.text("services"),
	}
	if s.partial {
		return nil, p.Errorf("aws_access_key_id and aws_secret_access_key need each other")
	}
	if s.text(accessKeyID) != "" && s.text(secretAccessKey) != "" {
		p.AccessKeyID = s.text(accessKeyID)
		p.SecretAccessKey, p.SessionToken = provider.NewSecret(s.text(secretAccessKey)), provider.NewSecret(s.text(sessionToken))
	}
	return p, p.setModes(s)
}

// setModes sets what can be wrong.
func (p *Profile) setModes(s *section) error {
	if s.has("max_attempts") {
		attempts, err := strconv.ParseInt(s.text("max_attempts"), 0, 64)
		if err != nil {
			return p.Errorf("max_attempts is not a number")
		}
		p.MaxAttempts = int(attempts)
	}
	if s.has("retry_mode") {
		if _, err := aws.ParseRetryMode(s.text("retry_mode")); err != nil {
			return p.Errorf("retry_mode is neither standard nor adaptive")
		}
	}
	if v := s.text("disable_clock_skew_correction"); s.has("disable_clock_skew_correction") && v != "true" && v != "false" {
		return p.Errorf("disable_clock_skew_correction is neither true nor false")
	}
	if err := p.MetadataMode.SetFromString(s.text("ec2_metadata_service_endpoint_mode")); err != nil {
		return p.Errorf("ec2_metadata_service_endpoint_mode is neither IPv4 nor IPv6")
	}
	return nil
}

// seconds returns a duration, 0 for what is no number.
func (s *section) seconds(key string) time.Duration {
	seconds, err := strconv.ParseInt(s.text(key), 0, 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

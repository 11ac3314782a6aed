package sharedconfig

import (
	"maps"
	"slices"
	"strings"
)

const (
	accessKeyID     = "aws_access_key_id"
	secretAccessKey = "aws_secret_access_key"
	sessionToken    = "aws_session_token"
)

// overriding are the keys that the credentials file can override for a profile that is in both
// files. The SDK has no others: a new endpoint_url, say, has to be in the config file.
var overriding = [...]string{
	"role_arn", "source_profile", "credential_source", "external_id", "mfa_serial", "role_session_name", "duration_seconds",
	"credential_process", "web_identity_token_file", "login_session",
	"sso_session", "sso_account_id", "sso_region", "sso_role_name", "sso_start_url",
	"ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode",
	"use_dualstack_endpoint", "use_fips_endpoint", "retry_mode", "max_attempts", "ca_bundle",
}

// merge puts the sections of both files together, under the names of profiles.
func merge(config, credentials sections) sections {
	for _, s := range []sections{config, credentials} {
		for _, section := range s {
			section.partial = section.has(accessKeyID) != section.has(secretAccessKey)
		}
	}
	all := profilesOf(config)
	for name, section := range credentials {
		switch known := all[name]; {
		case strings.HasPrefix(name, "profile "): // is for the config file alone
		case known == nil:
			all[name] = section
		default:
			known.override(section)
		}
	}
	return all
}

// profilesOf returns the sections of a config file without "profile " in their names. Those
// without it are no profiles, except the default one, which [profile default] replaces.
func profilesOf(config sections) sections {
	profiles := sections{}
	for _, name := range slices.Sorted(maps.Keys(config)) {
		profile, ok := strings.CutPrefix(name, "profile ")
		switch {
		case profiles[name] != nil: // by a [profile …] of that name
		case ok:
			profiles[profile] = config[name]
		case strings.EqualFold(name, "default"), strings.HasPrefix(name, "services "), strings.HasPrefix(name, "sso-session "):
			profiles[name] = config[name]
		}
	}
	return profiles
}

// override sets what the credentials file says otherwise. A key pair counts as a whole.
func (s *section) override(credentials *section) {
	s.files = append(s.files, credentials.files...)
	s.partial = credentials.partial
	keys := overriding[:]
	if credentials.has(accessKeyID) && credentials.has(secretAccessKey) {
		keys = append(slices.Clone(keys), accessKeyID, secretAccessKey, sessionToken)
	}
	for _, key := range keys {
		if credentials.has(key) {
			s.values[key] = value{text: credentials.text(key)}
		}
	}
}

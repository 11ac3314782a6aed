package ecr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"

	"github.com/pullpass/pullpass/provider/ecr/internal/sharedconfig"
)

// settings are what the environment says, or else the profile of the shared files. Of what the
// SDK knows, those are missing that have to do with other services, and the region and the
// timeouts, for which pullpass has its own.
type settings struct {
	profile *sharedconfig.Profile // without anything if there is none

	fips, dualStack  bool
	ignoreEndpoints  bool // that are named for the APIs
	attempts         int  // that a call may make; 0 for the default
	noSkewCorrection bool
	caBundle         string // a file of authorities, "" for the system's
	appID            string
	metadata         imds.Options
}

// loadSettings reads the environment and the shared files. A value that is none is an error, as
// it is to the SDK.
func (p *Provider) loadSettings() (settings, error) {
	profile, err := p.loadProfile()
	if err != nil {
		return settings{}, err
	}
	s := settings{
		profile:  profile,
		attempts: profile.MaxAttempts,
		caBundle: first(p.Getenv("AWS_CA_BUNDLE"), profile.CABundle),
		appID:    first(p.Getenv("AWS_SDK_UA_APP_ID"), profile.AppID),
	}
	for _, variable := range [...]struct {
		name    string
		setting *bool
		profile bool
	}{
		{"AWS_USE_FIPS_ENDPOINT", &s.fips, profile.FIPS},
		{"AWS_USE_DUALSTACK_ENDPOINT", &s.dualStack, profile.DualStack},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &s.ignoreEndpoints, profile.IgnoreEndpoints},
		{"AWS_DISABLE_CLOCK_SKEW_CORRECTION", &s.noSkewCorrection, profile.NoSkewCorrection},
	} {
		switch value := p.Getenv(variable.name); {
		case value == "":
			*variable.setting = variable.profile
		case strings.EqualFold(value, "true"):
			*variable.setting = true
		case !strings.EqualFold(value, "false"):
			return settings{}, fmt.Errorf("%s is neither true nor false", variable.name)
		}
	}
	if value := p.Getenv("AWS_MAX_ATTEMPTS"); value != "" {
		attempts, err := strconv.Atoi(value)
		if err != nil {
			return settings{}, errors.New("AWS_MAX_ATTEMPTS is not a number")
		}
		if attempts != 0 {
			s.attempts = attempts
		}
	}
	if value := p.Getenv("AWS_RETRY_MODE"); value != "" {
		if _, err := aws.ParseRetryMode(value); err != nil {
			return settings{}, errors.New("AWS_RETRY_MODE is neither standard nor adaptive")
		}
	}
	s.metadata, err = p.metadataOptions(profile)
	return s, err
}

// loadProfile returns the profile of the rule or of the environment, else the default one,
// which need not exist. Nor need the one of AWS_DEFAULT_PROFILE.
func (p *Provider) loadProfile() (*sharedconfig.Profile, error) {
	config, credentials, err := p.sharedFiles()
	if err != nil {
		return nil, err
	}
	wanted := first(p.Profile, p.Getenv("AWS_PROFILE"))
	profile, err := sharedconfig.Load(first(wanted, p.Getenv("AWS_DEFAULT_PROFILE"), "default"), config, credentials)
	if wanted == "" && errors.Is(err, sharedconfig.ErrNoProfile) {
		return &sharedconfig.Profile{}, nil
	}
	return profile, err
}

// metadataOptions returns where the EC2 metadata service is.
func (p *Provider) metadataOptions(profile *sharedconfig.Profile) (imds.Options, error) {
	options := imds.Options{
		ClientEnableState: imds.ClientEnabled,
		Endpoint:          first(p.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"), profile.MetadataEndpoint),
		Logger:            logging.Nop{},
	}
	if strings.EqualFold(p.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		options.ClientEnableState = imds.ClientDisabled
	}
	const variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
	if err := options.EndpointMode.SetFromString(p.Getenv(variable)); err != nil {
		return options, fmt.Errorf("%s is neither IPv4 nor IPv6", variable)
	}
	if options.EndpointMode == imds.EndpointModeStateUnset {
		options.EndpointMode = profile.MetadataMode
	}
	return options, nil
}

// first returns the first of values that is not empty, or "".
func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

package sharedconfig

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/pullpass/pullpass/provider"
)

// ofSDK returns the profile that the SDK reads. It panics over a text that is one quote.
func ofSDK(ctx context.Context, name, configPath, credentialsPath string) (p *Profile, err error, panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
		}
	}()
	shared, err := config.LoadSharedConfigProfile(ctx, name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{configPath}, []string{credentialsPath}
	})
	if err != nil {
		return nil, err, false
	}
	return convert(&shared), nil, false
}

func convert(s *config.SharedConfig) *Profile {
	truth := func(b *bool) bool { return b != nil && *b }
	p := &Profile{
		Name:        s.Profile,
		AccessKeyID: s.Credentials.AccessKeyID, SecretAccessKey: provider.NewSecret(s.Credentials.SecretAccessKey), SessionToken: provider.NewSecret(s.Credentials.SessionToken),
		CredentialSource: s.CredentialSource, CredentialProcess: s.CredentialProcess, WebIdentityTokenFile: s.WebIdentityTokenFile,
		SSO:     s.SSOSessionName != "" || s.SSORegion != "" || s.SSOAccountID != "" || s.SSOStartURL != "" || s.SSORoleName != "",
		Login:   s.LoginSession != "",
		RoleARN: s.RoleARN, RoleSessionName: s.RoleSessionName, ExternalID: s.ExternalID, MFASerial: s.MFASerial,
		Endpoint: s.BaseEndpoint, IgnoreEndpoints: truth(s.IgnoreConfiguredEndpoints),
		FIPS: s.UseFIPSEndpoint == 1, DualStack: s.UseDualStackEndpoint == 1,
		MaxAttempts: s.RetryMaxAttempts, CABundle: s.CustomCABundle, AppID: s.AppID, NoSkewCorrection: truth(s.DisableClockSkewCorrection),
		MetadataEndpoint: s.EC2IMDSEndpoint, MetadataMode: s.EC2IMDSEndpointMode,
	}
	if s.RoleDurationSeconds != nil {
		p.RoleDuration = *s.RoleDurationSeconds
	}
	for service, values := range s.Services.ServiceValues {
		if endpoint, found := values["endpoint_url"]; found {
			if p.Endpoints == nil {
				p.Endpoints = map[string]string{}
			}
			p.Endpoints[service] = endpoint
		}
	}
	if s.Source != nil {
		p.Source = convert(s.Source)
	}
	return p
}

// text has all of a profile that counts.
func (p *Profile) text() string {
	if p == nil {
		return "none"
	}
	plain := *p
	plain.files, plain.sourceName, plain.ssoSession, plain.services, plain.Source = nil, "", "", "", nil
	if p.Source != nil {
		plain.SSO = false // its source goes before it
	}
	if len(plain.Endpoints) == 0 {
		plain.Endpoints = nil
	}
	return fmt.Sprintf("%+v %q %q\nSource: %s", plain, p.SecretAccessKey.Reveal(), p.SessionToken.Reveal(), p.Source.text())
}

// compare loads a profile with the SDK and with ours.
func compare(t *testing.T, dir, name, configText, credentialsText string) (loaded bool) {
	t.Helper()
	files := [2]File{{filepath.Join(dir, "config"), []byte(configText)}, {filepath.Join(dir, "credentials"), []byte(credentialsText)}}
	for _, file := range files {
		if err := os.WriteFile(file.Path, file.Text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(name, files[0], files[1])
	want, wantErr, panicked := ofSDK(t.Context(), name, files[0].Path, files[1].Path)
	if panicked {
		return false
	}
	if (err == nil) != (wantErr == nil) || err == nil && got.text() != want.text() {
		t.Errorf("profile %s of config\n%s\nand credentials\n%s\nerror %v, %s\nbut the SDK has error %v, %s",
			name, configText, credentialsText, err, got.text(), wantErr, want.text())
	}
	return err == nil
}

const keys = "aws_access_key_id = AKID\naws_secret_access_key = secret\n"

func TestLoadAsSDK(t *testing.T) {
	for name, c := range map[string]struct{ profile, config, credentials string }{
		"no files":                      {"default", "", ""},
		"default":                       {"default", "[default]\n" + keys, ""},
		"default of both kinds":         {"default", "[profile default]\nregion = a\n[default]\n" + keys, ""},
		"default of both kinds, later":  {"default", "[default]\nrole_arn = a\n[profile default]\n" + keys, ""},
		"default in capitals":           {"default", "[DEFAULT]\n" + keys, ""},
		"default in capitals, named":    {"DEFAULT", "[DEFAULT]\n" + keys, ""},
		"without the word":              {"a", "[a]\n" + keys, ""},
		"with and without the word":     {"a", "[a]\nrole_arn = x\n[profile a]\n" + keys, ""},
		"with the word twice":           {"a", "[profile profile a]\n" + keys + "[profile a]\nrole_arn = y\n", ""},
		"with the word twice, named so": {"profile a", "[profile profile a]\n" + keys + "[profile a]\nrole_arn = y\n", ""},
		"profile without a name":        {"profile", "[profile]\n" + keys + "[profile ]\n" + keys, "[]\n" + keys},
		"name with spaces":              {"a b", "[profile \t a b]\n" + keys, ""},
		"name with more spaces":         {"a  b", "[  profile a  b  ]\n" + keys, ""},
		"case of the name":              {"a", "[profile A]\n" + keys, ""},
		"case of the word":              {"a", "[Profile a]\n" + keys, ""},
		"in the credentials file":       {"a", "", "[a]\n" + keys},
		"word in the credentials file":  {"a", "", "[profile a]\n" + keys},
		"credentials over config":       {"a", "[profile a]\naws_access_key_id = old\naws_secret_access_key = old\naws_session_token = old\n", "[a]\n" + keys},
		"half of credentials":           {"a", "[profile a]\n" + keys, "[a]\naws_access_key_id = AKID\n"},
		"half of config":                {"a", "[profile a]\naws_access_key_id = AKID\n", ""},
		"half of config, mended":        {"a", "[profile a]\naws_access_key_id = AKID\n", "[a]\nrole_arn = x\ncredential_process = x\n"},
		"halves in two files":           {"a", "[profile a]\naws_access_key_id = AKID\n", "[a]\naws_secret_access_key = secret\n"},
		"session token alone":           {"a", "[profile a]\n" + keys, "[a]\naws_session_token = other\n"},
		"empty keys":                    {"a", "[profile a]\naws_access_key_id =\naws_secret_access_key =\n", ""},
		"empty keys over good ones":     {"a", "[profile a]\n" + keys, "[a]\naws_access_key_id =\naws_secret_access_key =\n"},
		"one empty key":                 {"a", "[profile a]\naws_access_key_id = x\naws_secret_access_key =\n", ""},
		"what credentials override":     {"a", "[profile a]\nendpoint_url = http://c\nuse_fips_endpoint = true\nrole_arn = c\n", "[a]\nendpoint_url = http://x\nuse_fips_endpoint = false\nrole_arn = x\nsdk_ua_app_id = x\ncredential_process = x\n"},
		"all from credentials":          {"a", "[profile b]\n", "[a]\nendpoint_url = http://x\nservices = s\nca_bundle = x\n[services s]\nsts =\n  endpoint_url = http://s\n"},
		"section twice":                 {"a", "[profile a]\n" + keys + "[profile b]\n[profile a]\naws_session_token = s\naws_secret_access_key = later\n", ""},
		"comments":                      {"a", "# x\n; y\n  # z\n[profile a] # c\n" + keys + "role_arn = x # y\nexternal_id = x#y\nrole_session_name=a\t;b\n", ""},
		"comment in the header":         {"a", "[profile a # ]\n[profile a ; b]\n" + keys, ""},
		"quotes":                        {"a", "[profile a]\nrole_arn = \"x y\"\nexternal_id = 'a' \nrole_session_name = \"a'\nmfa_serial = ''\n" + keys, ""},
		"colons":                        {"a", "[profile a]\nrole_arn: x=y\nexternal_id = a:b\n: x\n= y\n" + keys, ""},
		"case of keys":                  {"a", "[profile a]\nAWS_Access_Key_ID = AKID\nAWS_SECRET_ACCESS_KEY = s\n", ""},
		"carriage returns":              {"a", "[profile a]\r\naws_access_key_id = AKID\r\naws_secret_access_key = s\r\nexternal_id = a\r\n  b\r\n\r\n", ""},
		"byte order mark":               {"a", "\ufeff[profile a]\n" + keys, ""},
		"above all sections":            {"default", keys + "[profile a]\n", ""},
		"indented":                      {"a", "[profile a]\n  aws_access_key_id = AKID # c\n\taws_secret_access_key = s\n", ""},
		"indented below a value":        {"a", "[profile a]\nrole_arn = x\n  source_profile = a\n" + keys, ""},
		"indented below none":           {"a", "[profile a]\nregion =\n  role_arn = x\nsource_profile = a\n" + keys, ""},
		"continued":                     {"a", "[profile a]\ncredential_process = a\n  b # c\n\td\n", ""},
		"continued none":                {"a", "[profile a]\n  x\ncredential_process =\n  a\n", ""},
		"garbage":                       {"a", "[profile a\n" + keys + "[profile a]\nxyz\n]\n[\n" + keys, ""},
		"services":                      {"a", "[profile a]\nservices = s\nendpoint_url = http://all\n[services s]\nsts =\n  endpoint_url = http://sts # c\n  x = y\necr = \n\tENDPOINT_URL = 'http://ecr'\ns3 = x\n  endpoint_url = http://no\nECR_Public=\n endpoint_url: http://p\n", ""},
		"services missing":              {"a", "[profile a]\nservices = s\n[profile services s]\n[services  t]\nsts =\n endpoint_url = x\n", ""},
		"services, spaces in the name":  {"a", "[profile a]\nservices = s\n[ services \t s ]\nsts =\n endpoint_url = x\n", ""},
		"services as a profile":         {"a", "[profile a]\nservices = s\n[profile services s]\nsts =\n endpoint_url = x\n[services s]\necr =\n endpoint_url = y\n", ""},
		"services twice":                {"a", "[profile a]\nservices = s\n[services s]\nsts =\n endpoint_url = x\nsts = \n [services s]\necr =\n endpoint_url = y\n", ""},
		"source":                        {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\n" + keys, ""},
		"source in credentials":         {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n", "[b]\n" + keys},
		"source missing":                {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n", ""},
		"source without credentials":    {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nregion = r\n", ""},
		"source without a role":         {"a", "[profile a]\nsource_profile = b\n[profile b]\n" + keys, ""},
		"source is itself":              {"a", "[profile a]\nrole_arn = x\nsource_profile = a\n" + keys, ""},
		"source is itself, bare":        {"a", "[profile a]\nrole_arn = x\nsource_profile = a\n", ""},
		"source with a source, keys":    {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = y\nsource_profile = c\n" + keys, ""},
		"loop":                          {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = y\nsource_profile = a\n", ""},
		"loop with keys":                {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n" + keys + "[profile b]\nrole_arn = y\nsource_profile = a\n", ""},
		"loop with a login":             {"a", "[profile a]\nrole_arn = x\nsource_profile = b\nsso_region = r\n[profile b]\nrole_arn = y\nsource_profile = a\n", ""},
		"loop of three":                 {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = y\nsource_profile = c\n[profile c]\nrole_arn = z\nsource_profile = b\n" + keys, ""},
		"source with login_session":     {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nlogin_session = l\n", ""},
		"source with an error":          {"a", "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nretry_mode = x\n" + keys, ""},
		"two sources":                   {"a", "[profile a]\nrole_arn = x\nsource_profile = b\ncredential_source = Environment\n[profile b]\n" + keys, ""},
		"process and token":             {"a", "[profile a]\nrole_arn = x\nweb_identity_token_file = f\ncredential_process = p\n", ""},
		"token without a role":          {"a", "[profile a]\nweb_identity_token_file = f\n", ""},
		"sso-session":                   {"a", "[profile a]\nsso_session = s\nsso_account_id = 1\n[sso-session s]\nsso_region = r\n", ""},
		"sso-session missing":           {"a", "[profile a]\nsso_session = s\nsso_account_id = 1\n" + keys, ""},
		"numbers":                       {"a", "[profile a]\nduration_seconds = 0x400\nmax_attempts = 0b11\n" + keys, ""},
		"no numbers":                    {"a", "[profile a]\nduration_seconds = 1h\n" + keys, ""},
		"no number of attempts":         {"a", "[profile a]\nmax_attempts = many\n" + keys, ""},
		"empty number of attempts":      {"a", "[profile a]\nmax_attempts =\n" + keys, ""},
		"truth":                         {"a", "[profile a]\nuse_fips_endpoint = TRUE\nuse_dualstack_endpoint = yes\nignore_configured_endpoint_urls = True\n", ""},
		"metadata":                      {"a", "[profile a]\nec2_metadata_service_endpoint = http://x\nec2_metadata_service_endpoint_mode = ipv6\n", ""},
		"metadata, bad":                 {"a", "[profile a]\nec2_metadata_service_endpoint_mode = ipv5\n", ""},
		"skew":                          {"a", "[profile a]\ndisable_clock_skew_correction = true\nsdk_ua_app_id = x\nca_bundle = /x\n", ""},
		"skew, bad":                     {"a", "[profile a]\ndisable_clock_skew_correction = TRUE\n", ""},
		"retry mode":                    {"a", "[profile a]\nretry_mode = adaptive\n", ""},
	} {
		t.Run(name, func(t *testing.T) { compare(t, t.TempDir(), c.profile, c.config, c.credentials) })
	}
}

// TestQuote: the SDK panics here.
func TestQuote(t *testing.T) {
	if p, err := Load("a", File{Text: []byte("[profile a]\nrole_arn = \"\n")}, File{}); err != nil || p.RoleARN != `"` {
		t.Errorf("%+v, %v", p, err)
	}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

var values = map[string][]string{
	"aws_access_key_id": {"AKIDA", "AKIDB", ""}, "aws_secret_access_key": {"sa", "s b", ""}, "aws_session_token": {"ta", ""},
	"role_arn": {"arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", "", "x # y"}, "source_profile": {"a", "b", "c", "default", "nobody", ""},
	"credential_source": {"Environment", "Ec2InstanceMetadata", "EcsContainer", "x", ""}, "external_id": {"e", "'e;f'"},
	"mfa_serial": {"m", ""}, "role_session_name": {"s", "\"q\""}, "duration_seconds": {"900", "901", "960", "0x1000", "1e3", "-5", ""},
	"credential_process": {"echo x", ""}, "web_identity_token_file": {"/dev/null", ""},
	"sso_session": {"s", "t"}, "sso_account_id": {"1", ""}, "login_session": {"l"},
	"endpoint_url": {"http://a", "http://b?x=y"}, "services": {"s", "t", ""}, "ignore_configured_endpoint_urls": {"true", "false", "x"},
	"use_fips_endpoint": {"true", "TRUE", "false", "x", ""}, "use_dualstack_endpoint": {"true", "no"},
	"max_attempts": {"2", "0", "-1", "x"}, "retry_mode": {"standard", "adaptive", "legacy"}, "ca_bundle": {"/x"}, "sdk_ua_app_id": {"app"},
	"disable_clock_skew_correction": {"true", "false", "True"}, "ec2_metadata_service_endpoint": {"http://127.0.0.1"},
	"ec2_metadata_service_endpoint_mode": {"IPv4", "ipv6", "x", ""}, "region": {"eu-west-1"},
	"ecr": {""}, "ecr_public": {"", "x"}, "sts": {"", ""},
}

// randomFile writes lines that are mostly good.
func randomFile(r *rand.Rand) string {
	names := slices.Sorted(maps.Keys(values))
	var text strings.Builder
	end := pick(r, "\n", "\n", "\n", "\r\n")
	for range r.IntN(40) {
		if r.IntN(5) == 0 {
			name := pick(r, "a", "b", "c", "default", "a b", "DEFAULT")
			text.WriteString(pick(r, "["+name+"]", "[profile "+name+"]", "[profile "+name+"]", "[ profile\t"+name+" ] # x", "  [profile "+name+"]", "[services s]", "[services  t]",
				"[sso-session s]", "[profile "+name, "[profile "+name+" ;]", "[]", "[profile profile "+name+"]", "[profile services s]") + end)
			continue
		}
		key := names[r.IntN(len(names))]
		if r.IntN(3) == 0 {
			key = pick(r, "aws_access_key_id", "aws_secret_access_key", "role_arn", "source_profile", "services")
		}
		value := pick(r, values[key]...)
		text.WriteString(pick(r, key+" = "+value, key+" = "+value, key+"="+value, key+": "+value, strings.ToUpper(key)+" = "+value, "  "+key+" = "+value, "\t"+key+"="+value,
			key+" = "+value+" # c", key+" = \""+value+"\"", key+" =", "  endpoint_url = http://nested/"+value, "# "+key, "  ;"+key, key, "  "+value, "", "  ", " "+key+" = "+value+" #c", "="+value, key+" \t= "+value+"\t;") + end)
	}
	return text.String()
}

// TestRandomAsSDK compares files that chance has written. The seed is in the name of a failure.
func TestRandomAsSDK(t *testing.T) {
	dir, loaded := t.TempDir(), 0
	first := uint64(time.Now().UnixNano())
	for i := range uint64(3000) {
		seed := i
		if i%2 == 1 {
			seed = first + i
		}
		r := rand.New(rand.NewPCG(seed, 0))
		if compare(t, dir, pick(r, "a", "b", "default", "a b", "DEFAULT"), randomFile(r), randomFile(r)) {
			loaded++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if loaded < 300 {
		t.Errorf("only %d profiles are any good", loaded)
	}
}

// FuzzAsSDK compares files that the fuzzer writes.
func FuzzAsSDK(f *testing.F) {
	f.Add("[profile a] # c\nrole_arn = x\n y\nsource_profile: \"a\"\n"+keys, "[a]\nsts =\n endpoint_url = x ; y\n")
	f.Add("[default]\nservices=s\n[ services  s ]\r\nsts=\n\tendpoint_url = 'x'\n", "")
	f.Fuzz(func(t *testing.T, config, credentials string) {
		dir := t.TempDir()
		compare(t, dir, "default", config, credentials)
		compare(t, dir, "a", config, credentials)
	})
}

package trust_test

import (
	"os"
	"path/filepath"
	"testing"
)

// A setup is how pullpass is run with an input.
type setup struct {
	file string // what decides: a file of which others must not decide
	host string // of the image; "" if it is not asked for one
	env  []string
	args []string
	// unusable says that pullpass goes on without what it does not trust, with a warning, and that
	// the file is a directory that it makes.
	unusable bool
}

// used reports whether the input was used.
func (s setup) used(r run) bool {
	switch {
	case s.unusable:
		_, err := os.Stat(s.file)
		return r.Code == 0 && err == nil
	case s.host == "":
		return r.Code == 0
	}
	return r.Code == 0 && len(r.keys) > 0
}

// An input is something by which a file decides.
type input struct {
	code []string // the functions that read or run it, see TestInputs
	make func(t *testing.T, p *place) setup
}

// inputs are all that pullpass reads and runs, outside of install.
var inputs = map[string]input{
	"AWS_CONFIG_FILE": {[]string{"provider/ecr.sharedFiles"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/config", "[default]\n"+p.keys())
		return p.ecr(file, "AWS_CONFIG_FILE="+file)
	}},
	"~/.aws/config": {[]string{"provider/ecr.sharedFiles"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/.aws/config", "[default]\n"+p.keys())
		return p.ecr(file, "HOME="+p.dir)
	}},
	"AWS_SHARED_CREDENTIALS_FILE": {[]string{"provider/ecr.sharedFiles"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/credentials", "[default]\n"+p.keys())
		return p.ecr(file, "AWS_SHARED_CREDENTIALS_FILE="+file)
	}},
	"~/.aws/credentials": {[]string{"provider/ecr.sharedFiles"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/.aws/credentials", "[default]\n"+p.keys())
		return p.ecr(file, "HOME="+p.dir)
	}},
	"the program of credential_process": {[]string{"provider/ecr.runProcess"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/program", p.process())
		return p.ecr(file, "AWS_CONFIG_FILE="+p.write(t, p.good+"/config", "[default]\ncredential_process = \""+file+"\" --json\n"))
	}},
	"the program of credential_process in PATH": {[]string{"provider/ecr.runProcess"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/program", p.process())
		return p.ecr(file, "PATH="+p.dir+":/usr/bin:/bin", "AWS_CONFIG_FILE="+p.write(t, p.good+"/config", "[default]\ncredential_process = A=b program --json\n"))
	}},
	"the script of credential_process": {[]string{"provider/ecr.runProcess"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/script", p.process())
		return p.ecr(file, "AWS_CONFIG_FILE="+p.write(t, p.good+"/config", "[default]\ncredential_process = /bin/sh "+file+"\n"))
	}},
	"AWS_WEB_IDENTITY_TOKEN_FILE": {[]string{"provider/ecr.assumeWebIdentity"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/token", webIdentity)
		return p.ecr(file, "AWS_ROLE_ARN="+pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+file)
	}},
	"web_identity_token_file": {[]string{"provider/ecr.assumeWebIdentity"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/token", webIdentity)
		return p.ecr(file, "AWS_CONFIG_FILE="+p.write(t, p.good+"/config", "[default]\nrole_arn = "+pullRole+"\nweb_identity_token_file = "+file+"\n"))
	}},
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": {[]string{"provider/ecr.containerToken"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/token", container)
		return p.ecr(file, p.aws.ContainerEnv()[0], "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+file)
	}},
	"AWS_CA_BUNDLE": {[]string{"provider/ecr.newConfig"}, func(t *testing.T, p *place) setup {
		file := p.authority(t, p.dir+"/ca.pem")
		return p.overTLS(file, "AWS_CA_BUNDLE="+file)
	}},
	"ca_bundle": {[]string{"provider/ecr.newConfig"}, func(t *testing.T, p *place) setup {
		file := p.authority(t, p.dir+"/ca.pem")
		return p.overTLS(file, "AWS_CONFIG_FILE="+p.write(t, p.good+"/config", "[default]\nca_bundle = "+file+"\n"))
	}},
	"SSL_CERT_FILE": {[]string{"provider/internal/transport.checkAuthorities"}, func(t *testing.T, p *place) setup {
		file := p.authority(t, p.dir+"/ca.pem")
		return p.overTLS(file, "SSL_CERT_FILE="+file)
	}},
	"SSL_CERT_DIR": {[]string{"provider/internal/transport.checkAuthorities"}, func(t *testing.T, p *place) setup {
		file := p.authority(t, p.dir+"/ca.pem")
		return p.overTLS(file, "SSL_CERT_DIR="+p.good+":"+p.dir)
	}},

	"GOOGLE_APPLICATION_CREDENTIALS": {[]string{"provider/gcr.credentials"}, func(t *testing.T, p *place) setup {
		file := p.googleKey(t, p.dir+"/key.json")
		return setup{file: file, host: googleHost, env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + file}}
	}},
	"gcloud's file": {[]string{"provider/gcr.credentials"}, func(t *testing.T, p *place) setup {
		file := p.googleKey(t, p.dir+"/.config/gcloud/application_default_credentials.json")
		return setup{file: file, host: googleHost, env: []string{"HOME=" + p.dir}}
	}},
	"gcr.credentialsFile": {[]string{"provider/gcr.credentials"}, func(t *testing.T, p *place) setup {
		file := p.googleKey(t, p.dir+"/key.json")
		return setup{file: file, host: googleHost, args: p.rule(t, "{match: '*.pkg.dev', provider: gcr, gcr: {credentialsFile: "+file+"}}")}
	}},
	"Google's subject token": {[]string{"provider/gcr.checkSubjectTokens"}, func(t *testing.T, p *place) setup {
		file := filepath.Join(p.dir, "subject")
		must(t, p.google.WriteSubjectToken(file))
		must(t, p.google.WriteExternalAccount(p.good+"/federated.json", googleExternal(file)))
		return setup{file: file, host: googleHost, env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + p.good + "/federated.json"}}
	}},

	"DOCKER_CONFIG": {[]string{"provider/dockerhub.readConfig"}, func(t *testing.T, p *place) setup {
		return setup{file: p.write(t, p.dir+"/config.json", dockerLogin), host: hubHost, env: []string{"DOCKER_CONFIG=" + p.dir}}
	}},
	"~/.docker/config.json": {[]string{"provider/dockerhub.readConfig"}, func(t *testing.T, p *place) setup {
		return setup{file: p.write(t, p.dir+"/.docker/config.json", dockerLogin), host: hubHost, env: []string{"HOME=" + p.dir}}
	}},
	"dockerhub.dockerConfig": {[]string{"provider/dockerhub.readConfig"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/docker.json", dockerLogin)
		return setup{file: file, host: hubHost, args: p.rule(t, "{match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: "+file+"}}")}
	}},
	"dockerhub.passwordFile": {[]string{"provider/dockerhub.readPassword"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/password", "s3cret\n")
		return setup{file: file, host: hubHost, args: p.rule(t, "{match: docker.io, provider: dockerhub, dockerhub: {username: me, passwordFile: "+file+"}}")}
	}},
	"a credential helper": {[]string{"provider/dockerconfig.get"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/docker-credential-x", "#!/bin/sh\necho '{\"Username\":\"me\",\"Secret\":\"s3cret\"}'\n")
		p.write(t, p.good+"/config.json", `{"credsStore": "x"}`)
		return setup{file: file, host: hubHost, env: []string{"DOCKER_CONFIG=" + p.good, "PATH=" + p.dir + ":/usr/bin:/bin"}}
	}},

	"--config": {[]string{"cmd/internal/config.Load"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/pullpass.yaml", config("{match: docker.io, provider: dockerhub, dockerhub: {username: me, passwordFile: "+p.write(t, p.good+"/password", "x")+"}}"))
		return setup{file: file, host: hubHost, args: []string{"--config", file}}
	}},
	"PULLPASS_CONFIG": {[]string{"cmd/internal/config.Load"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/pullpass.yaml", config("{match: docker.io, provider: dockerhub, dockerhub: {username: me, passwordFile: "+p.write(t, p.good+"/password", "x")+"}}"))
		return setup{file: file, host: hubHost, env: []string{"PULLPASS_CONFIG=" + file}}
	}},
	"config check --pullpass": {[]string{"cmd/pullpass/internal/configcmd.checkOwnConfig"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/pullpass.yaml", config("{match: docker.io, provider: dockerhub}"))
		return setup{file: file, args: []string{"config", "check", "--pullpass", file}}
	}},
	"PULLPASS_CACHE_DIR": {[]string{"cache.checkDir"}, func(t *testing.T, p *place) setup {
		return p.cached(t, "PULLPASS_CACHE_DIR="+p.dir+"/cache")
	}},
	"--cache-dir": {[]string{"cache.checkDir"}, func(t *testing.T, p *place) setup {
		s := p.cached(t)
		s.args = []string{"--cache-dir", s.file}
		return s
	}},
	"cache.dir": {[]string{"cache.checkDir"}, func(t *testing.T, p *place) setup {
		s := p.cached(t, "PULLPASS_CACHE_DIR=")
		s.args = []string{"--config", p.write(t, p.good+"/pullpass.yaml", "apiVersion: pullpass/v1\nkind: Config\ncache: {dir: "+s.file+"}\n")}
		return s
	}},

	"secret --password-file": {[]string{"cmd/pullpass/internal/secretcmd.passwordText"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/password", "s3cret\n")
		return setup{file: file, args: []string{"secret", "regcred", "--registry", "ghcr.io", "--username", "me", "--password-file", file}}
	}},
	"secret --google-key-file": {[]string{"cmd/pullpass/internal/secretcmd.readGoogleKey"}, func(t *testing.T, p *place) setup {
		file := p.googleKey(t, p.dir+"/key.json")
		return setup{file: file, args: []string{"secret", "regcred", "--registry", googleHost, "--google-key-file", file}}
	}},
	"secret --from-docker-config": {[]string{"cmd/pullpass/internal/secretcmd.openDockerConfig"}, func(t *testing.T, p *place) setup {
		file := p.write(t, p.dir+"/docker.json", dockerLogin)
		return setup{file: file, args: []string{"secret", "regcred", "--registry", hubHost, "--from-docker-config=" + file}}
	}},
}

const dockerLogin = `{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6czNjcmV0"}}}`

func config(rule string) string {
	return "apiVersion: pullpass/v1\nkind: Config\nregistries:\n- " + rule + "\n"
}

// rule returns the arguments for a config, in a good place, with a rule.
func (p *place) rule(t *testing.T, rule string) []string {
	t.Helper()
	return []string{"--config", p.write(t, p.good+"/pullpass.yaml", config(rule))}
}

// keys are those of a user in a shared file.
func (p *place) keys() string {
	user := p.aws.NewUser("node")
	return "aws_access_key_id = " + user.AccessKeyID + "\naws_secret_access_key = " + user.SecretAccessKey + "\n"
}

// process is a script that prints keys.
func (p *place) process() string {
	return "#!/bin/sh\ncat <<'EOF'\n" + p.aws.NewUser("process").ProcessOutput() + "\nEOF\n"
}

func (p *place) ecr(file string, env ...string) setup {
	return setup{file: file, host: ecrHost, env: append(p.aws.EndpointEnv(), env...)}
}

func (p *place) overTLS(file string, env ...string) setup {
	return setup{file: file, host: ecrHost, env: append(append(p.aws.NewUser("node").Env(), "HTTPS_PROXY="+p.proxy.URL), env...)}
}

// authority writes the certificate of the proxy's authority.
func (p *place) authority(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(p.proxy.CAFile)
	must(t, err)
	return p.write(t, path, string(text))
}

func (p *place) googleKey(t *testing.T, path string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, p.google.WriteKeyFile(path, keyAccount, ""))
	return path
}

// cached asks for a credential that is kept in a cache below dir.
func (p *place) cached(t *testing.T, env ...string) setup {
	t.Helper()
	s := p.ecr(p.dir+"/cache", append(p.aws.NewUser("node").Env(), env...)...)
	s.unusable = true
	return s
}

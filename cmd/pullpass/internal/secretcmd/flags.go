package secretcmd

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/cmd/internal/pullsecret"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

// flags are the flags of pullpass secret, as they were given.
type flags struct {
	images     []string
	registries cli.List
	minValid   time.Duration // zero for three quarters of a token's life
	jitter     time.Duration

	username      string
	passwordStdin bool
	passwordFile  string
	googleKeyFile string
	dockerConfig  string // ownDockerConfig for that of the user; "" for none

	namespaces          []string
	serviceAccounts     []string
	serviceAccountsFile string
	labels, annotations []string

	format string
	out    string
}

const formatDockerConfig = "dockerconfigjson"

func (f *flags) addTo(command *cobra.Command) {
	set := command.Flags()
	set.SortFlags = false
	set.Var(&f.registries, "registry", "registry `HOST[/PATH]`; repeatable, or separated by commas")
	set.StringArrayVar(&f.images, "image", nil, "`image` whose registry to use; repeatable")
	set.StringVar(&f.username, "username", "", "`user` of the registry; needs --password-stdin or --password-file")
	set.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password or access token from stdin; on a terminal, ask for it without echo")
	set.StringVar(&f.passwordFile, "password-file", "", "`file` with the password or access token")
	set.StringVar(&f.googleKeyFile, "google-key-file", "", "`file` with a service account key for Google's registries")
	set.StringVar(&f.dockerConfig, "from-docker-config", "", "use the logins of docker login in this `file` (without a value, ~/.docker/config.json)")
	set.Lookup("from-docker-config").NoOptDefVal = ownDockerConfig
	set.DurationVar(&f.minValid, "min-valid", 0, "remaining `time` that a cached token needs, such as 90m or 8h (default three quarters of its lifetime)")
	set.DurationVar(&f.jitter, "jitter", 0, "wait a random part of this `time` before fetching tokens, such as 5m, to spread schedules")
	set.StringArrayVarP(&f.namespaces, "namespace", "n", nil, "`namespace` of the Secret; repeatable")
	set.StringArrayVar(&f.labels, "label", nil, "label of the Secret, `KEY=VALUE`; repeatable")
	set.StringArrayVar(&f.annotations, "annotation", nil, "annotation of the Secret, `KEY=VALUE`; repeatable")
	set.StringArrayVar(&f.serviceAccounts, "service-account", nil, "service `account` to attach the Secret to; repeatable")
	set.StringVar(&f.serviceAccountsFile, "service-account-file", "", "`file` with the output of kubectl get serviceaccount -o yaml, or - for stdin")
	set.StringVarP(&f.format, "output", "o", "yaml", "output `format`: yaml, json, or dockerconfigjson for only the config.json")
	set.StringVar(&f.out, "out", "", "write to this `file` instead of stdout, atomically and with mode 0600")
	cli.Choices(command, "output", "yaml", "json", formatDockerConfig)
}

// parse checks the name and the flags as far as that is possible without reading any file.
// changed reports whether a flag was given.
func (f *flags) parse(b *broker.Broker, stdio *cli.Stdio, args []string, changed func(string) bool) (*job, error) {
	job := &job{flags: f, broker: b, stdio: stdio}
	if err := f.checkFormat(changed); err != nil {
		return nil, err
	}
	// An unset variable of a script must not lead to another source, or print the Secret.
	for _, flag := range []struct{ name, value string }{
		{"username", f.username}, {"password-file", f.passwordFile}, {"google-key-file", f.googleKeyFile},
		{"from-docker-config", f.dockerConfig}, {"service-account-file", f.serviceAccountsFile}, {"out", f.out},
	} {
		if flag.value == "" && changed(flag.name) {
			return nil, fmt.Errorf("--%s must not be empty", flag.name)
		}
	}
	if err := job.parseName(args); err != nil {
		return nil, err
	}
	if f.minValid < 0 || f.jitter < 0 {
		return nil, errors.New("--min-valid and --jitter must not be negative")
	}
	for _, check := range []func() error{job.checkSources, job.parseWanted, job.parseMetadata, job.checkAccounts} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return job, nil
}

func (j *job) parseName(args []string) error {
	for _, arg := range args {
		// With a blank in place of the equals sign, the file would be taken for the name, and the
		// logins from another one.
		info, err := os.Stat(arg)
		isFile := err == nil && !info.IsDir() || strings.HasSuffix(arg, ".json")
		if j.dockerConfig == ownDockerConfig && isFile {
			return fmt.Errorf("%q looks like a file; if --from-docker-config is to read it: --from-docker-config=%s", arg, arg)
		}
	}
	switch {
	case len(args) > 1:
		return errors.New("more than one name")
	case len(args) == 1:
		j.name = args[0]
		return kubename.CheckName(j.name)
	case j.format != formatDockerConfig:
		return errors.New("the name of the Secret is missing")
	}
	return nil
}

func (f *flags) checkFormat(changed func(string) bool) error {
	switch f.format {
	case "yaml", "json":
		return nil
	case formatDockerConfig:
	default:
		return fmt.Errorf("unknown format %q, known are yaml, json, %s", f.format, formatDockerConfig)
	}
	for _, name := range []string{"namespace", "label", "annotation", "service-account", "service-account-file"} {
		if changed(name) {
			return fmt.Errorf("--%s is for a manifest, and -o %s writes none", name, formatDockerConfig)
		}
	}
	return nil
}

// ownPrefix is that of the annotations that are ours.
const ownPrefix = "pullpass/"

func (j *job) parseMetadata() error {
	j.manifest = pullsecret.Manifest{Name: j.name, Labels: map[string]string{}, Annotations: map[string]string{}}
	for _, namespace := range j.namespaces {
		if err := kubename.CheckNamespace(namespace); err != nil {
			return err
		}
	}
	if err := parsePairs("--label", j.labels, j.manifest.Labels, kubename.CheckLabel); err != nil {
		return err
	}
	return parsePairs("--annotation", j.annotations, j.manifest.Annotations, func(key, _ string) error {
		if strings.HasPrefix(key, ownPrefix) {
			return errors.New(key + " is for pullpass itself, as all " + ownPrefix + "… are")
		}
		return kubename.CheckAnnotationKey(key)
	})
}

// parsePairs reads the KEY=VALUE of a flag.
func parsePairs(flag string, texts []string, pairs map[string]string, check func(key, value string) error) error {
	for _, text := range texts {
		key, value, found := strings.Cut(text, "=")
		_, again := pairs[key]
		var err error
		switch {
		case !found:
			err = fmt.Errorf("%q is not KEY=VALUE", text)
		case again:
			err = fmt.Errorf("the key %q is given twice", key)
		default:
			err = check(key, value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		pairs[key] = value
	}
	return nil
}

func (j *job) checkAccounts() error {
	switch {
	case len(j.serviceAccounts) == 0 && j.serviceAccountsFile != "":
		return errors.New("--service-account-file is of no use without --service-account")
	case len(j.serviceAccounts) > 0 && len(j.namespaces) == 0:
		return errors.New("--service-account needs the namespace: -n")
	case len(j.serviceAccounts) > 0 && j.serviceAccountsFile == "":
		return provider.WithHint(
			errors.New("--service-account needs the account as it is now, since an apply replaces its list of pull secrets"),
			fmt.Sprintf("kubectl get serviceaccount %s -n %s -o yaml | pullpass secret … --service-account-file -", j.serviceAccounts[0], j.namespaces[0]))
	case j.serviceAccountsFile == cli.StdinName && j.passwordStdin:
		return provider.WithHint(errors.New("--password-stdin and --service-account-file - both want stdin"), "use --password-file")
	}
	for _, account := range j.serviceAccounts {
		if err := kubename.CheckName(account); err != nil {
			return fmt.Errorf("--service-account: %w", err)
		}
	}
	return nil
}

// withFlagHint adds to the error for a flag of kubectl create secret docker-registry what is in
// its place.
func withFlagHint(err error) error {
	for flag, hint := range map[string]string{
		"--password":        "no password may be an argument: --password-stdin or --password-file",
		"--docker-password": "no password may be an argument: --password-stdin or --password-file",
		"--docker-username": "the flag is --username",
		"--docker-server":   "the flag is --registry",
	} {
		if strings.HasSuffix(err.Error(), "unknown flag: "+flag) {
			return provider.WithHint(err, hint)
		}
	}
	return err
}

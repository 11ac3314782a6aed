package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/secret"
	"github.com/pullpass/pullpass/provider"
)

// secretFlags are the flags of pullpass secret, as they were given.
type secretFlags struct {
	images, registries []string
	minValid           time.Duration // zero for three quarters of a token's life
	jitter             time.Duration

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

func newSecretCommand(n *node) *cobra.Command {
	f := &secretFlags{}
	command := &cobra.Command{
		Use:   "secret NAME {--registry HOST[/PATH] | --image IMAGE}...",
		Short: "Write a pull secret, for clusters where the kubelet cannot have a plugin",
		Long: `Write a Secret of type kubernetes.io/dockerconfigjson with the credentials of registries, for
kubectl apply -f -. Credentials come from where the plugin has them, unless the flags name a
login. A token from the cache must have three quarters of its life left (--min-valid), else a
new one is fetched.

A Secret with tokens says when to replace it: the annotations pullpass/refresh-after, half of the
shortest life, and pullpass/expires-at. If one credential is missing, nothing is written and the
exit code is 1, so that a good Secret is never replaced by a worse one.

--username is for the one registry that no token or key is for. With --from-docker-config, a
registry of Amazon or Google that has no login there gets a token.

--service-account adds the manifest that attaches the Secret to an account. An apply replaces the
list of pull secrets as a whole, so that the account as it is now has to be known:
--service-account-file. With a field manager of its own, as below, the list also survives what
the account's owner applies later.`,
		Example: `  pullpass secret regcred --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com | kubectl apply -f -
  pullpass secret regcred --registry docker.io --username acme --password-stdin < token | kubectl apply -f -
  kubectl get serviceaccount default -n team -o yaml |
    pullpass secret regcred --registry europe-docker.pkg.dev -n team --service-account default --service-account-file - |
    kubectl apply --server-side --force-conflicts --field-manager=pullpass -f -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := f.parse(args, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return asFailure(job.run(cmd.Context(), n))
		},
	}
	f.addTo(command)
	command.AddCommand(newSecretCheckCommand(n))
	return command
}

func (f *secretFlags) addTo(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.registries, "registry", nil, "a registry, `HOST[/PATH]`; may be given more than once")
	flags.StringArrayVar(&f.images, "image", nil, "an `image`, for its registry; may be given more than once")
	flags.StringVar(&f.username, "username", "", "`user` of the registry, with one of the next two")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password or access token from stdin; a terminal is asked without echo")
	flags.StringVar(&f.passwordFile, "password-file", "", "`file` with the password or access token")
	flags.StringVar(&f.googleKeyFile, "google-key-file", "", "`file` with a service account key, for Google's registries")
	flags.StringVar(&f.dockerConfig, "from-docker-config", "", "take the logins of docker login: --from-docker-config=`file`, without a file those of the user")
	flags.Lookup("from-docker-config").NoOptDefVal = ownDockerConfig
	flags.DurationVar(&f.minValid, "min-valid", 0, "how `long` tokens must be good for (default three quarters of their life)")
	flags.DurationVar(&f.jitter, "jitter", 0, "how `long` to wait at most, at random, before tokens are fetched: for schedules that many share")
	flags.StringArrayVarP(&f.namespaces, "namespace", "n", nil, "`namespace` of the Secret; may be given more than once")
	flags.StringArrayVar(&f.labels, "label", nil, "label of the Secret, `KEY=VALUE`; may be given more than once")
	flags.StringArrayVar(&f.annotations, "annotation", nil, "annotation of the Secret, `KEY=VALUE`; may be given more than once")
	flags.StringArrayVar(&f.serviceAccounts, "service-account", nil, "`account` to attach the Secret to; may be given more than once")
	flags.StringVar(&f.serviceAccountsFile, "service-account-file", "", "`file` with the accounts as kubectl get serviceaccount -o yaml gives them, - for stdin")
	flags.StringVarP(&f.format, "output", "o", "yaml", "`format`: yaml, json, or dockerconfigjson for the config.json alone")
	flags.StringVar(&f.out, "out", "", "`file` to write to in place of stdout, in one step and with mode 0600")
}

// A secretJob is what the flags ask for.
type secretJob struct {
	*secretFlags
	name     string
	wanted   []*wanted
	manifest secret.Manifest // without its namespace and the config
}

// parse checks the name and the flags as far as that is possible without reading any file.
// changed tells whether a flag was given.
func (f *secretFlags) parse(args []string, changed func(string) bool) (*secretJob, error) {
	job := &secretJob{secretFlags: f}
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

func (j *secretJob) parseName(args []string) error {
	for _, arg := range args {
		// With a blank in place of the equals sign, the file would be taken for the name, and the
		// logins from another one.
		if _, err := os.Stat(arg); j.dockerConfig == ownDockerConfig && (err == nil || strings.HasSuffix(arg, ".json")) {
			return fmt.Errorf("%q looks like a file; if --from-docker-config is to read it: --from-docker-config=%s", arg, arg)
		}
	}
	switch {
	case len(args) > 1:
		return errors.New("more than one name")
	case len(args) == 1:
		j.name = args[0]
		return secret.CheckName(j.name)
	case j.format != formatDockerConfig:
		return errors.New("the name of the Secret is missing")
	}
	return nil
}

func (f *secretFlags) checkFormat(changed func(string) bool) error {
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

func (j *secretJob) parseMetadata() error {
	j.manifest = secret.Manifest{Name: j.name, Labels: map[string]string{}, Annotations: map[string]string{}}
	for _, namespace := range j.namespaces {
		if err := secret.CheckNamespace(namespace); err != nil {
			return err
		}
	}
	if err := parsePairs("--label", j.labels, j.manifest.Labels, secret.CheckLabel); err != nil {
		return err
	}
	return parsePairs("--annotation", j.annotations, j.manifest.Annotations, func(key, _ string) error {
		if strings.HasPrefix(key, ownPrefix) {
			return errors.New(key + " is for pullpass itself, as all " + ownPrefix + "… are")
		}
		return secret.CheckAnnotationKey(key)
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

func (j *secretJob) checkAccounts() error {
	switch {
	case len(j.serviceAccounts) == 0 && j.serviceAccountsFile != "":
		return errors.New("--service-account-file is of no use without --service-account")
	case len(j.serviceAccounts) > 0 && len(j.namespaces) == 0:
		return errors.New("--service-account needs the namespace: -n")
	case len(j.serviceAccounts) > 0 && j.serviceAccountsFile == "":
		return provider.WithHint(
			errors.New("--service-account needs the account as it is now, since an apply replaces its list of pull secrets"),
			fmt.Sprintf("kubectl get serviceaccount %s -n %s -o yaml | pullpass secret … --service-account-file -", j.serviceAccounts[0], j.namespaces[0]))
	case j.serviceAccountsFile == stdinName && j.passwordStdin:
		return errors.New("--password-stdin and --service-account-file - both want stdin")
	}
	for _, account := range j.serviceAccounts {
		if err := secret.CheckName(account); err != nil {
			return fmt.Errorf("--service-account: %w", err)
		}
	}
	return nil
}

// run gets all credentials, and only then writes.
func (j *secretJob) run(ctx context.Context, n *node) error {
	if err := n.load(); err != nil {
		return err
	}
	accounts, err := j.readAccounts(ctx, n)
	if err != nil {
		return err
	}
	if err := j.openSources(ctx, n); err != nil {
		return err
	}
	if err := j.wait(ctx, n); err != nil {
		return err
	}
	if err := j.fetch(ctx, n); err != nil {
		return err
	}
	config, err := j.config()
	if err != nil {
		return err
	}
	if j.format == formatDockerConfig {
		return j.write(n, config)
	}
	j.manifest.Config = config
	objects, err := j.objects(n, accounts)
	if err != nil {
		return err
	}
	text, err := j.encode(objects)
	if err != nil {
		return err
	}
	return j.write(n, text)
}

// readAccounts reads the service accounts as they are now, if any are to be attached to.
func (j *secretJob) readAccounts(ctx context.Context, n *node) (secret.Accounts, error) {
	if len(j.serviceAccounts) == 0 {
		return secret.Accounts{}, nil
	}
	data, err := n.readInput(ctx, j.serviceAccountsFile)
	if err != nil {
		return secret.Accounts{}, err
	}
	return secret.ParseAccounts(inputName(j.serviceAccountsFile), data)
}

// wait waits for a random part of the jitter.
func (j *secretJob) wait(ctx context.Context, n *node) error {
	if j.jitter == 0 {
		return nil
	}
	wait := rand.N(j.jitter)
	n.messages.debug("wait for %v", wait.Round(time.Millisecond))
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return errors.New("wait for the jitter: stopped by a signal")
	}
}

// objects are the Secret of each namespace, and the accounts that it is to be attached to.
func (j *secretJob) objects(n *node, accounts secret.Accounts) ([]secret.Object, error) {
	var objects []secret.Object
	namespaces := j.namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""} // that of kubectl
	}
	for i, namespace := range namespaces {
		if slices.Contains(namespaces[:i], namespace) {
			continue
		}
		manifest := j.manifest
		manifest.Namespace = namespace
		object, err := manifest.Object()
		if err != nil {
			return nil, fmt.Errorf("make the Secret %s: %w", j.name, err)
		}
		objects = append(objects, object)
		for _, account := range j.serviceAccounts {
			object, attached, err := accounts.Attach(namespace, account, j.name)
			switch {
			case err != nil:
				return nil, err
			case attached:
				n.messages.note("the service account %s/%s has the pull secret %s already and is left out", namespace, account, j.name)
			default:
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

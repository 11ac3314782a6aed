// Package secretcmd is the command pullpass secret: it writes pull secrets, and checks them.
package secretcmd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/pullsecret"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// New returns the command.
func New(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	f := &flags{}
	command := &cobra.Command{
		Use:   "secret NAME [--registry HOST[/PATH] | --image IMAGE]...",
		Short: "Create a pull secret, where you cannot configure the kubelet",
		Long: `Print a Secret of type kubernetes.io/dockerconfigjson with the credentials of
registries, for kubectl apply -f -. It gets the credentials as the plugin does,
unless flags name a login. A cached token is used only if at least three
quarters of its lifetime remain; --min-valid changes that.

Two annotations of a Secret with tokens tell when to renew it:
pullpass/expires-at, when the first token expires, and pullpass/refresh-after,
when half of its lifetime has passed. If a credential is missing, nothing is
printed and the exit code is 1: a good Secret is never replaced by a worse one.

--username applies to the one registry that gets neither a cloud token nor
--google-key-file. With --from-docker-config, Amazon's and Google's registries
without a login in that file get a token.

--service-account adds a manifest that attaches the Secret to a service account.
Applying it replaces the account's whole list of pull secrets. It therefore needs
the account as it is now: --service-account-file. Keep --field-manager=pullpass
as in the example: the list then survives later applies by the account's owner.
Without a registry, only this manifest is printed.`,
		Example: `  pullpass secret regcred --registry europe-docker.pkg.dev | kubectl apply -f -

  pullpass secret regcred --registry docker.io \
    --username acme --password-stdin < token | kubectl apply -f -

  kubectl get serviceaccount default -n team -o yaml |
    pullpass secret regcred --registry europe-docker.pkg.dev -n team \
      --service-account default --service-account-file - |
    kubectl apply --server-side --force-conflicts \
      --field-manager=pullpass -f -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := f.parse(b, stdio, args, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return cli.AsFailure(job.run(cmd.Context()))
		},
	}
	f.addTo(command)
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return withFlagHint(err) })
	command.AddCommand(newCheck(b, stdio))
	return command
}

// A job is one run of the command, with flags that are good.
type job struct {
	*flags
	broker   *broker.Broker
	stdio    *cli.Stdio
	name     string
	wanted   []*wanted
	manifest pullsecret.Manifest // without its namespace and the config
}

// run gets all credentials, and only then writes.
func (j *job) run(ctx context.Context) error {
	if err := j.broker.Load(); err != nil {
		return err
	}
	accounts, err := j.readAccounts(ctx)
	if err != nil {
		return err
	}
	if err := j.openSources(ctx); err != nil {
		return err
	}
	if err := j.wait(ctx); err != nil {
		return err
	}
	if err := j.fetch(ctx); err != nil {
		return err
	}
	if len(j.wanted) > 0 {
		if j.manifest.Config, err = j.config(); err != nil {
			return err
		}
	}
	if j.format == formatDockerConfig {
		return j.write(j.manifest.Config)
	}
	objects, err := j.objects(accounts)
	if err != nil {
		return err
	}
	text, err := j.encode(objects)
	if err != nil {
		return err
	}
	return j.write(text)
}

// readAccounts reads the service accounts as they are now, if any are to be attached to.
func (j *job) readAccounts(ctx context.Context) (pullsecret.Accounts, error) {
	if len(j.serviceAccounts) == 0 {
		return pullsecret.Accounts{}, nil
	}
	data, err := j.stdio.ReadInput(ctx, j.serviceAccountsFile)
	if err != nil {
		return pullsecret.Accounts{}, err
	}
	return pullsecret.ParseAccounts(cli.InputName(j.serviceAccountsFile), data)
}

// wait waits for a random part of the jitter.
func (j *job) wait(ctx context.Context) error {
	if j.jitter == 0 {
		return nil
	}
	wait := rand.N(j.jitter)
	j.broker.Log.Debug("wait for %v", wait.Round(time.Millisecond))
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return errors.New("wait for the jitter: stopped by a signal")
	}
}

// objects are the Secret of each namespace, and the accounts that it is to be attached to.
func (j *job) objects(accounts pullsecret.Accounts) ([]pullsecret.Object, error) {
	var objects []pullsecret.Object
	namespaces := j.namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""} // that of kubectl
	}
	for i, namespace := range namespaces {
		if slices.Contains(namespaces[:i], namespace) {
			continue
		}
		if len(j.wanted) > 0 {
			manifest := j.manifest
			manifest.Namespace = namespace
			object, err := manifest.Object()
			if err != nil {
				return nil, fmt.Errorf("make the Secret %s: %w", j.name, err)
			}
			objects = append(objects, object)
		}
		for _, account := range j.serviceAccounts {
			object, attached, err := accounts.Attach(namespace, account, j.name)
			switch {
			case err != nil:
				return nil, err
			case attached:
				j.broker.Log.Note("the service account %s/%s has the pull secret %s already and is left out", namespace, account, j.name)
			default:
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

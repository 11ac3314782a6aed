package secretcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/pullsecret"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

func newCheck(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	var references []string
	command := &cobra.Command{
		Use:   "check FILE|- [--image IMAGE]...",
		Short: "Diagnose pull secrets",
		Long: `Check the Secrets in a file, or - for stdin: the output of kubectl get secret -o
yaml or -o json, or manifests. It reports what the API server refuses, what the
kubelet cannot read or ignores, keys that match no image, and expired
credentials. Secrets are never shown, and no server is asked.

With --image, it also reports which entries the kubelet tries for an image, or
why there is none.

Checked are Secrets of a pull secret's type and Secrets that hold a Docker
config. Errors, and an image without an entry, make the exit code 1; notes do
not.`,
		Example: `  kubectl get secret regcred -n team -o yaml | pullpass secret check -
  pullpass secret check regcred.yaml --image ghcr.io/acme/app`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one file with Secrets, or - for stdin")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var images []provider.Image
			for _, reference := range references {
				image, err := provider.ParseImage(reference)
				if err != nil {
					return fmt.Errorf("--image %q: %w", reference, err)
				}
				images = append(images, image)
			}
			return cli.AsFailure(checkSecrets(cmd.Context(), b, stdio, args[0], images))
		},
	}
	command.Flags().StringArrayVar(&references, "image", nil, "report which entries the kubelet tries for this `image`; repeatable")
	return command
}

// checkSecrets writes what is wrong with the Secrets of a file, or that nothing is. The error
// counts the faults.
func checkSecrets(ctx context.Context, b *broker.Broker, stdio *cli.Stdio, file string, images []provider.Image) error {
	data, err := stdio.ReadInput(ctx, file)
	if err != nil {
		return err
	}
	secrets, err := pullsecret.ReadSecrets(cli.InputName(file), data)
	if err != nil {
		return fmt.Errorf("check %w", err)
	}
	pullSecrets := selectPullSecrets(secrets)
	b.Log.Scrubber.HideLater(func() []string { return secretsIn(pullSecrets) })
	if others := len(secrets) - len(pullSecrets); others > 0 {
		b.Log.Note("passed over, since they are no pull secrets: %d of %d Secrets", others, len(secrets))
	}
	var findings []report.Finding
	for _, secret := range pullSecrets {
		findings = append(findings, secretFindings(secret, b.Now())...)
	}
	for _, image := range images {
		findings = append(findings, imageFindings(image, pullSecrets, b.Backends, b.Now())...)
	}
	if _, err := io.WriteString(stdio.Out, report.Text(findings)); err != nil {
		return err
	}
	return report.Err(cli.InputName(file), findings)
}

// secretsIn returns what is secret in the Secrets: in all of those that people check, and in the first ones of a
// whole cluster's. Findings quote no values anyway; to look for all of those as well would take much more time
// and memory than the check.
func secretsIn(list []pullsecret.Secret) []string {
	room := 256 << 10 // bytes, some hundred tokens
	var found []string
	for _, secret := range list {
		for _, text := range secret.Secrets() {
			if room -= len(text); room < 0 {
				return found
			}
			found = append(found, text)
		}
	}
	return found
}

// selectPullSecrets returns the Secrets that are meant to be pull secrets, or all if none is: then
// the user means those.
func selectPullSecrets(secrets []pullsecret.Secret) []pullsecret.Secret {
	var selected []pullsecret.Secret
	for _, secret := range secrets {
		if secret.IsPullSecret() {
			selected = append(selected, secret)
		}
	}
	if len(selected) == 0 {
		return secrets
	}
	return selected
}

// secretFindings returns the faults and notes of a Secret, and what it holds if there is no fault.
func secretFindings(secret pullsecret.Secret, now time.Time) []report.Finding {
	findings := secret.Check(now)
	if report.Faults(findings) > 0 {
		return findings
	}
	var logins []string
	for _, login := range secret.Logins() {
		logins = append(logins, strictyaml.Shown(login.Key)+" "+userOf(login))
	}
	return append(findings, report.Finding{
		Severity: report.OK,
		Place:    report.Place{Object: secret.String()},
		Text:     report.Count(len(logins), "entry", "entries") + ": " + strings.Join(logins, ", "),
	})
}

// imageFindings returns which entries the kubelet tries for an image, or for each Secret why none.
func imageFindings(image provider.Image, secrets []pullsecret.Secret, backends provider.Backends, now time.Time) []report.Finding {
	var matches, misses []report.Finding
	for _, secret := range secrets {
		finding := report.Finding{Severity: report.Info, Place: report.Place{Object: image.String()}}
		entries, err := secret.Entries(image)
		switch {
		case err != nil:
			finding.Text = fmt.Sprintf("no entry in %s: %v", secret, err)
			misses = append(misses, finding)
		case len(entries) == 0:
			finding.Text = fmt.Sprintf("no entry in %s: %s", secret, secret.WhyNoEntry(image, backends))
			misses = append(misses, finding)
		default:
			finding.Text = fmt.Sprintf("%s %s", secret, entriesText(secret, entries, now))
			matches = append(matches, finding)
		}
	}
	if len(matches) > 0 {
		return matches
	}
	misses[0].Severity = report.Fault // one for the image, however many Secrets have no entry
	return misses
}

// entriesText lists entries in the order in which the kubelet tries them, and says which have expired.
func entriesText(secret pullsecret.Secret, entries []dockerconfig.KubeletEntry, now time.Time) string {
	var texts []string
	for _, entry := range entries {
		text := fmt.Sprintf("auths[%q] %s", entry.Key, userOf(entry))
		if expired := secret.Expired(entry, now); expired != "" {
			text += ", which " + expired
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", then ")
}

func userOf(entry dockerconfig.KubeletEntry) string {
	if entry.Username == "" {
		return "(no user)"
	}
	return "(user " + strictyaml.Shown(entry.Username) + ")"
}

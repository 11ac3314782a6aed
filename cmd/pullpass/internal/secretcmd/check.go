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
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/internal/pullsecret"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

func newCheck(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	var references []string
	command := &cobra.Command{
		Use:   "check FILE|- [--image IMAGE]...",
		Short: "Tell what keeps pull secrets from working",
		Long: `Check the Secrets in a file, or on stdin for -: what kubectl get secret -o yaml or -o json
prints, or manifests. It tells what the API server refuses, what the kubelet cannot read or
ignores, keys that match no image, and what has expired; never a secret. With --image it tells
which entries the kubelet tries for an image, or why none. It asks nobody else.

Of several Secrets, those are checked that are pull secrets by their type, or hold a Docker
config. The exit code is 1 if there is a fault, and no entry for an image is one. Notes are not.`,
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
	command.Flags().StringArrayVar(&references, "image", nil, "an `image` to tell the entries for; may be given more than once")
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
	if others := len(secrets) - len(pullSecrets); others > 0 {
		b.Log.Note("passed over, since they are no pull secrets: %d of %d Secrets", others, len(secrets))
	}
	var report secretReport
	for _, found := range pullSecrets {
		report.addSecret(found, b.Now())
	}
	for _, image := range images {
		report.addImage(image, pullSecrets)
	}
	if _, err := io.WriteString(stdio.Out, report.text.String()); err != nil {
		return err
	}
	switch report.faults {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("check %s: 1 fault", cli.InputName(file))
	}
	return fmt.Errorf("check %s: %d faults", cli.InputName(file), report.faults)
}

// selectPullSecrets returns the Secrets that are meant to be pull secrets, or all if none is:
// who asks about one means it.
func selectPullSecrets(secrets []pullsecret.Found) []pullsecret.Found {
	var selected []pullsecret.Found
	for _, found := range secrets {
		if found.IsPullSecret() {
			selected = append(selected, found)
		}
	}
	if len(selected) == 0 {
		return secrets
	}
	return selected
}

// A secretReport is what secret check has found.
type secretReport struct {
	text   strings.Builder
	faults int
}

func (r *secretReport) line(format string, args ...any) {
	r.text.WriteString(env.OneLine(fmt.Sprintf(format, args...)) + "\n")
}

// addSecret tells the faults and notes of a Secret, and what it holds if there is no fault.
func (r *secretReport) addSecret(found pullsecret.Found, now time.Time) {
	before := r.faults
	for _, fault := range found.Check(now) {
		what := fault.Text
		if fault.Key != "" {
			what = fmt.Sprintf("auths[%q]: %s", fault.Key, fault.Text)
		}
		if fault.Note {
			what = "note: " + what
		} else {
			r.faults++
		}
		r.line("%s: %s", found, what)
		if fault.Hint != "" {
			r.line("  hint: %s", fault.Hint)
		}
	}
	if r.faults > before {
		return
	}
	var logins []string
	for _, login := range found.Logins() {
		logins = append(logins, strictyaml.Shown(login.Key)+" "+userOf(login))
	}
	entries := "entries"
	if len(logins) == 1 {
		entries = "entry"
	}
	r.line("%s: ok, %d %s: %s", found, len(logins), entries, strings.Join(logins, ", "))
}

// addImage tells which entries the kubelet tries for an image, or for each Secret why none.
func (r *secretReport) addImage(image provider.Image, secrets []pullsecret.Found) {
	var matches, misses []string
	for _, found := range secrets {
		entries, err := found.Entries(image)
		switch {
		case err != nil:
			misses = append(misses, fmt.Sprintf("%s: no entry in %s: %v", image, found, err))
		case len(entries) == 0:
			misses = append(misses, fmt.Sprintf("%s: no entry in %s: %s", image, found, found.Reason(image)))
		default:
			matches = append(matches, fmt.Sprintf("%s: %s %s", image, found, tries(entries)))
		}
	}
	if len(matches) == 0 {
		r.faults++
		matches = misses
	}
	for _, line := range matches {
		r.line("%s", line)
	}
}

func tries(entries []dockerconfig.KubeletEntry) string {
	var texts []string
	for _, entry := range entries {
		texts = append(texts, fmt.Sprintf("auths[%q] %s", entry.Key, userOf(entry)))
	}
	return strings.Join(texts, ", then ")
}

func userOf(entry dockerconfig.KubeletEntry) string {
	if entry.Username == "" {
		return "(no user)"
	}
	return "(user " + strictyaml.Shown(entry.Username) + ")"
}

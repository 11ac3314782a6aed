package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// secret writes one pull secret for the registries of images, checks it, and pulls each image
// with what is in it.
func (d *demo) secret(ctx context.Context, title string, images ...string) error {
	arguments := []string{"secret", "regcred", "-n", "team"}
	check := []string{"secret", "check", "-"}
	for _, image := range images {
		arguments = append(arguments, "--image", image)
		check = append(check, "--image", image)
	}
	manifest, err := d.command(ctx, nil, arguments...)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "--- %s\n$ pullpass %s\n%s", title, strings.Join(arguments, " "), shortenData(manifest))
	findings, err := d.command(ctx, bytes.NewReader(manifest), check...)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "$ … | pullpass %s\n%s", strings.Join(check, " "), findings)
	answer, err := decodeSecret(manifest)
	if err != nil {
		return err
	}
	for _, image := range images {
		host, _, _ := strings.Cut(image, "/")
		login := answer.Auth[host]
		digest, err := d.world.registry.Pull(ctx, image+":1", login.Username, login.Password)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "pull      %s with its entry: %s\n", image, digest)
	}
	fmt.Fprintln(d.out)
	return nil
}

// command runs pullpass and returns what it writes.
func (d *demo) command(ctx context.Context, stdin io.Reader, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, d.pullpass, arguments...)
	command.Env = d.world.env
	command.Stdin = stdin
	var messages bytes.Buffer
	command.Stderr = &messages
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(d.pullpass), strings.Join(arguments, " "), err, messages.String())
	}
	return out, nil
}

// shortenData leaves a few letters of the data in a manifest.
func shortenData(manifest []byte) []byte {
	return regexp.MustCompile(`(\.dockerconfigjson: .{4}).*`).ReplaceAll(manifest, []byte("$1…"))
}

// decodeSecret returns the logins in a manifest, by the keys that a response has.
func decodeSecret(manifest []byte) (response, error) {
	var secret struct {
		Data map[string][]byte `json:"data"`
	}
	if err := yaml.Unmarshal(manifest, &secret); err != nil {
		return response{}, errors.New("the Secret is not YAML")
	}
	var config struct {
		Auths json.RawMessage `json:"auths"`
	}
	var answer response
	if json.Unmarshal(secret.Data[".dockerconfigjson"], &config) != nil || json.Unmarshal(config.Auths, &answer.Auth) != nil {
		return response{}, errors.New("the Secret holds no config.json")
	}
	return answer, nil
}

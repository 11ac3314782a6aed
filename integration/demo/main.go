// Command demo shows the main job of pullpass on this machine: it starts fakes of the clouds
// and a real registry on loopback, asks for credentials as the kubelet does, and pulls a
// private image with one of them.
//
//	demo PULLPASS
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo PULLPASS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// The images that the demo asks for, and the host that only looks like Google's.
const (
	ecrImage       = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"
	googleImage    = "europe-docker.pkg.dev/project/repository/app"
	hubImage       = "docker.io/acme/app"
	publicImage    = "docker.io/library/nginx"
	lookalikeImage = "gcr.io.evil.com/project/app"
)

func run(ctx context.Context, pullpass string, out io.Writer) error {
	world, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer world.close()
	d := &demo{pullpass: pullpass, world: world, out: out}
	for _, step := range []struct{ title, image string }{
		{"Amazon ECR: the node's role, from the instance metadata service", ecrImage},
		{"Google Artifact Registry: the node's service account, from the metadata server", googleImage},
		{"Docker Hub: what docker login wrote", hubImage},
	} {
		if err := d.pull(ctx, step.title, step.image); err != nil {
			return fmt.Errorf("%s: %w", step.image, err)
		}
	}
	if err := d.pullPublic(ctx, "A token of Docker Hub that was revoked, and a public image: the kubelet tries the second key", publicImage); err != nil {
		return fmt.Errorf("%s: %w", publicImage, err)
	}
	if err := d.boot(ctx, "A node that boots: a process for each image, and one call of the cloud"); err != nil {
		return err
	}
	if err := d.outage(ctx, "ECR is out of order: the answer is the token that the node has", ecrImage); err != nil {
		return fmt.Errorf("%s: %w", ecrImage, err)
	}
	if err := d.get(ctx, "Who answered, from where and until when? pullpass get shows it, without the secret", ecrImage); err != nil {
		return fmt.Errorf("%s: %w", ecrImage, err)
	}
	if err := d.secret(ctx, "Where the kubelet cannot have a plugin: one Secret for three registries", ecrImage, googleImage, hubImage); err != nil {
		return err
	}
	if err := d.refuse(ctx, "A host that only looks like Google's gets nothing", lookalikeImage); err != nil {
		return err
	}
	fmt.Fprintln(out, "All checks passed. To put it on a node, see README.md.")
	return nil
}

type demo struct {
	pullpass string
	world    *world
	out      io.Writer
}

type response struct {
	Auth map[string]struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"auth"`

	shown string // the text, with the passwords shortened
}

// pull shows an exchange and pulls the image with the credential in it.
func (d *demo) pull(ctx context.Context, title, image string) error {
	answer, err := d.ask(ctx, title, image, d.world.env)
	if err != nil {
		return err
	}
	host, _, _ := strings.Cut(image, "/")
	login, found := answer.Auth[host]
	if !found {
		return errors.New("the answer holds no credential")
	}
	if _, err := d.world.registry.Pull(ctx, image+":1", "", ""); err == nil {
		return errors.New("the image is not private")
	}
	digest, err := d.world.registry.Pull(ctx, image+":1", login.Username, login.Password)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "pull      refused without the credential; with it %s\n\n", digest)
	return nil
}

// pullPublic shows an exchange with a login that has gone stale, and pulls the image as the
// kubelet does: with the login, and when that is refused, with the anonymous key.
func (d *demo) pullPublic(ctx context.Context, title, image string) error {
	answer, err := d.ask(ctx, title, image, d.world.staleEnv)
	if err != nil {
		return err
	}
	login := answer.Auth["docker.io"]
	if _, err := d.world.registry.Pull(ctx, image+":1", login.Username, login.Password); err == nil {
		return errors.New("the registry takes the revoked token")
	}
	anonymous, found := answer.Auth["*.io"]
	if !found {
		return errors.New("the answer holds no anonymous key")
	}
	digest, err := d.world.registry.Pull(ctx, image+":1", anonymous.Username, anonymous.Password)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "pull      refused with the token; without a login %s\n\n", digest)
	return nil
}

// refuse shows an exchange that must not give a credential.
func (d *demo) refuse(ctx context.Context, title, image string) error {
	answer, err := d.ask(ctx, title, image, d.world.env)
	if err != nil {
		return err
	}
	if len(answer.Auth) != 0 {
		return fmt.Errorf("%s got a credential", image)
	}
	fmt.Fprintln(d.out)
	return nil
}

// ask runs pullpass as the kubelet does, with the node's environment, and shows request and
// response.
func (d *demo) ask(ctx context.Context, title, image string, env []string) (response, error) {
	answer, request, stderr, err := d.exchange(ctx, image, env)
	fmt.Fprintf(d.out, "--- %s\nrequest   %s\n", title, request)
	if err != nil {
		return response{}, err
	}
	fmt.Fprintf(d.out, "response  %s\n", answer.shown)
	if stderr != "" {
		fmt.Fprintf(d.out, "stderr    %s\n", strings.TrimSpace(stderr))
	}
	return answer, nil
}

// exchange runs pullpass for an image.
func (d *demo) exchange(ctx context.Context, image string, env []string) (answer response, request []byte, stderr string, err error) {
	request, err = json.Marshal(map[string]string{
		"kind":       "CredentialProviderRequest",
		"apiVersion": "credentialprovider.kubelet.k8s.io/v1",
		"image":      image,
	})
	if err != nil {
		return response{}, nil, "", err
	}
	command := exec.CommandContext(ctx, d.pullpass)
	command.Env = env
	command.Stdin = bytes.NewReader(request)
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Run(); err != nil {
		return response{}, request, "", fmt.Errorf("%s: %w\n%s", filepath.Base(d.pullpass), err, messages.String())
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return response{}, request, "", fmt.Errorf("the answer is not a response: %w", err)
	}
	answer.shown = shorten(out.String(), answer)
	return answer, request, messages.String(), nil
}

// shorten leaves a few letters of each password in an answer's text.
func shorten(text string, answer response) string {
	for _, login := range answer.Auth {
		if len(login.Password) > 4 {
			text = strings.ReplaceAll(text, login.Password, login.Password[:4]+"…")
		}
	}
	return strings.TrimSpace(text)
}

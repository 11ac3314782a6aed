package dockerconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/internal/subprocess"
)

// Programs is the Helper that runs Docker's helpers, the programs docker-credential-NAME. See
// https://github.com/docker/docker-credential-helpers#development for their protocol.
type Programs struct {
	// Environ is the helpers' environment, as KEY=value. Helpers are looked up in the
	// absolute directories of its PATH.
	Environ []string
	// Timeout is how long a helper may run.
	Timeout time.Duration
}

// HelperLimit is the usual Timeout: a helper may ask a server, and a pull waits for it.
const HelperLimit = 20 * time.Second

// tokenUsername is the username of a login whose secret is an identity token.
const tokenUsername = "<token>"

// Get implements Helper. It ends the helper at the end of Timeout or of ctx, or if the answer is larger
// than 1 MiB. It also ends the programs that the helper has started, except those with a session of their
// own on Unix.
func (p Programs) Get(ctx context.Context, name, server string) (provider.Credential, error) {
	credential, err := p.get(ctx, name, server)
	if err != nil && !errors.Is(err, provider.ErrNone) {
		return provider.Credential{}, fmt.Errorf("ask credential helper %q: %w", name, err)
	}
	return credential, err
}

func (p Programs) get(ctx context.Context, name, server string) (provider.Credential, error) {
	path, err := p.find(name)
	if err != nil {
		return provider.Credential{}, err
	}
	run := &run{ctx: ctx, command: subprocess.Command{
		Path:    path,
		Environ: append([]string{}, p.Environ...), // never nil, which stands for our own
		Timeout: p.Timeout,
	}}
	answer, err := client.Get(run.with, server)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return provider.Credential{}, provider.ErrNone
	case errors.As(run.err, new(*exec.ExitError)):
		return provider.Credential{}, provider.WithHint(run.err,
			"run it as the same user: echo "+server+" | "+path+" get")
	case run.err != nil:
		return provider.Credential{}, run.err
	case err != nil:
		// The text of the client's errors shows what the helper wrote.
		return provider.Credential{}, errors.New("its answer is not the JSON of a credential")
	case answer.Username == tokenUsername:
		return provider.Credential{}, tokenError()
	}
	return newCredential(answer.Username, answer.Secret)
}

// find returns the path of a helper's program.
func (p Programs) find(name string) (string, error) {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if name == "" || strings.Trim(name, allowed) != "" {
		return "", errors.New("only letters, digits and - _ . can stand in its name")
	}
	program := "docker-credential-" + name
	if path, err := subprocess.Find(program, variable(p.Environ, "PATH")); err == nil {
		return path, nil
	}
	return "", provider.WithHint(
		fmt.Errorf("no program %s in PATH", program),
		"install it in a directory of the PATH that pullpass has, or store the credential in auths")
}

// variable returns the value of an environment variable. As for a process, the last counts.
func variable(environ []string, name string) string {
	var value string
	for _, line := range environ {
		if key, text, _ := strings.Cut(line, "="); key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			value = text
		}
	}
	return value
}

// A run is one run of a helper, for docker-credential-helpers' client.
type run struct {
	command subprocess.Command
	ctx     context.Context
	err     error // why Output failed: the client makes a text of it that shows the output
}

func (r *run) with(args ...string) client.Program {
	r.command.Args = args
	return r
}

// Input implements client.Program.
func (r *run) Input(in io.Reader) { r.command.Stdin = in }

// Output implements client.Program.
func (r *run) Output() ([]byte, error) {
	var output []byte
	output, r.err = r.command.Output(r.ctx)
	return output, r.err
}

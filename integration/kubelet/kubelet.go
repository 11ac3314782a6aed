// Package kubelet asks the kubelet's own code: for credentials by way of credential provider
// plugins and of pull secrets, and whom a pattern or a key of a Docker config matches; and the
// API server's code, whether a Secret is valid. That code registers plugins once for a whole
// process, and takes long to compile with the race detector, so that it runs in processes of
// its own, those of the command lookup.
package kubelet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// An Answer is what the kubelet has for an image.
type Answer struct {
	Image string `json:"image"`
	// Entries are the credentials in the order in which the kubelet tries them. None means
	// that it pulls anonymously.
	Entries []Entry `json:"entries"`
}

// An Entry is a credential. With an empty username it is the anonymous try.
type Entry struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// A Result is what a run of the kubelet's code gave.
type Result struct {
	// Answers has an answer for each image, in order.
	Answers []Answer
	// Log is what the kubelet logs: the errors of plugins, and whatever level -v=5 shows.
	Log string
	// Refused is why the kubelet does not take the config, with which it would not start;
	// "" if it does. Then there are no answers.
	Refused string
}

// Lookup registers the plugins of the CredentialProviderConfig at configPath, found in binDir,
// and looks images up one after the other, as one kubelet with its cache. An image may be
// there more than once; its name has no tag or digest. The plugins get env as their whole
// environment, plus what the config says.
func Lookup(t testing.TB, configPath, binDir string, env []string, images ...string) Result {
	t.Helper()
	arguments := append([]string{"-v=5", "plugin", configPath, binDir}, images...)
	stdout, stderr, err := run(t, nil, env, arguments...)
	result := Result{Log: stderr}
	if refused, ok := strings.CutPrefix(lastLine(stderr), RefusedPrefix); ok && err != nil {
		result.Refused = refused
		return result
	}
	if err == nil {
		err = json.Unmarshal(stdout, &result.Answers)
	}
	if err != nil {
		t.Fatalf("lookup plugin: %v\n%s\n%s", err, stdout, stderr)
	}
	return result
}

// RefusedPrefix begins lookup's last line when the kubelet refuses the config.
const RefusedPrefix = "lookup: refused: "

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// ask puts the questions of one mode of lookup on its stdin and returns an answer for each.
func ask[Q, A any](t testing.TB, mode string, questions []Q) []A {
	t.Helper()
	input, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, bytes.NewReader(input), nil, mode)
	var answers []A
	if err == nil {
		err = json.Unmarshal(stdout, &answers)
	}
	if err == nil && len(answers) != len(questions) {
		err = errors.New("not an answer for each question")
	}
	if err != nil {
		t.Fatalf("lookup %s: %v\n%s", mode, err, stderr)
	}
	return answers
}

// lookupTimeout is longer than the kubelet's own limit of a minute for a plugin.
const lookupTimeout = 3 * time.Minute

// run runs lookup with env as its whole environment.
func run(t testing.TB, stdin io.Reader, env []string, arguments ...string) (stdout []byte, stderr string, err error) {
	t.Helper()
	binary, err := lookupBinary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), lookupTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, binary, arguments...)
	command.Env = append([]string{}, env...) // not nil, which would be this process's own
	command.Stdin = stdin
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	err = command.Run()
	return out.Bytes(), log.String(), err
}

// lookupBinary builds lookup and returns its path, in Go's build cache: it is a tool of this
// module, for which the go command keeps the linked binary. Of two go commands that link it at
// once, one still writes the file that the other has returned, and that cannot be run then.
var lookupBinary = sync.OnceValues(func() (string, error) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return "", fmt.Errorf("find Go's build cache: %w", err)
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(strings.TrimSpace(string(cache)), "pullpass-lookup.lock")).Lock()
	if err != nil {
		return "", fmt.Errorf("build lookup: %w", err)
	}
	defer unlock()
	output, err := exec.Command("go", "tool", "-n", "lookup").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build lookup: %w\n%s", err, output)
	}
	return strings.TrimSpace(string(output)), nil
})

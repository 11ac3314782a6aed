package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Client is a user of a cluster.
type Client struct {
	// Kubeconfig is the path of the file with which kubectl, or a kubelet, logs in.
	Kubeconfig string

	cluster *Cluster
	http    *http.Client
	token   string // if it does not log in by a certificate
}

// User returns a user of a name and groups, who logs in by a certificate. A node's name is
// system:node:NAME, its group system:nodes.
func (c *Cluster) User(t testing.TB, name string, groups ...string) *Client {
	t.Helper()
	login, err := c.authority.client(name, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return c.client(t, "default", credential{certificate: login})
}

// ServiceAccount returns a service account as a user, with a token as a pod of it would have,
// and its namespace as the one that kubectl takes if none is named.
func (c *Cluster) ServiceAccount(t testing.TB, namespace, name string) *Client {
	t.Helper()
	return c.client(t, namespace, credential{token: c.Admin.Token(t, namespace, name, "")})
}

// client writes the kubeconfig of a user; JSON is YAML, and its byte slices are base64.
func (c *Cluster) client(t testing.TB, namespace string, login credential) *Client {
	t.Helper()
	type object map[string]any
	user := object{"token": login.token}
	if login.token == "" {
		user = object{"client-certificate-data": login.certificate.certificate, "client-key-data": login.certificate.key}
	}
	content, err := json.Marshal(object{
		"apiVersion":      "v1",
		"kind":            "Config",
		"clusters":        []object{{"name": "test", "cluster": object{"server": c.URL, "certificate-authority-data": c.CA}}},
		"users":           []object{{"name": "test", "user": user}},
		"contexts":        []object{{"name": "test", "context": object{"cluster": "test", "user": "test", "namespace": namespace}}},
		"current-context": "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	http, err := c.connect(t, login)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{Kubeconfig: path, cluster: c, http: http, token: login.token}
}

func (c *Client) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.cluster.kubectl, args...)
	command.Env = []string{"KUBECONFIG=" + c.Kubeconfig, "HOME=" + c.cluster.home}
	return command
}

// A Result is what came of running kubectl.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs kubectl as the user. The code is -1 if it could not be run or ctx ended it.
func (c *Client) Run(ctx context.Context, stdin string, args ...string) Result {
	command := c.command(ctx, args...)
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return Result{-1, "", err.Error()}
	}
	return Result{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Kubectl runs kubectl as the user and returns what it prints. Its failure is the test's.
func (c *Client) Kubectl(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	r := c.Run(t.Context(), stdin, args...)
	if r.Code != 0 {
		t.Fatalf("kubectl %s: exit code %d\n%s", strings.Join(args, " "), r.Code, r.Stderr)
	}
	return r.Stdout
}

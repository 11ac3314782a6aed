// Package cluster starts the control plane of a real Kubernetes cluster for a test, etcd and
// kube-apiserver, and runs kubectl against it.
//
// There is no controller manager: no namespace gets its service account "default" by itself,
// and nothing is garbage-collected. A test makes what it needs.
package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A Cluster is a running control plane, with Node and RBAC authorization and the admission
// plugin NodeRestriction.
type Cluster struct {
	// URL is the API server's, on loopback.
	URL string
	// CA is the PEM of the authority that issued the API server's certificate.
	CA []byte
	// Admin is a user who may do everything.
	Admin *Client

	authority *authority
	kubectl   string
	home      string   // of kubectl: what it learns of the API is the same for all users
	resources sync.Map // []resource by version of an API, for the same reason
}

// Start starts a cluster that ends with the test.
func Start(t testing.TB) *Cluster {
	t.Helper()
	etcd, server := Binary(t, "etcd"), Binary(t, "kube-apiserver")
	c := &Cluster{kubectl: Binary(t, "kubectl"), home: t.TempDir()}
	directory := t.TempDir()
	port, release, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	c.URL = fmt.Sprintf("https://127.0.0.1:%d", port)
	if err := c.issue(directory); err != nil {
		t.Fatal(err)
	}
	c.Admin = c.User(t, "admin", "system:masters")

	// Their common working directory keeps the path of the socket short.
	startProcess(t, directory, "etcd", etcd,
		"--data-dir=data",
		"--listen-client-urls="+etcdSocket,
		"--advertise-client-urls="+etcdSocket,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--unsafe-no-fsync",
		"--log-level=warn",
	)
	api := startProcess(t, directory, "kube-apiserver", server,
		"--etcd-servers="+etcdSocket,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--permit-port-sharing", // with reservePort
		"--cert-dir=.",
		"--tls-cert-file=server.crt",
		"--tls-private-key-file=server.key",
		"--client-ca-file=ca.crt",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=accounts.key",
		"--service-account-signing-key-file=accounts.key",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--endpoint-reconciler-type=none", // it does not take a loopback address
		"--allow-privileged",
	)
	c.await(t, api)
	return c
}

const etcdSocket = "unix://etcd.sock"

// issue makes the cluster's authority and writes the files of the API server.
func (c *Cluster) issue(directory string) error {
	var err error
	if c.authority, err = newAuthority(); err != nil {
		return err
	}
	c.CA = c.authority.pem()
	if err := os.WriteFile(filepath.Join(directory, "ca.crt"), c.CA, 0o600); err != nil {
		return err
	}
	server, err := c.authority.server("kube-apiserver")
	if err != nil {
		return err
	}
	if err := server.write(directory, "server"); err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	accounts, err := encodeKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "accounts.key"), accounts, 0o600)
}

// await waits until the API server says that it is ready.
func (c *Cluster) await(t testing.TB, api *process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(c.CA)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	defer client.CloseIdleConnections()
	for {
		err := ready(ctx, client, c.URL)
		if err == nil {
			return
		}
		select {
		case <-api.done:
			t.Fatalf("kube-apiserver ended: %v", api.err)
		case <-ctx.Done():
			t.Fatalf("kube-apiserver is not ready: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return err
}

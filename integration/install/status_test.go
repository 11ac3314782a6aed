package install_test

import (
	"bufio"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestStatus: the document's fields are what other programs read.
func TestStatus(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	golden := func(code int, want string) {
		t.Helper()
		r := m.install("--status", "-o", "json")
		got := regexp.MustCompile(`pullpass [^"]* linux/[a-z0-9]*`).ReplaceAllString(r.Stdout, "VERSION")
		got = regexp.MustCompile(`"[^" ]*[0-9a-f]{64}"`).ReplaceAllString(got, `"HASH"`)
		got = regexp.MustCompile(`"2[0-9-]*T[0-9:]*Z"`).ReplaceAllString(got, `"TIME"`)
		if r.Code != code || r.Stderr != "" || got != want {
			t.Errorf("exit code %d, want %d; stderr %q; stdout:\n%s\nwant:\n%s", r.Code, code, r.Stderr, got, want)
		}
	}
	golden(1, `{
  "installed": false,
  "problem": "there is no /usr/local/lib/pullpass/pullpass",
  "platform": "kubeadm",
  "binary": "/usr/local/lib/pullpass/pullpass",
  "config": "/etc/pullpass/credential-provider-config.yaml",
  "kubelet": {
    "running": true,
    "pid": 1001,
    "current": false,
    "healthy": true
  }
}
`)
	wantRun(t, m.install("--status"), 1, "kubelet: process 1001 runs without it and is healthy\n", nothing)
	wantCode(t, m.install("--restart"), 0)
	golden(0, `{
  "installed": true,
  "platform": "kubeadm",
  "binary": "/usr/local/lib/pullpass/pullpass",
  "version": "VERSION",
  "link": "/usr/local/bin/pullpass",
  "config": "/etc/pullpass/credential-provider-config.yaml",
  "configHash": "HASH",
  "kubelet": {
    "running": true,
    "pid": 1002,
    "current": true,
    "healthy": true
  }
}
`)
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "poison") } })
	wantCode(t, m.restartingInstall("--arg", "poison"), 1)
	golden(0, `{
  "installed": true,
  "platform": "kubeadm",
  "binary": "/usr/local/lib/pullpass/pullpass",
  "version": "VERSION",
  "link": "/usr/local/bin/pullpass",
  "config": "/etc/pullpass/credential-provider-config.yaml",
  "configHash": "HASH",
  "kubelet": {
    "running": true,
    "pid": 1003,
    "current": true,
    "healthy": true
  },
  "rejected": {
    "hash": "HASH",
    "time": "TIME",
    "reason": "within 4s: no kubelet is running"
  }
}
`)
	wantRun(t, m.install("--status"), 0, "kubelet: process 1003 runs with it and is healthy\nrejected: 2", nothing)
	m.set(func() { m.sick = true })
	wantRun(t, m.install("--status"), 0, "kubelet: process 1003 runs with it and is not healthy: ", nothing)
	m.stop()
	wantRun(t, m.install("--status"), 1, "installed: yes\n", nothing)
	wantRun(t, m.install("--status"), 1, "kubelet: no kubelet is running\n", nothing)
}

// TestStatusOfChosenPlaces: what is installed elsewhere does not count.
func TestStatusOfChosenPlaces(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	wantRun(t, m.install("--status", "--kubelet-config", configPath, "--bin-dir", binDir), 0, "installed: yes\n", nothing)
	wantRun(t, m.install("--status", "--kubelet-config", "/etc/other.yaml"), 1, "installed: no, the provider pullpass is not in /etc/other.yaml\n", nothing)
}

// TestWatch: there is a line at first, and one for each change.
func TestWatch(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	p := newProcess(t, "install", "--root", m.root, "--status", "-o", "json", "--watch", "1s")
	reader, writer := io.Pipe()
	p.Stdout = writer
	must(t, p.Start())
	lines := bufio.NewReader(reader)
	next := func() (status struct{ Kubelet struct{ PID int } }) {
		t.Helper()
		line, err := lines.ReadString('\n')
		must(t, err)
		must(t, json.Unmarshal([]byte(line), &status))
		return status
	}
	if status := next(); status.Kubelet.PID != 1002 {
		t.Errorf("at first it says %+v", status)
	}
	m.start()
	status := next()
	for status.Kubelet.PID == 0 { // between the two
		status = next()
	}
	if status.Kubelet.PID != 1003 {
		t.Errorf("then it says %+v", status)
	}
	must(t, p.Process.Signal(syscall.SIGTERM))
	if r := end(t, p); r.Code != 0 || r.Stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.Code, r.Stderr)
	}
}

// TestDryRun: it shows what would be done, without what may be a secret, and does nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := times(t, m.root)
	r := m.install("--restart", "--dry-run", "--registry", "docker.io/acme/", "--env", "TOKEN=hunter3", "--env", "AWS_PROFILE=registry", "--env", "HTTPS_PROXY=http://me:hunter3@proxy.example.com",
		"--arg=--config=/etc/own.yaml", "--arg=--x-token=hunter3", "--arg=hunter3", "--arg=-v", "--arg=-phunter3")
	size := regexp.MustCompile(`[0-9]+ bytes, sha256:[0-9a-f]{64}`).ReplaceAllString(r.Stdout, "SIZE")
	const want = `write /usr/local/lib/pullpass/pullpass, SIZE
diff /dev/null /etc/pullpass/credential-provider-config.yaml
--- /dev/null
+++ /etc/pullpass/credential-provider-config.yaml
@@ -0,0 +1,23 @@
+apiVersion: kubelet.config.k8s.io/v1
+kind: CredentialProviderConfig
+providers:
+- name: pullpass
+  apiVersion: credentialprovider.kubelet.k8s.io/v1
+  defaultCacheDuration: 5m
+  env:
+  - name: GOMAXPROCS
+    value: "1"
+  - name: TOKEN
+    value: REDACTED
+  - name: AWS_PROFILE
+    value: "registry"
+  - name: HTTPS_PROXY
+    value: REDACTED
+  args:
+  - "--config=/etc/own.yaml"
+  - REDACTED
+  - REDACTED
+  - "-v"
+  - REDACTED
+  matchImages:
+  - "docker.io/acme/"
diff /etc/default/kubelet /etc/default/kubelet
--- /etc/default/kubelet
+++ /etc/default/kubelet
@@ -1,3 +1,3 @@
 REDACTED
-KUBELET_EXTRA_ARGS=--node-ip=192.0.2.1
+KUBELET_EXTRA_ARGS=--node-ip=192.0.2.1 --image-credential-provider-config=/etc/pullpass/credential-provider-config.yaml --image-credential-provider-bin-dir=/usr/local/lib/pullpass
 REDACTED
link /usr/local/bin/pullpass to /usr/local/lib/pullpass/pullpass
restart kubelet.service
`
	if r.Code != 0 || r.Stderr != "" || size != want {
		t.Errorf("exit code %d, stderr %q, stdout:\n%s", r.Code, r.Stderr, size)
	}
	wantSame(t, times(t, m.root), before)
	wantRestarts(t, m, 0)

	// The secret is in the config, and only root reads it.
	wantCode(t, m.install("--env", "TOKEN=hunter3"), 0)
	if !strings.Contains(m.read(configPath), "hunter3") || !strings.HasPrefix(snapshot(t, m.root)[configPath[1:]], "-rw------- ") {
		t.Error("the variable is not in the config, or the config is open to all")
	}
	for name := range times(t, m.root) {
		if strings.HasPrefix("/"+name, statePath+"/") && strings.Contains(m.read("/"+name), "hunter3") {
			t.Errorf("the state has the secret: %s", name)
		}
	}
	at := times(t, m.root)
	wantRun(t, m.install("--dry-run", "--env", "TOKEN=hunter4"), 0, "write "+configPath+", ", "note: the previous change is unconfirmed")
	r = m.uninstall("--dry-run")
	wantRun(t, r, 0, "-    value: REDACTED", "note: the previous change is unconfirmed")
	if strings.Contains(r.Stdout+r.Stderr, "hunter") {
		t.Error("the secret is shown")
	}
	wantSame(t, times(t, m.root), at)
}

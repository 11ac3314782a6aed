package install_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/node/unit"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// Where kubeadm's nodes have what matters here.
const (
	configPath = "/etc/pullpass/credential-provider-config.yaml"
	binDir     = "/usr/local/lib/pullpass"
	linkPath   = "/usr/local/bin/pullpass"
	flagsPath  = "/etc/default/kubelet"
	statePath  = "/var/lib/pullpass"
)

// A machine is a node in a directory, as kubeadm makes them, for --root. The test plays its kubelet
// and systemd: there is a /proc of plain files, and its systemctl asks the test.
type machine struct {
	t       testing.TB
	root    string
	address string // of the kubelet's healthz

	starting sync.Mutex // held while a kubelet is ended and started
	mu       sync.Mutex // of all below
	pid      int        // of the kubelet; 0 if none runs
	last     int        // PID that was given
	restarts int
	// refuses tells whether a kubelet ends right after its start with this config, "" for none.
	refuses func(config string) bool
	sick    bool          // healthz answers that it is not well
	held    chan struct{} // systemctl waits for it; nil for no wait
	asked   chan struct{} // gets a value for each systemctl restart
	broken  string        // what systemctl says instead of restarting
}

// newMachine makes a node on which a kubelet without plugins runs.
func newMachine(t testing.TB) *machine {
	t.Helper()
	// The path of a socket must be short.
	root, err := os.MkdirTemp("", "node-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(root) })
	m := &machine{t: t, root: root, asked: make(chan struct{}, 100), refuses: func(string) bool { return false }}
	healthz := httptest.NewServer(http.HandlerFunc(m.healthz))
	t.Cleanup(healthz.Close)
	m.address = healthz.Listener.Addr().String()
	_, port, err := net.SplitHostPort(m.address)
	must(t, err)
	for path, content := range map[string]string{
		"/usr/lib/systemd/system/kubelet.service":                   "[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\n",
		"/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": "[Service]\nEnvironment=\"KUBELET_CONFIG_ARGS=--config=/run/kubelet.yaml\"\nEnvironmentFile=-/etc/default/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_CONFIG_ARGS $KUBELET_EXTRA_ARGS\n",
		"/run/kubelet.yaml":               "kind: KubeletConfiguration\nhealthzPort: " + port + "\n",
		flagsPath:                         "# for this node\nKUBELET_EXTRA_ARGS=--node-ip=192.0.2.1\nHTTPS_PROXY=http://me:hunter2@proxy.example.com\n",
		"/proc/sys/kernel/random/boot_id": bootID(t),
		"/dev/null":                       "",
		"/etc/kubernetes/kubelet.conf":    "",
	} {
		m.write(path, content)
	}
	for _, directory := range []string{"/run/systemd", "/usr/bin", "/usr/local/bin", "/var/lib"} {
		must(t, os.MkdirAll(m.path(directory), 0o755))
	}
	must(t, os.Link(systemctl, m.path("/usr/bin/systemctl")))
	listener, err := net.Listen("unix", m.path("/run/systemd/private"))
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go m.systemd(connection)
		}
	}()
	m.start()
	return m
}

func bootID(t testing.TB) string {
	t.Helper()
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	must(t, err)
	return string(id)
}

// path is where a file of the node is here.
func (m *machine) path(path string) string { return filepath.Join(m.root, path) }

func (m *machine) write(path, content string) {
	m.t.Helper()
	must(m.t, os.MkdirAll(filepath.Dir(m.path(path)), 0o755))
	must(m.t, os.WriteFile(m.path(path), []byte(content), 0o644))
}

// read returns the content of a file, "" if there is none.
func (m *machine) read(path string) string {
	m.t.Helper()
	data, err := os.ReadFile(m.path(path))
	if err != nil && !os.IsNotExist(err) {
		m.t.Error(err)
	}
	return string(data)
}

// systemd answers one systemctl.
func (m *machine) systemd(connection net.Conn) {
	defer connection.Close()
	var arguments []string
	if json.NewDecoder(connection).Decode(&arguments) != nil {
		return
	}
	reply := func(code int, stderr string) {
		json.NewEncoder(connection).Encode(map[string]any{"Code": code, "Stderr": stderr})
	}
	switch strings.Join(arguments, " ") {
	case "reset-failed kubelet.service":
		reply(0, "")
	case "restart kubelet.service":
		m.mu.Lock()
		held, broken := m.held, m.broken
		m.mu.Unlock()
		m.asked <- struct{}{} // last: what a test sets after this is for the next restart
		if held != nil {
			<-held
		}
		if broken != "" {
			reply(1, broken)
			return
		}
		m.restart()
		reply(0, "")
	default:
		m.t.Errorf("systemctl %q", arguments)
		reply(1, "unknown")
	}
}

func (m *machine) restart() {
	m.start()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restarts++
}

// start ends the kubelet, if it runs, and starts it as systemd would.
func (m *machine) start() {
	m.starting.Lock()
	defer m.starting.Unlock()
	m.stop()
	service, err := unit.Read(m.root, "kubelet.service")
	if err != nil {
		m.t.Error(err)
		return
	}
	flags := map[string]string{}
	for _, arg := range service.Command {
		if name, value, ok := strings.Cut(arg, "="); ok {
			flags[name] = value
		}
	}
	config := flags["--image-credential-provider-config"]
	text := ""
	if config != "" {
		if text = m.read(config); text == "" || m.read(filepath.Join(flags["--image-credential-provider-bin-dir"], "pullpass")) == "" {
			return // the kubelet ends
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses(text) {
		return
	}
	m.last++
	m.pid = 1000 + m.last
	m.process(m.pid, service.Command, serviceCgroup)
}

// serviceCgroup is the cgroup file of a kubelet that systemd has started.
const serviceCgroup = "0::/system.slice/kubelet.service\n"

// process makes the files of /proc for a process of root's in a cgroup.
func (m *machine) process(pid int, command []string, cgroup string) {
	directory := fmt.Sprintf("/proc/%d/", pid)
	m.write(directory+"cmdline", strings.Join(command, "\x00")+"\x00")
	m.write(directory+"status", fmt.Sprintf("Name:\tkubelet\nUid:\t0\t0\t0\t0\nNSpid:\t%d\n", pid))
	m.write(directory+"stat", fmt.Sprintf("%d (kubelet) S 1 %s%d 0\n", pid, strings.Repeat("0 ", 17), 100*pid))
	m.write(directory+"cgroup", cgroup)
}

// stop ends the kubelet.
func (m *machine) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pid != 0 {
		if err := os.RemoveAll(m.path(fmt.Sprintf("/proc/%d", m.pid))); err != nil {
			m.t.Error(err)
		}
	}
	m.pid = 0
}

func (m *machine) healthz(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pid == 0 || m.sick {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// runs reports whether the kubelet runs, and how often it was restarted by systemctl.
func (m *machine) runs() (bool, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pid != 0, m.restarts
}

// set changes something of what the test plays.
func (m *machine) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// install runs pullpass install --root, with a short time for restarts.
func (m *machine) install(args ...string) pullpass.Run {
	m.t.Helper()
	return run(m.t, append([]string{"install", "--root", m.root}, args...)...)
}

func (m *machine) restartingInstall(args ...string) pullpass.Run {
	m.t.Helper()
	return m.install(append([]string{"--restart", "--restart-timeout", "4s"}, args...)...)
}

func (m *machine) uninstall(args ...string) pullpass.Run {
	m.t.Helper()
	return run(m.t, append([]string{"uninstall", "--root", m.root}, args...)...)
}

// run runs pullpass to its end.
func run(t testing.TB, args ...string) pullpass.Run {
	t.Helper()
	return end(t, launch(t, args...))
}

func launch(t testing.TB, args ...string) *pullpass.Process {
	t.Helper()
	p := newProcess(t, args...)
	must(t, p.Start())
	return p
}

// newProcess is a pullpass as root: of a user namespace, if the test is not.
func newProcess(t testing.TB, args ...string) *pullpass.Process {
	t.Helper()
	p := pullpass.NewProcess(t, binaries.Released, pullpass.Offline(t), nil, args...)
	p.SysProcAttr = asRoot()
	return p
}

func asRoot() *syscall.SysProcAttr {
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
}

func end(t testing.TB, p *pullpass.Process) pullpass.Run {
	t.Helper()
	r, err := p.End()
	must(t, err)
	return r
}

// What wantRun can want of an output besides a text in it.
const (
	anything = "\x00anything"
	nothing  = "\x00nothing"
)

// wantRun checks the exit code of a run, and that stdout and stderr have these texts in them. An empty text
// would be in any output: it is an error.
func wantRun(t testing.TB, r pullpass.Run, code int, stdout, stderr string) {
	t.Helper()
	if r.Code != code || !isWanted(t, r.Stdout, stdout) || !isWanted(t, r.Stderr, stderr) {
		t.Errorf("exit code %d, want %d; stdout %q, want %q; stderr %q, want %q", r.Code, code, r.Stdout, stdout, r.Stderr, stderr)
	}
}

func isWanted(t testing.TB, output, want string) bool {
	t.Helper()
	switch want {
	case "":
		t.Errorf("wantRun: say whether anything or nothing is wanted instead of %q", output)
	case anything:
		return true
	case nothing:
		return output == ""
	}
	return strings.Contains(output, want)
}

// snapshot returns all files below a directory with their modes, owners and contents, but for what
// the test plays and the state.
func snapshot(t testing.TB, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		switch "/" + name {
		case "/proc", "/run", statePath:
			return filepath.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%v %d:%d ", info.Mode(), owner.Uid, owner.Gid)
		switch info.Mode().Type() {
		case 0:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += string(data)
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += target
		}
		files[name] = text
		return nil
	}))
	return files
}

// times are those of the changes of all files and directories, also of the state.
func times(t testing.TB, root string) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if name == "proc" || name == "run" {
			return filepath.SkipDir
		}
		info, err := entry.Info()
		if err == nil && "/"+name != statePath { // where the lock was
			all[name] = info.ModTime()
		}
		return err
	}))
	return all
}

// wantSame checks that a tree is as it was.
func wantSame[V comparable](t testing.TB, got, want map[string]V) {
	t.Helper()
	for name, is := range got {
		if was, ok := want[name]; !ok {
			t.Errorf("%s is new", name)
		} else if was != is {
			t.Errorf("%s is %.300v, was %.300v", name, is, was)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

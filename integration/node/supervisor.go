package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/node/systemctl/wire"
	"github.com/pullpass/pullpass/integration/node/unit"
)

const kubeletUnit = "kubelet.service"

// A supervisor is to the kubelet what systemd is on other nodes: it runs it as its unit says,
// starts it again when it has ended, and does what systemctl asks for.
type supervisor struct {
	node *Node

	mu      sync.Mutex
	before  func()   // is called before each start
	process *process // the last kubelet, if there is to be one
	kubelet Kubelet
	counted int   // starts that count for the unit's limit
	failed  error // why there is no kubelet
	ended   bool  // with the test
}

// A Kubelet is the process of a supervised kubelet that was started last.
type Kubelet struct {
	PID    int // on this machine
	Args   []string
	Starts int // how often a kubelet was started on the node
	Resets int // how often its unit had failed when systemctl reset-failed was called
}

// supervise starts the kubelet as a unit, and what systemctl asks.
func (n *Node) supervise(t testing.TB) {
	t.Helper()
	n.installUnit(t)
	listener, err := net.Listen("unix", n.Path(wire.Socket))
	if err != nil {
		t.Fatal(err)
	}
	s := &supervisor{node: n, before: func() {}}
	n.supervisor, n.kubelet = s, &process{name: "kubelet"} // which never ends for good
	t.Cleanup(func() {
		listener.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
		s.stop()
	})
	go s.serve(listener)
	n.Systemctl(t, "start")
}

// Systemctl does with the kubelet's unit what systemctl does for a verb, such as restart.
func (n *Node) Systemctl(t testing.TB, verb string) {
	t.Helper()
	if answer := n.supervisor.do([]string{verb, kubeletUnit}); answer.Code != 0 {
		t.Fatal(answer.Stderr)
	}
}

// Kubelet returns what is known of the kubelet's process, which may have ended.
func (n *Node) Kubelet() Kubelet {
	n.supervisor.mu.Lock()
	defer n.supervisor.mu.Unlock()
	return n.supervisor.kubelet
}

// BeforeStart sets what is done each time before the kubelet is started. It must not ask for the
// Kubelet.
func (n *Node) BeforeStart(do func()) {
	n.supervisor.mu.Lock()
	defer n.supervisor.mu.Unlock()
	n.supervisor.before = do
}

// AwaitHealthy waits until the kubelet says that it is healthy.
func (n *Node) AwaitHealthy(t testing.TB) {
	t.Helper()
	if err := n.awaitHealthy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *supervisor) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			var args []string
			if err := json.NewDecoder(connection).Decode(&args); err == nil {
				json.NewEncoder(connection).Encode(s.do(args))
			}
		}()
	}
}

// do does what systemctl is called for: a verb and the unit.
func (s *supervisor) do(args []string) wire.Answer {
	if len(args) != 2 || args[1] != kubeletUnit {
		return wire.Answer{Code: 5, Stderr: fmt.Sprintf("there is only %s here, and not %q\n", kubeletUnit, args)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	switch args[0] {
	case "start":
		if s.process == nil {
			err = s.start()
		}
	case "stop":
		s.stop()
	case "restart":
		s.stop()
		err = s.start()
	case "reset-failed":
		if s.failed != nil {
			s.kubelet.Resets++
		}
		s.counted, s.failed = 0, nil
	case "is-active":
		return s.state()
	default:
		err = errors.New("unknown command verb " + args[0])
	}
	if err != nil {
		return wire.Answer{Code: 1, Stderr: fmt.Sprintf("Job for %s failed: %v\n", kubeletUnit, err)}
	}
	return wire.Answer{}
}

func (s *supervisor) state() wire.Answer {
	switch {
	case s.failed != nil:
		return wire.Answer{Code: 3, Stdout: "failed\n"}
	case s.process == nil:
		return wire.Answer{Code: 3, Stdout: "inactive\n"}
	}
	select {
	case <-s.process.done:
		return wire.Answer{Code: 3, Stdout: "activating\n"}
	default:
		return wire.Answer{Stdout: "active\n"}
	}
}

// start starts a kubelet after what its unit says now.
func (s *supervisor) start() error {
	if s.ended {
		return errors.New("the test has ended")
	}
	s.process, s.failed = nil, nil
	service, err := unit.Read(s.node.Path("/"), kubeletUnit)
	if err == nil && service.StartLimit > 0 && s.counted >= service.StartLimit {
		err = errors.New("start of the service was attempted too often")
	}
	if err == nil {
		s.before()
		s.process, err = s.node.startUnit(service)
	}
	if err != nil {
		s.failed = err
		return err
	}
	s.counted++
	s.kubelet.PID, s.kubelet.Args = s.process.Process.Pid, service.Command
	s.kubelet.Starts++
	go s.keep(s.process, service)
	return nil
}

// keep starts another kubelet when this one has ended by itself.
func (s *supervisor) keep(p *process, service unit.Service) {
	<-p.done
	time.Sleep(service.Pause)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == p && service.Restarted {
		s.start()
	}
}

// stop ends the kubelet, if there is one.
func (s *supervisor) stop() {
	if p := s.process; p != nil {
		s.process = nil
		p.stop()
	}
}

// inCgroup runs a command in a cgroup of its own, as systemd does, by which a kubelet's unit is
// known: in the hierarchy that is systemd's, of whatever version.
const inCgroup = `
while read -r _ folder kind options _; do
	case $kind,$options in
	cgroup2,* | cgroup,*name=systemd*) mkdir -p "$folder$1" && echo $$ > "$folder$1/cgroup.procs" || exit ;;
	esac
done < /proc/mounts
shift
exec "$@"`

func (n *Node) startUnit(service unit.Service) (*process, error) {
	command := exec.Command("/bin/sh", slices.Concat([]string{"-c", inCgroup, "sh", n.machine.cgroup + "/" + kubeletUnit}, service.Command)...)
	command.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, service.Environment...)
	return n.machine.startProcess("kubelet", n.log("kubelet"), command)
}

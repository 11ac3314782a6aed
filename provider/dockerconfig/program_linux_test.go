package dockerconfig

import (
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestProgramsDoNotWaitForDaemons(t *testing.T) {
	p := programs(t, `setsid sh -c 'echo $$ >pid; exec sleep 3600' &
while ! test -s pid; do sleep 0.01; done
echo '{"Username": "me", "Secret": "s3cret"}'`)
	start := time.Now()
	credential, err := p.Get(t.Context(), "x", "reg.io")
	if took := time.Since(start); took > p.Timeout/2 {
		t.Errorf("it took %s", took)
	}
	if err != nil || credential.Password.Reveal() != "s3cret" {
		t.Errorf("the credential is %+v, the error %v", credential, err)
	}
	pid, err := strconv.Atoi(readPID("pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("end the daemon: %v", err)
	}
}

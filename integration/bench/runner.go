package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/pullpass/pullpass/integration/bench/batch"
)

// A runner is the process that starts and measures all others.
type runner struct {
	command *exec.Cmd
	stdin   io.Closer
	batches *json.Encoder
	results *json.Decoder
}

func startRunner(path string) (*runner, error) {
	command := exec.Command(path)
	command.Env = []string{"GOMAXPROCS=1"}
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the runner: %w", err)
	}
	return &runner{command, stdin, json.NewEncoder(stdin), json.NewDecoder(stdout)}, nil
}

func (r *runner) run(b batch.Batch) (batch.Result, error) {
	var result batch.Result
	err := r.batches.Encode(b)
	if err == nil {
		err = r.results.Decode(&result)
	}
	if err != nil {
		return result, fmt.Errorf("run %s: %w", b.Path, err)
	}
	return result, nil
}

func (r *runner) close() error {
	r.stdin.Close()
	return r.command.Wait()
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// stdinName is what the flags and arguments call stdin where they take the name of a file.
const stdinName = "-"

const maxInput = 16 << 20 // bytes; a kubectl get of all Secrets of a cluster can be some MiB

// readInput reads a file, or stdin for stdinName.
func (n *node) readInput(ctx context.Context, name string) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // of a pipe, nobody may ever write to it
		data, err := n.readWhole(name)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s: stopped by a signal", inputName(name))
	}
}

func (n *node) readWhole(name string) ([]byte, error) {
	if name == stdinName {
		return readLimited(n.Stdin, inputName(name))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, name)
}

func readLimited(in io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case len(data) > maxInput:
		return nil, fmt.Errorf("read %s: it is larger than %d MiB", name, maxInput>>20)
	}
	return data, nil
}

// inputName is what messages call the input of that name.
func inputName(name string) string {
	if name == stdinName {
		return "stdin"
	}
	return name
}

// Command runner runs the batches of the benchmarks: one on each line of stdin, its result on
// a line of stdout. It is a program of its own because it must be small: the fakes of the
// clouds and the collector of their garbage do not disturb it, and its memory, which the
// kernel counts as that of the programs it starts, is less than theirs.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"github.com/pullpass/pullpass/integration/bench/batch"
)

func main() {
	runtime.LockOSThread()
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}

func serve() error {
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // nobody asks any more
		}
		var b batch.Batch
		if err := json.Unmarshal(line, &b); err != nil {
			return fmt.Errorf("read a batch: %w", err)
		}
		result, err := batch.Run(b)
		if err != nil {
			return err
		}
		if err := answers.Encode(result); err != nil {
			return fmt.Errorf("write a result: %w", err)
		}
	}
}

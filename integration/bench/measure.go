package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/bench/batch"
)

// A measurement is what one run of a contender cost, of all its processes together.
type measurement struct {
	wall        time.Duration
	cpu         time.Duration
	peak        int64 // bytes of the largest process
	minorFaults int64
	majorFaults int64
	ecrCalls    int
	imdsCalls   int
	fakes       time.Duration // CPU time of this process, which is the fakes' meanwhile
}

// A series is what came of a contender in all rounds.
type series struct {
	name string
	runs []measurement
}

// of summarises one figure of the runs.
func (s series) of(figure func(measurement) float64) summary {
	values := make([]float64, len(s.runs))
	for i, m := range s.runs {
		values[i] = figure(m)
	}
	return summarise(values)
}

// The figures.
func wall(m measurement) float64        { return float64(m.wall) / float64(time.Millisecond) }
func cpu(m measurement) float64         { return float64(m.cpu) / float64(time.Millisecond) }
func peak(m measurement) float64        { return float64(m.peak) / (1 << 20) }
func minorFaults(m measurement) float64 { return float64(m.minorFaults) }
func majorFaults(m measurement) float64 { return float64(m.majorFaults) }
func ecrCalls(m measurement) float64    { return float64(m.ecrCalls) }
func imdsCalls(m measurement) float64   { return float64(m.imdsCalls) }
func fakes(m measurement) float64       { return float64(m.fakes) / float64(time.Millisecond) }

// rounds runs all contenders once in each of n rounds, in a new order each time, so that what
// disturbs the machine disturbs them all. A first round, not counted, fills the caches.
func (s *stage) rounds(ctx context.Context, title string, n int, contenders []contender) ([]series, error) {
	fmt.Fprintf(os.Stderr, "bench: %s: %d rounds of %d contenders\n", title, n, len(contenders))
	all := make([]series, len(contenders))
	random := rand.New(rand.NewPCG(1, 2)) // the same orders in each run of the benchmarks
	for round := range n + 1 {
		for _, i := range random.Perm(len(contenders)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			m, err := s.measure(contenders[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", title, contenders[i].name, err)
			}
			if all[i].name = contenders[i].name; round > 0 {
				all[i].runs = append(all[i].runs, m)
			}
		}
	}
	return all, nil
}

// settle is how long the fakes get to end the connections of the run before.
const settle = 2 * time.Millisecond

// measure runs a contender once, and checks how each process ended and what it answered.
func (s *stage) measure(c contender) (measurement, error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return measurement{}, err
		}
	}
	b := batch.Batch{Path: c.path, Args: c.args, Env: c.env, Stdin: c.stdin, Stderr: filepath.Join(s.fast, "stderr")}
	for i := range c.stdin {
		b.Stdout = append(b.Stdout, filepath.Join(s.fast, fmt.Sprintf("stdout-%d", i)))
	}
	time.Sleep(settle)
	ecrBefore, imdsBefore := s.calls()
	before := ownCPU()
	result, err := s.runner.run(b)
	if err != nil {
		return measurement{}, err
	}
	after := ownCPU()
	ecrAfter, imdsAfter := s.calls()
	s.floor = max(s.floor, result.Floor)

	m := measurement{
		wall:      result.Wall,
		ecrCalls:  ecrAfter - ecrBefore,
		imdsCalls: imdsAfter - imdsBefore,
		fakes:     after - before,
	}
	for i, usage := range result.Processes {
		if err := s.checkProcess(c, i, usage, b); err != nil {
			return m, err
		}
		m.cpu += usage.CPU
		m.peak = max(m.peak, usage.Peak)
		m.minorFaults += usage.MinorFaults
		m.majorFaults += usage.MajorFaults
	}
	return m, nil
}

// ownCPU returns the CPU time that this process has taken.
func ownCPU() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func (s *stage) checkProcess(c contender, process int, usage batch.Usage, b batch.Batch) error {
	if usage.Exit != c.exit {
		said, _ := os.ReadFile(b.Stderr) // only to say more
		first, _, _ := bytes.Cut(said, []byte("\n"))
		return fmt.Errorf("process %d ended with %d, not %d: %s", process, usage.Exit, c.exit, first)
	}
	out, err := os.ReadFile(b.Stdout[process])
	if err != nil {
		return err
	}
	if err := c.check(process, out); err != nil {
		return fmt.Errorf("process %d: %w", process, err)
	}
	return nil
}

// Command bench measures pullpass beside the other plugins for Amazon ECR, all of them on the
// same fakes of the cloud, in interleaved rounds of one run. It prints what came out and writes
// it as RESULTS.md and results.svg. It is for Linux.
//
//	bench [-pullpass [NAME=]BIN]... [-check] [flags]
//
// The first -pullpass is the one of the bounds and of the picture; more of them are measured
// in the same rounds, to compare the steps of an optimisation.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	o := options{out: "integration/bench"}
	flag.Func("pullpass", "measure this binary, as `[NAME=]BIN`; repeat it to compare several", o.addPullpass)
	flag.IntVar(&o.rounds, "rounds", 200, "rounds of single requests; 0 leaves a part out, here and below")
	flag.IntVar(&o.slowRounds, "slow-rounds", 30, "rounds of single requests with a delay of 50 ms")
	flag.IntVar(&o.coldRounds, "cold-rounds", 30, "rounds of single requests with nothing in the page cache")
	flag.IntVar(&o.burstRounds, "burst-rounds", 5, "rounds of bursts, for each delay")
	flag.StringVar(&o.module, "module", "integration", "the `folder` of the integration module")
	flag.StringVar(&o.cache, "cache", ".cache/bench", "the `folder` for the other plugins' binaries")
	flag.StringVar(&o.out, "out", o.out, "the `folder` for RESULTS.md and results.svg; empty for none")
	flag.BoolVar(&o.check, "check", false, "exit with 1 if a bound is not met")
	flag.Parse()
	if len(o.pullpass) == 0 || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	pullpass                                    []program
	rounds, slowRounds, coldRounds, burstRounds int
	module, cache, out                          string
	check                                       bool
}

func (o *options) addPullpass(value string) error {
	name, path, named := strings.Cut(value, "=")
	if !named {
		name, path = "pullpass", value
	}
	if slices.ContainsFunc(o.pullpass, func(p program) bool { return p.name == name }) {
		return fmt.Errorf("there is one named %s already", name)
	}
	path, err := filepath.Abs(path) // what is measured has no PATH to be found by
	o.pullpass = append(o.pullpass, program{name: name, path: path})
	return err
}

func run(ctx context.Context, o options) error {
	programs, err := build(ctx, o)
	if err != nil {
		return err
	}
	s, err := newStage(programs, o.cache)
	if err != nil {
		return err
	}
	defer s.close()
	r, err := s.measureAll(ctx, o)
	if err != nil {
		return err
	}
	fmt.Print(r.markdown())
	if o.out != "" {
		if err := r.write(o.out); err != nil {
			return err
		}
	}
	if missed := r.missed(); o.check && missed > 0 {
		return fmt.Errorf("%d bounds are not met", missed)
	}
	return nil
}

// write writes the report and its picture into directory.
func (r report) write(directory string) error {
	for name, text := range map[string]string{"RESULTS.md": r.markdown(), "results.svg": r.svg()} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	return nil
}

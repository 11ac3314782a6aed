package main

import (
	"context"
	"fmt"
	"time"
)

// The delays of the fakes' answers.
const (
	slowDelay    = 50 * time.Millisecond
	outageAfter  = 300 * time.Millisecond
	outageRounds = 3 // at most: they take long and vary little
)

func burstDelays() []time.Duration {
	return []time.Duration{0, slowDelay, 200 * time.Millisecond}
}

// measureAll measures part after part.
func (s *stage) measureAll(ctx context.Context, o options) (report, error) {
	r := report{machine: thisMachine(), programs: s.programs.all(), options: o, inMemory: memoryDirectory() != ""}
	if exists("/etc/pullpass/config.yaml") {
		return r, fmt.Errorf("/etc/pullpass/config.yaml is there: the bench measures pullpass without one")
	}
	for _, part := range []struct {
		rounds  int
		measure func(context.Context, int, *report) error
	}{
		{o.rounds, s.measureSingles},
		{o.slowRounds, s.measureSlow},
		{o.coldRounds, s.measureCold},
		{o.burstRounds, s.measureBursts},
		{min(o.burstRounds, outageRounds), s.measureOutage},
	} {
		if part.rounds == 0 {
			continue
		}
		if err := part.measure(ctx, part.rounds, &r); err != nil {
			return r, err
		}
	}
	r.floor = s.floor
	return r, nil
}

// A list is of contenders, with the first error in making one.
type list struct {
	contenders []contender
	err        error
}

func (l *list) add(c contender, err error) {
	l.contenders = append(l.contenders, c)
	if l.err == nil {
		l.err = err
	}
}

// run measures the list, if all its contenders could be made.
func (l *list) run(ctx context.Context, s *stage, title string, rounds int) ([]series, error) {
	if l.err != nil {
		return nil, l.err
	}
	return s.rounds(ctx, title, rounds, l.contenders)
}

// measureSingles runs one process at a time; the fakes answer at once.
func (s *stage) measureSingles(ctx context.Context, rounds int, r *report) (err error) {
	one := s.images[:1]
	var l list
	l.add(s.hello(1), nil)
	l.add(asLinked(s.hello(1), s.programs.hello), nil)
	for _, p := range s.programs.pullpass {
		c, err := s.pullpassHit(p, s.fast, one)
		l.add(c, err)
		l.add(asLinked(c, p), err)
		l.add(s.configuredHit(p, s.fast, one))
		l.add(s.unlimitedHit(p, s.fast, one))
		l.add(s.pullpassMiss(p, s.fast, one))
	}
	l.add(s.helperKeys(s.fast))
	l.add(s.helperRole(s.fast))
	l.add(s.provider(one), nil)
	r.singles, err = l.run(ctx, s, "single requests", rounds)
	return err
}

// measureSlow runs one process at a time; the fakes take their time.
func (s *stage) measureSlow(ctx context.Context, rounds int, r *report) (err error) {
	s.delay(slowDelay)
	defer s.delay(0)
	one := s.images[:1]
	var l list
	for _, p := range s.programs.pullpass {
		l.add(s.pullpassHit(p, s.fast, one))
		l.add(s.pullpassMiss(p, s.fast, one))
	}
	l.add(s.provider(one), nil)
	r.slow, err = l.run(ctx, s, fmt.Sprintf("single requests, %v a call", slowDelay), rounds)
	return err
}

// measureCold runs one process at a time, with its files on the disk alone.
func (s *stage) measureCold(ctx context.Context, rounds int, r *report) (err error) {
	one := s.images[:1]
	var l list
	add := func(c contender, err error) { l.add(cold(c, &r.evicted), err) }
	add(s.hello(1), nil)
	for _, p := range s.programs.pullpass {
		add(s.pullpassHit(p, s.disk, one))
		add(s.pullpassMiss(p, s.disk, one))
	}
	add(s.helperKeys(s.disk))
	add(s.provider(one), nil)
	r.cold, err = l.run(ctx, s, "cold page cache", rounds)
	return err
}

// A burst is what came of bursts with the same delay of the fakes' answers.
type burst struct {
	delay  time.Duration
	series []series
}

// measureBursts starts a process for each image at once.
func (s *stage) measureBursts(ctx context.Context, rounds int, r *report) error {
	defer s.delay(0)
	for _, delay := range burstDelays() {
		s.delay(delay)
		var l list
		l.add(s.hello(burstSize), nil)
		for _, p := range s.programs.pullpass {
			l.add(s.pullpassHit(p, s.fast, s.images))
			l.add(s.pullpassMiss(p, s.fast, s.images))
		}
		l.add(s.provider(s.images), nil)
		all, err := l.run(ctx, s, fmt.Sprintf("bursts of %d, %v a call", burstSize, delay), rounds)
		if err != nil {
			return err
		}
		r.bursts = append(r.bursts, burst{delay, all})
	}
	return nil
}

// measureOutage starts a process for each image at once while ECR is out of order: all have
// to fail, soon and with few calls.
func (s *stage) measureOutage(ctx context.Context, rounds int, r *report) (err error) {
	s.outage(outageAfter)
	defer s.delay(0)
	var l list
	add := func(c contender, err error) {
		c.exit, c.check = 1, checkNothing
		l.add(c, err)
	}
	for _, p := range s.programs.pullpass {
		add(s.pullpassMiss(p, s.fast, s.images))
	}
	add(s.provider(s.images), nil)
	r.outage, err = l.run(ctx, s, fmt.Sprintf("bursts of %d, ECR out of order", burstSize), rounds)
	return err
}

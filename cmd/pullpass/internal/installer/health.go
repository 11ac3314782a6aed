package installer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

const (
	interval = 250 * time.Millisecond
	// healthyTimes is how many times in a row the same process has to be healthy. With a mistake in its
	// config, a kubelet ends before it answers at all.
	healthyTimes = 5
	// aliveFor is how long a kubelet without health checks has to live.
	aliveFor = 10 * time.Second
	// glance is how long a run that has not restarted the kubelet waits to see it healthy.
	glance = 15 * time.Second
)

// checkHealth refuses to restart a kubelet that is not healthy, unless the change on trial may be why.
func (i *Installer) checkHealth(ctx context.Context, running *kubelet.Process) error {
	if i.state.Trial != nil && !i.state.outdated(running) {
		return nil
	}
	if _, err := healthURL(running); err != nil { // a wait does not help
		return err
	}
	_, err := i.await(ctx, func(*kubelet.Process) error { return nil }, glance)
	if err == nil {
		return nil
	}
	return provider.WithHint(
		fmt.Errorf("the kubelet is not healthy, so a failed restart would not be noticed: %w", err),
		"fix it first, or leave out --restart")
}

// await waits for a kubelet that fits and stays healthy, and returns it. fits returns why a kubelet is not
// the awaited one, nil if it is. After the timeout, the error is the last problem.
func (i *Installer) await(ctx context.Context, fits func(*kubelet.Process) error, timeout time.Duration) (*kubelet.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var problem error
	process, times := "", 0
	var since time.Time
	absent := errors.New("no kubelet is running")
	ends := errors.New("the kubelet ends soon after its start")
	for {
		p, err := i.Find()
		if err == nil && p == nil {
			err = absent
		}
		if err == nil {
			err = fits(p)
		}
		checked := false
		if err == nil {
			absent = ends
			checked, err = i.healthy(ctx, p)
		}
		switch {
		case err != nil && (ctx.Err() == nil || problem == nil):
			problem, process = err, ""
		case err != nil: // the timeout ended the last request: the problem before it says more
		case p.ID != process:
			process, times, since = p.ID, 1, i.Now()
		default:
			times++
		}
		if err == nil && times >= healthyTimes && (checked || i.Now().Sub(since) >= aliveFor) {
			return p, nil
		}
		select {
		case <-ctx.Done():
			if problem == nil {
				problem = ends
			}
			return nil, fmt.Errorf("within %v: %w", timeout, problem)
		case <-time.After(interval):
		}
	}
}

func healthURL(p *kubelet.Process) (string, error) {
	return p.HealthURL("/", platform.ConfigDir(p))
}

// healthy asks a kubelet whether it is healthy, unless its health checks are off: then checked is false.
func (i *Installer) healthy(ctx context.Context, p *kubelet.Process) (checked bool, err error) {
	url, err := healthURL(p)
	if err != nil || url == "" {
		return false, err
	}
	return true, i.Healthy(ctx, url)
}

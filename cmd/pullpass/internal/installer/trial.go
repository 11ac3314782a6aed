package installer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/provider"
)

// finish ends what an earlier run has begun: a rollback, or the trial of a kubelet that was
// restarted. It reports whether there was something to be done.
func (i *Installer) finish(ctx context.Context, o Options) (done bool, err error) {
	if err := i.nameKubelet(); err != nil {
		return false, err
	}
	t := i.state.Trial
	if t == nil || i.Find == nil {
		return false, nil
	}
	running, err := i.Find()
	if err != nil {
		return false, err
	}
	fits := i.fits(i.state.Installed, t.Removal)
	unborn := running == nil && t.Boot != i.Boot // it has not been started in this boot, or not yet
	switch {
	case t.Failed != "" && unborn:
		return true, i.putAllBack()
	case t.Failed != "":
		return true, i.rollBack(ctx, o)
	case t.Restarted && unborn:
		return false, nil
	case t.Restarted && (running == nil || i.seen(running)):
		i.Note("an earlier run has restarted the kubelet and has not seen it healthy: waiting for it")
		err := i.decide(ctx, fits, o)
		if err != nil && i.state.Trial == nil { // it is put back, and this run may bring something else
			i.Note(err.Error())
			err = nil
		}
		return true, err
	case running == nil, t.Removal, fits(running) != nil:
		return false, nil
	}
	healthy, err := i.await(ctx, fits, glance)
	if err != nil {
		// What is wrong with it need not be the change; it goes on being tried.
		i.Note("no healthy kubelet is seen with what was installed before: " + err.Error())
		return false, nil
	}
	i.Done("the kubelet is healthy with what was installed before")
	return true, i.accept(healthy)
}

// accept ends a trial well.
func (i *Installer) accept(healthy *kubelet.Process) error {
	next := i.state
	if next.Rejected != nil && next.Rejected.Hash == next.Trial.Hash {
		next.Rejected = nil
	}
	next.Kubelet, next.Read, next.Trial = "", &reading{healthy.ID, next.Trial.Config}, nil
	return i.save(next)
}

// settle restarts the kubelet if it has not seen what is installed, and may be restarted.
func (i *Installer) settle(ctx context.Context, p *plan, o Options) (restarted bool, err error) {
	running, err := i.running()
	if err != nil || i.Find == nil {
		return false, err
	}
	fits := i.fits(p.record, false)
	current := running != nil && i.current(running, p.record, p.config) == nil
	switch {
	case running == nil:
		if i.state.Trial != nil {
			i.Note("no kubelet runs: " + whenStarted(p.record))
		}
		return false, nil
	case current && (i.state.Trial == nil || i.knows(running)):
		return false, i.isRead(running, p)
	case current && o.Restart:
		t := *i.state.Trial
		t.Hash, t.Config = p.hash, p.config // the kubelet may have been given other paths
		i.state.Trial = &t
		return true, i.decide(ctx, fits, o)
	case current:
		return false, nil
	case !o.Restart:
		i.noteRestart(o)
		i.Note(whenRestarted(running, p.record))
		return false, nil
	}
	i.noteRestart(o)
	return true, i.restart(ctx, running, p, fits, o)
}

// isRead puts in the state that a kubelet runs with all that is there. It may do so already: what
// was changed in the meantime is as it was then.
func (i *Installer) isRead(running *kubelet.Process, p *plan) error {
	next := i.state
	next.Kubelet, next.Trial, next.Read = "", nil, &reading{running.ID, p.config}
	if i.state.Installed == nil || reflect.DeepEqual(next, i.state) {
		return nil
	}
	return i.save(next)
}

// checkRestart refuses, before anything is written, to restart a kubelet that does not read what is
// to be installed, or of which it could not be told afterwards whether that does it harm.
func (i *Installer) checkRestart(ctx context.Context, p *plan, o Options) error {
	running, err := i.running()
	if err != nil || running == nil || !o.Restart || !i.stale(running, p) {
		return err
	}
	if err := readsConfig(running, p.record); err != nil {
		return err
	}
	if unit(running, p.record) == "" {
		return provider.WithHint(fmt.Errorf("the systemd unit of %s is not known", p.record.Platform),
			"run this without --restart, and restart "+p.record.Platform)
	}
	if i.state.Trial != nil && i.seen(running) {
		return nil // what is wrong with it may be what an earlier run has changed
	}
	return i.checkHealth(ctx)
}

// restart restarts the kubelet and decides about it.
func (i *Installer) restart(ctx context.Context, running *kubelet.Process, p *plan, fits fit, o Options) error {
	t := trial{Before: before{Installed: i.state.Installed}}
	if i.state.Trial != nil {
		t = *i.state.Trial
	}
	t.Hash, t.Config, t.Removal, t.Restarted, t.Boot = p.hash, p.config, p.removal, true, i.Boot
	next := i.state
	next.Installed, next.Trial, next.Kubelet = p.record, &t, running.ID
	if err := i.save(next); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := i.Systemctl(bounded, "restart", unit(running, p.record)); err != nil && ctx.Err() == nil {
		if now, e := i.Find(); e == nil && now != nil && now.ID == running.ID {
			t.Restarted = false // and so there is nothing to decide
			return provider.WithHint(also(err, i.save(next)), "restart the kubelet by hand: "+restartCommand(running, p.record))
		}
	}
	return i.decide(ctx, fits, o)
}

// errStopped is for a run that a signal ends while it waits for the kubelet.
var errStopped = errors.New("stopped by a signal before the kubelet was seen healthy: the next run finishes it")

// decide waits for a kubelet that fits and is healthy. Without one in time, all is put back.
func (i *Installer) decide(ctx context.Context, fits fit, o Options) error {
	begun := i.Now()
	healthy, err := i.await(ctx, fits, o.Timeout)
	switch {
	case ctx.Err() != nil:
		return errStopped
	case err == nil && !i.state.Trial.Restarted:
		i.Done("the kubelet is healthy with what was installed before")
		return i.accept(healthy)
	case err == nil:
		i.Done(fmt.Sprintf("the kubelet was restarted and is healthy after %v", i.Now().Sub(begun).Round(time.Second)))
		return i.accept(healthy)
	}
	next := i.state
	t := *next.Trial
	t.Failed, t.Boot = err.Error(), i.Boot
	next.Trial = &t
	next.Rejected = &Rejected{Hash: t.Hash, Time: i.Now().UTC().Truncate(time.Second), Reason: t.Failed}
	hint := retryHint(next.Installed)
	if len(t.Before.Files) == 0 {
		next.Trial = nil
		err = fmt.Errorf("%w; nothing is put back, as others have changed what it reads", err)
		return provider.WithHint(also(err, i.save(next)), hint)
	}
	if e := i.save(next); e != nil {
		return also(err, e)
	}
	if e := i.rollBack(ctx, o); e != nil {
		return provider.WithHint(also(err, e), hint)
	}
	if !o.Restart {
		return provider.WithHint(fmt.Errorf("%w; its former configuration is put back", err), hint)
	}
	return provider.WithHint(fmt.Errorf("%w; it runs with its former configuration again", err), hint)
}

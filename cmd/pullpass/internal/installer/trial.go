package installer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/provider"
)

// finish ends what an earlier run began: a rollback, or the trial of a restarted kubelet. It reports
// whether there was anything to do.
func (i *Installer) finish(ctx context.Context, o Options) (done bool, err error) {
	if err := i.nameOutdated(); err != nil || i.state.Trial == nil || i.Find == nil {
		return false, err
	}
	running, err := i.Find()
	if err != nil {
		return false, err
	}
	switch i.state.begin(running, i.Boot) {
	case toRestoreFiles:
		if err := i.restoreFiles(); err != nil {
			return true, err
		}
		return true, i.save(i.state.rolledBack(nil))
	case toRollBack:
		return true, i.rollBack(ctx, o)
	case toDecide:
		i.Note("an earlier run restarted the kubelet and did not see it healthy: waiting for it")
		err := i.decide(ctx, o)
		if err != nil && i.state.Trial == nil { // it is rolled back; what this run brings may be different
			i.Note(err.Error())
			err = nil
		}
		return true, err
	case toConfirm:
		healthy, err := i.await(ctx, i.state.checkStarted, glance)
		if err != nil { // the change need not be the reason
			i.Note("the previous change is still unconfirmed: " + err.Error())
			return false, nil
		}
		i.Done("the kubelet is healthy with the previous change")
		return true, i.save(i.state.healthy(healthy))
	}
	return false, nil
}

// settle restarts the kubelet if it has not read what is installed, and may be restarted.
func (i *Installer) settle(ctx context.Context, p *plan, o Options) (restarted bool, err error) {
	if i.Find == nil {
		return false, nil
	}
	running, err := i.Find()
	if err != nil {
		return false, err
	}
	next, do := i.state.settle(running, p, o.Restart)
	switch do {
	case toTellNone:
		i.Note("no kubelet is running: " + whenStarted(p.record))
	case toSave:
		return false, i.update(next)
	case toDecide:
		i.state = next
		return true, i.decide(ctx, o)
	case toTellRestart:
		i.noteRestart(o)
		i.Note(whenRestarted(running, p.record))
	case toRestart:
		i.noteRestart(o)
		return true, i.restart(ctx, running, p, o)
	}
	return false, nil
}

// checkRestart refuses a restart before anything is written, if the kubelet would not read what is to be
// installed, or if its health would not show afterwards whether the change harms it.
func (i *Installer) checkRestart(ctx context.Context, running *kubelet.Process, p *plan, o Options) error {
	if !o.Restart || !i.state.stale(running, p) {
		return nil
	}
	if err := checkRestartHelps(running, p.record); err != nil {
		return err
	}
	service := unit(running, p.record)
	if service == "" {
		return provider.WithHint(fmt.Errorf("the systemd unit of %s is not known", p.record.Platform),
			"run this without --restart, and restart "+p.record.Platform)
	}
	if err := i.CheckSystemctl(service); err != nil {
		return err
	}
	return i.checkHealth(ctx, running)
}

// restart restarts the kubelet and decides about it.
func (i *Installer) restart(ctx context.Context, running *kubelet.Process, p *plan, o Options) error {
	if err := i.save(i.state.restart(running, p, i.Boot)); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := i.Systemctl(bounded, "restart", unit(running, p.record)); err != nil && ctx.Err() == nil {
		if now, e := i.Find(); e == nil && now != nil && now.ID == running.ID {
			return provider.WithHint(also(err, i.save(i.state.notRestarted())), "restart the kubelet by hand: "+restartCommand(running, p.record))
		}
	}
	return i.decide(ctx, o)
}

// errStopped is for a run that a signal ends while it waits for the kubelet.
var errStopped = errors.New("stopped by a signal before the kubelet was healthy: the next run finishes the job")

// decide waits for a healthy kubelet with the change on trial. Without one in time, it rolls back.
func (i *Installer) decide(ctx context.Context, o Options) error {
	begun := i.Now()
	running, err := i.await(ctx, i.state.checkStarted, o.Timeout)
	if ctx.Err() != nil {
		return errStopped
	}
	if err == nil {
		text := "the kubelet is healthy with the previous change"
		if i.state.Trial.Restarted {
			text = fmt.Sprintf("the kubelet was restarted and is healthy after %v", i.Now().Sub(begun).Round(time.Second))
		}
		i.Done(text)
		return i.save(i.state.healthy(running))
	}
	hint := retryHint(i.state.Installed)
	next, do := i.state.unhealthy(err.Error(), i.Now(), i.Boot)
	if do == toFail {
		err = fmt.Errorf("%w; nothing was rolled back: someone else changed its configuration", err)
		return provider.WithHint(also(err, i.save(next)), hint)
	}
	if e := i.save(next); e != nil {
		return also(err, e)
	}
	switch e := i.rollBack(ctx, o); {
	case e != nil:
		err = also(err, e)
	case o.Restart:
		err = fmt.Errorf("%w; rolled back: it runs with its previous configuration", err)
	default:
		err = fmt.Errorf("%w; rolled back: its previous configuration is restored", err)
	}
	return provider.WithHint(err, hint)
}

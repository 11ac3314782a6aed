package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/provider"
)

const (
	interval = 250 * time.Millisecond
	// healthyTimes is how many times in a row the same process has to be healthy. With a mistake
	// in its config, a kubelet ends before it answers at all.
	healthyTimes = 5
	// aliveFor is how long a kubelet that is set not to answer has to live.
	aliveFor = 10 * time.Second
	// glance is how long a run that has not restarted the kubelet waits to see it healthy.
	glance = 15 * time.Second
)

// A fit tells why a kubelet is not the one that is waited for.
type fit func(*kubelet.Process) error

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
	if err := i.await(ctx, fits, glance); err != nil {
		// What is wrong with it need not be the change; it goes on being tried.
		i.Note("no healthy kubelet is seen with what was installed before: " + err.Error())
		return false, nil
	}
	i.Done("the kubelet is healthy with what was installed before")
	return true, i.accept()
}

// accept ends a trial well.
func (i *Installer) accept() error {
	next := i.state
	next.Trial, next.Rejected = nil, nil
	return i.save(next)
}

// running is the kubelet that runs, nil if none does or it is not to be looked for.
func (i *Installer) running() (*kubelet.Process, error) {
	if i.Find == nil {
		return nil, nil
	}
	return i.Find()
}

// seen reports whether a kubelet has started after the last change of what it reads then.
func (i *Installer) seen(p *kubelet.Process) bool {
	unseen := i.state.Kubelet
	return unseen == "" || p.ID != unseen && !strings.HasPrefix(p.ID, unseen+"/")
}

// fits returns the fit for a kubelet with an install, or after its removal.
func (i *Installer) fits(r *record, removal bool) fit {
	return func(p *kubelet.Process) error {
		switch {
		case !i.seen(p):
			return errors.New("the kubelet was not restarted")
		case removal:
			return nil
		}
		return hasFlags(p, r)
	}
}

// hasFlags is the error of a kubelet that does not read our config.
func hasFlags(p *kubelet.Process, r *record) error {
	if p.Hidden {
		return nil
	}
	for _, flag := range [...]struct{ name, want string }{
		{"image-credential-provider-config", r.Config},
		{"image-credential-provider-bin-dir", r.BinDir},
	} {
		got, ok := p.Flag(flag.name)
		switch {
		case !ok && r.Flags != nil:
			return fmt.Errorf("the kubelet runs without --%s: its unit does not use %s of %s", flag.name, r.Flags.Variable, r.Flags.Path)
		case !ok:
			return fmt.Errorf("the kubelet runs without --%s", flag.name)
		case filepath.Clean(got) != filepath.Clean(flag.want):
			return fmt.Errorf("the kubelet runs with --%s=%s in place of %s", flag.name, got, flag.want)
		}
	}
	return nil
}

// settle restarts the kubelet if it has not seen what is installed, and may be restarted.
func (i *Installer) settle(ctx context.Context, p *plan, o Options) (restarted bool, err error) {
	running, err := i.running()
	if err != nil || i.Find == nil {
		return false, err
	}
	fits := i.fits(p.record, false)
	switch {
	case running == nil:
		if i.state.Trial != nil {
			i.Note("no kubelet runs: it will read this when it starts")
		}
		return false, nil
	case fits(running) == nil && i.state.Trial != nil && o.Restart:
		return true, i.decide(ctx, fits, o)
	case fits(running) == nil:
		return false, nil
	case !o.Restart:
		i.Note("the kubelet reads this when it is restarted: systemctl restart " + unit(running, p.record))
		return false, nil
	}
	return true, i.restart(ctx, running, p, fits, o)
}

// checkRestart refuses, before anything is written, to restart a kubelet that does not read what is
// to be installed, or of which it could not be told afterwards whether that does it harm.
func (i *Installer) checkRestart(ctx context.Context, p *plan, o Options) error {
	running, err := i.running()
	if err != nil || running == nil || !o.Restart || !p.atStart() && i.fits(p.record, false)(running) == nil {
		return err
	}
	if err := readsConfig(running, p.record); err != nil {
		return err
	}
	if i.state.Trial != nil && i.seen(running) {
		return nil // what is wrong with it may be what an earlier run has changed
	}
	return i.checkHealth(ctx, running)
}

// readsConfig is the error of a kubelet with flags that we do not write and that are not those of
// the install: a restart does not change them.
func readsConfig(running *kubelet.Process, r *record) error {
	if r.Flags != nil || r.Platform == "rke2" {
		return nil
	}
	if err := hasFlags(running, r); err != nil {
		return provider.WithHint(fmt.Errorf("%w, and a restart does not change that", err),
			"add --image-credential-provider-config="+r.Config+" and --image-credential-provider-bin-dir="+r.BinDir+" to the kubelet's arguments")
	}
	return nil
}

// checkHealth is for a kubelet that is to be restarted.
func (i *Installer) checkHealth(ctx context.Context, running *kubelet.Process) error {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	var problem error
	for {
		err := i.healthy(ctx, running)
		if err == nil {
			return nil
		}
		if problem == nil || ctx.Err() == nil {
			problem = err
		}
		select {
		case <-ctx.Done():
			return provider.WithHint(
				fmt.Errorf("the kubelet is not healthy, so that it could not be told whether it comes back: %w", problem),
				"mend it first, or run this without --restart")
		case <-time.After(interval):
		}
	}
}

// restart restarts the kubelet and decides about it.
func (i *Installer) restart(ctx context.Context, running *kubelet.Process, p *plan, fits fit, o Options) error {
	t := trial{Before: before{Installed: i.state.Installed}}
	if i.state.Trial != nil {
		t = *i.state.Trial
	}
	t.Hash, t.Removal, t.Restarted, t.Boot = p.hash, p.removal, true, i.Boot
	next := i.state
	next.Trial = &t
	if err := i.save(next); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := i.Restart(bounded, unit(running, p.record)); err != nil && ctx.Err() == nil {
		if now, e := i.Find(); e == nil && now != nil && now.ID == running.ID {
			t.Restarted = false // and so there is nothing to decide
			return provider.WithHint(also(err, i.save(next)), "restart the kubelet by hand: systemctl restart "+unit(running, p.record))
		}
	}
	return i.decide(ctx, fits, o)
}

// errStopped is for a run that a signal ends while it waits for the kubelet.
var errStopped = errors.New("stopped by a signal before the kubelet was seen healthy: the next run finishes it")

// decide waits for a kubelet that fits and is healthy. Without one in time, all is put back.
func (i *Installer) decide(ctx context.Context, fits fit, o Options) error {
	begun := i.Now()
	err := i.await(ctx, fits, o.Timeout)
	switch {
	case ctx.Err() != nil:
		return errStopped
	case err == nil && !i.state.Trial.Restarted:
		i.Done("the kubelet is healthy with what was installed before")
		return i.accept()
	case err == nil:
		i.Done(fmt.Sprintf("the kubelet was restarted and is healthy after %v", i.Now().Sub(begun).Round(time.Second)))
		return i.accept()
	}
	next := i.state
	t := *next.Trial
	t.Failed, t.Boot = err.Error(), i.Boot
	next.Trial = &t
	next.Rejected = &Rejected{Hash: t.Hash, Time: i.Now().UTC().Truncate(time.Second), Reason: t.Failed}
	hint := retryHint(unit(nil, next.Installed))
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

// await waits until a kubelet fits and stays healthy. Without one in time, the error is what was
// wrong last.
func (i *Installer) await(ctx context.Context, fits fit, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var problem error
	process, times := "", 0
	var since time.Time
	absent := errors.New("no kubelet runs")
	ends := errors.New("the kubelet ends soon after its start")
	for {
		p, err := i.Find()
		if err == nil && p == nil {
			err = absent
		}
		if err == nil {
			err = fits(p)
		}
		if err == nil {
			absent = ends
		}
		if err == nil {
			err = i.healthy(ctx, p)
		}
		switch {
		case err != nil && (ctx.Err() == nil || problem == nil):
			problem, process = err, ""
		case err != nil: // the time is over, which cut the last question off: what was wrong before says more
		case p.ID != process:
			process, times, since = p.ID, 1, i.Now()
		default:
			times++
		}
		if err == nil && times >= healthyTimes && (healthURL(p) != "" || i.Now().Sub(since) >= aliveFor) {
			return nil
		}
		select {
		case <-ctx.Done():
			if problem == nil {
				problem = ends
			}
			return fmt.Errorf("within %v: %w", timeout, problem)
		case <-time.After(interval):
		}
	}
}

func healthURL(p *kubelet.Process) string { return p.HealthURL(os.DirFS("/")) }

// healthy asks a kubelet whether it is, unless it is set not to answer.
func (i *Installer) healthy(ctx context.Context, p *kubelet.Process) error {
	if url := healthURL(p); url != "" {
		return i.Healthy(ctx, url)
	}
	return nil
}

// rollBack puts back what a kubelet last ran with, and restarts it if it may. The error is what could
// not be done; it is nil if the kubelet is healthy again, or was not to be restarted.
func (i *Installer) rollBack(ctx context.Context, o Options) error {
	if err := i.putFilesBack(); err != nil {
		return err
	}
	if !o.Restart {
		running, err := i.Find()
		if err != nil {
			return err
		}
		service := unit(running, i.state.Installed)
		i.Note("the kubelet reads what is put back when it is restarted: systemctl reset-failed " + service + "; systemctl restart " + service)
		return i.endRollBack(running)
	}
	err := i.restartFormer(ctx, o.Timeout)
	if ctx.Err() != nil {
		return errStopped
	}
	return also(err, i.endRollBack(nil))
}

// putAllBack is a rollback where no kubelet runs.
func (i *Installer) putAllBack() error {
	if err := i.putFilesBack(); err != nil {
		return err
	}
	return i.endRollBack(nil)
}

// endRollBack ends the trial. unseeing is the kubelet that runs and has not read what is put back.
func (i *Installer) endRollBack(unseeing *kubelet.Process) error {
	next := state{Version: stateVersion, Installed: i.state.Trial.Before.Installed, Rejected: i.state.Rejected}
	if unseeing != nil {
		next.Kubelet = unseeing.ID
	}
	return i.save(next)
}

// putFilesBack makes all files what they were when a kubelet last ran with them.
func (i *Installer) putFilesBack() error {
	t := i.state.Trial
	for _, f := range slices.Backward(t.Before.Files) {
		if err := i.putBack(f); err != nil {
			return fmt.Errorf("put back %s: %w; the next run tries again", f.Path, err)
		}
	}
	if err := i.mendBinary(t.Before); err != nil {
		return fmt.Errorf("put back the binary: %w; the next run tries again", err)
	}
	removeFolders(newFolders(i.state.Installed, t.Before.Installed))
	i.Done("put back what the kubelet ran with before")
	return nil
}

// putBack makes a file what it was.
func (i *Installer) putBack(f restored) error {
	now, _, err := read(f.Path)
	if err != nil || now.same(f.Version) && (now == nil || now.Mode == f.Version.Mode) {
		return err
	}
	data, err := i.store.content(f.Version)
	if err != nil {
		return err
	}
	return i.make(change{file: file{Path: f.Path}, new: f.Version, newData: data})
}

// mendBinary is for the binary of an install that is put back, and was not changed since by us:
// what happened to it may be why the kubelet did not come back.
func (i *Installer) mendBinary(b before) error {
	if b.Installed == nil {
		return nil
	}
	path := filepath.Join(b.Installed.BinDir, Name)
	f, ok := b.Installed.file(path)
	if !ok || slices.ContainsFunc(b.Files, func(r restored) bool { return r.Path == path }) {
		return nil
	}
	now, data, err := read(path)
	if err != nil || f.wrote(now) && now.Mode&0o111 == 0o111 {
		return err
	}
	if !f.wrote(now) {
		if data, err = i.Binary(); err != nil {
			return err
		}
	}
	v := binaryVersion(data)
	if !f.wrote(v) {
		return nil // somebody's, or lost
	}
	return i.make(change{file: f, new: v, newData: data})
}

// restartFormer restarts the kubelet with what it ran with before.
func (i *Installer) restartFormer(ctx context.Context, timeout time.Duration) error {
	running, err := i.Find()
	if err != nil {
		return err
	}
	service := unit(running, i.state.Installed)
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// It may have failed too often to be started again. If it has not, the error is of no account.
	_ = i.ResetFailed(bounded, service)
	restarted := i.Restart(bounded, service)
	err = i.await(ctx, func(p *kubelet.Process) error {
		if running != nil && p.ID == running.ID {
			return errors.New("the kubelet was not restarted")
		}
		return nil
	}, timeout)
	if err != nil {
		return also(restarted, fmt.Errorf("it does not come back with its former configuration either, %w", err))
	}
	return nil
}

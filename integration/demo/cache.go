package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

const (
	pods       = 100
	bootHost   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	outOfOrder = 503
)

// boot runs pullpass for many images at once, as a node does that starts a hundred pods, and
// shows what that costs the cloud.
func (d *demo) boot(ctx context.Context, title string) error {
	before := d.world.aws.Calls(awsfake.GetAuthorizationToken)
	errs := make([]error, pods)
	var group sync.WaitGroup
	for i := range pods {
		group.Go(func() {
			answer, _, _, err := d.exchange(ctx, fmt.Sprintf("%s/team/app-%d", bootHost, i), d.world.env)
			if err == nil && answer.Auth[bootHost].Password == "" {
				err = errors.New("the answer holds no credential")
			}
			errs[i] = err
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	calls := d.world.aws.Calls(awsfake.GetAuthorizationToken) - before
	fmt.Fprintf(d.out, "--- %s\nresult    %d requests at once are answered with %d call of ECR\n\n", title, pods, calls)
	if calls != 1 {
		return fmt.Errorf("%d calls of ECR in place of one", calls)
	}
	return nil
}

// outage asks again while ECR is out of order.
func (d *demo) outage(ctx context.Context, title, image string) error {
	d.world.aws.Always(awsfake.GetAuthorizationToken, script.Fail(outOfOrder, "out of order"))
	defer d.world.aws.Always(awsfake.GetAuthorizationToken, script.Order{})
	answer, err := d.ask(ctx, title, image, d.world.env)
	if err != nil {
		return err
	}
	host, _, _ := strings.Cut(image, "/")
	if answer.Auth[host].Password == "" {
		return errors.New("the answer holds no credential")
	}
	fmt.Fprintln(d.out)
	return nil
}

// get shows what a person at the node sees of a credential that the node has.
func (d *demo) get(ctx context.Context, title, image string) error {
	host, _, _ := strings.Cut(image, "/")
	answer, _, _, err := d.exchange(ctx, image, d.world.env)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, d.pullpass, "get", image)
	command.Env = d.world.env
	shown, err := command.Output()
	fmt.Fprintf(d.out, "--- %s\n%s\n", title, shown)
	switch password := answer.Auth[host].Password; {
	case err != nil:
		return err
	case !bytes.Contains(shown, []byte("the cache")):
		return errors.New("the answer is not from the cache")
	case password == "" || bytes.Contains(shown, []byte(password)):
		return errors.New("the secret is printed")
	}
	return nil
}

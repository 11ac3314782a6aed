// Package toy is a backend that only this test has. Its tokens are not worth much.
package toy

import (
	"context"
	"errors"

	"github.com/pullpass/pullpass/provider"
)

// Backend returns all that pullpass has to know of it.
func Backend() provider.Backend {
	hosts := provider.Hosts{{Pattern: "{location}.toy.example.com"}}
	return provider.Backend{
		Name:   "toy",
		Title:  "the toy registry",
		Hosts:  hosts,
		Fields: []provider.Field{{Name: "user", Check: checkUser}},
		New: func(settings provider.Settings, _ provider.Node) provider.Provider {
			return toy{hosts, settings["user"]}
		},
	}
}

func checkUser(user string) error {
	if user == "root" {
		return errors.New("must not be root")
	}
	return nil
}

type toy struct {
	hosts provider.Hosts
	user  string
}

func (t toy) Scope(request provider.Request) (provider.Scope, bool) {
	_, known := t.hosts.Lookup(request.Image)
	return provider.NewScope("provider", "toy", "user", t.user), known
}

func (t toy) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	return provider.Credential{Username: "toy-" + t.user, Password: provider.NewSecret("block")}, nil
}

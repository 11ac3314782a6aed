// Package toy is a backend that only this test has. Its tokens are not worth much.
package toy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// tokenVariable is the environment variable with the token where no file is named.
const tokenVariable = "TOY_TOKEN"

// Backend returns all that pullpass has to know of it.
func Backend() provider.Backend {
	hosts := provider.Hosts{{Pattern: "{location}.toy.example.com"}}
	return provider.Backend{
		Name:  "toy",
		Title: "the toy registry",
		Hosts: hosts,
		Fields: []provider.Field{
			{Name: "user", Check: checkUser, About: "The user of the token."},
			{Name: "tokenFile", Check: provider.CheckPath, Form: provider.PathForm, About: "The file with the token."},
		},
		New: func(settings provider.Settings, node provider.Node) provider.Provider {
			return toy{hosts, settings["user"], settings["tokenFile"], node}
		},
		MaxTokenLife:    time.Hour,
		SecretVariables: []string{tokenVariable},
	}
}

func checkUser(user string) error {
	if user == "root" {
		return errors.New("must not be root")
	}
	return nil
}

type toy struct {
	hosts           provider.Hosts
	user, tokenFile string
	node            provider.Node
}

func (t toy) Scope(request provider.Request) (provider.Scope, bool) {
	_, known := t.hosts.Lookup(request.Image)
	return provider.NewScope("provider", "toy", "user", t.user, "token-file", t.tokenFile), known
}

func (t toy) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	token := t.node.Getenv(tokenVariable)
	if t.tokenFile != "" {
		data, err := safefile.ReadSecret(t.tokenFile, t.node.Warn)
		if err != nil {
			return provider.Credential{}, fmt.Errorf("read the token: %w", err)
		}
		token = strings.TrimSpace(string(data))
		t.node.Hide(token)
	}
	if !strings.HasPrefix(token, "block") {
		return provider.Credential{}, fmt.Errorf("the toy registry refuses %q", token) // which no message shows
	}
	return provider.Credential{Username: "toy-" + t.user, Password: provider.NewSecret(token), Expires: t.node.Now().AddDate(9, 0, 0)}, nil
}

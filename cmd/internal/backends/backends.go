// Package backends has the list of the backends. A new one is a directory below provider and a
// line here.
package backends

import (
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerhub"
	"github.com/pullpass/pullpass/provider/ecr"
	"github.com/pullpass/pullpass/provider/gcr"
)

// All returns all backends, in the order in which messages name them and built-in rules are tried. Each
// call makes a new list.
func All() provider.Backends {
	return provider.Backends{
		ecr.Backend(),
		gcr.Backend(),
		dockerhub.Backend(),
	}
}

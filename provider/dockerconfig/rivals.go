package dockerconfig

import (
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// rivalNotes notes, by index, which entries stand in the way of others: those for the same images
// with another credential.
func (s pullSecret) rivalNotes() map[int][]Fault {
	hub, hasHub := s.hubEntry()
	known := map[string]pullEntry{} // by what the key means
	notes := map[int][]Fault{}
	for i, entry := range s.entries {
		normal, err := keyringKey(entry.key)
		if entry.err != nil || entry.replaced || err != nil {
			continue
		}
		add := func(text string) {
			notes[i] = append(notes[i], Fault{Text: text, Hint: "remove one of the two", Note: true})
		}
		if other, found := known[normal]; found && !other.sameLogin(entry) {
			add("the key means the same as " + quoteKey(other.key) + ", whose credential differs: the kubelet tries both in random order")
		}
		known[normal] = entry
		if normal == hubKey && hasHub && !hub.sameLogin(entry) {
			add("for Docker Hub the kubelet takes " + quoteKey(hub.key) + " instead, whose credential differs")
		}
	}
	return notes
}

// hubEntry returns an entry whose credential the kubelet prefers to index.docker.io's for all
// images of Docker Hub.
func (s pullSecret) hubEntry() (pullEntry, bool) {
	for _, entry := range s.entries {
		normal, err := keyringKey(entry.key)
		if entry.err != nil || entry.replaced || err != nil || strings.Contains(normal, "/") {
			continue
		}
		if keyringMatch(normal, provider.Image{Host: hubHost, Repository: "library/nginx"}) {
			return entry, true
		}
	}
	return pullEntry{}, false
}

func (e pullEntry) sameLogin(other pullEntry) bool {
	return e.username == other.username && e.password.Reveal() == other.password.Reveal()
}

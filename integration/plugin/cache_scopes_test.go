package plugin

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestScopesStayApart has many clients share a cache, at once and in a random order, while its
// entries are aged, broken, removed and put into each other's places. No answer may ever
// carry somebody else's credential.
func TestScopesStayApart(t *testing.T) {
	const requests, workers = 300, 8
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	w := newScopeWorld(t)
	clients := w.clients(t)
	s := newStore(t)
	type request struct {
		client
		image string
		run   run
		err   error
	}
	todo := make([]*request, requests)
	for i := range todo {
		c := clients[random.IntN(len(clients))]
		todo[i] = &request{client: c, image: c.images[random.IntN(len(c.images))]}
	}

	base := join(pullpass.Offline(t), s.env())
	work, done := make(chan *request, requests), make(chan *request)
	for _, r := range todo {
		work <- r
	}
	close(work)
	for range workers {
		go func() {
			for r := range work {
				p := pullpass.NewProcess(t, binaries.Tested, join(base, r.env), strings.NewReader(requestFor(r.image)), append([]string{"-v"}, r.args...)...)
				if r.err = p.Start(); r.err == nil {
					r.run, r.err = end(p)
				}
				done <- r
			}
		}()
	}
	for range requests {
		<-done
		if random.IntN(2) == 0 {
			s.sabotage(t, random)
		}
	}

	fromCache := 0
	for _, r := range todo {
		if r.err != nil {
			t.Fatalf("%s: %v", r.name, r.err)
		}
		if strings.Contains(r.run.stderr, "pullpass: debug: from the cache") {
			fromCache++
		}
		w.check(t, r.client, r.image, r.run)
	}
	t.Logf("%d requests of %d clients, %d from the cache", requests, len(clients), fromCache)
	if fromCache < requests/10 {
		t.Error("the cache was hardly in use")
	}
}

// sabotage does something to the entries that can happen to them, or cannot.
func (s store) sabotage(t *testing.T, random *rand.Rand) {
	t.Helper()
	if _, err := os.Stat(string(s)); err != nil {
		return // nobody has made it so far
	}
	entries := s.files(t, ".json")
	if len(entries) < 2 {
		return
	}
	// Names are hashes, so that an order of them says nothing.
	path := entries[random.IntN(len(entries))]
	other := entries[random.IntN(len(entries))]
	data, err := os.ReadFile(path)
	if err != nil {
		return // gone in the meantime, or a link
	}
	now := time.Now()
	changed := func(change entry) []byte {
		var e entry
		if json.Unmarshal(data, &e) != nil || e == nil {
			return data
		}
		for field, value := range change {
			e[field] = value
		}
		return encode(t, e)
	}
	switch random.IntN(8) {
	case 0:
		replaceFile(t, path, changed(entry{"issued": now.Add(-8 * time.Hour), "refresh": now.Add(-time.Minute)}))
	case 1:
		replaceFile(t, path, changed(entry{"issued": now.Add(-13 * time.Hour), "expires": now.Add(-time.Hour)}))
	case 2:
		replaceFile(t, path, changed(entry{"issued": now.Add(time.Hour)}))
	case 3:
		replaceFile(t, path, data[:random.IntN(len(data)+1)])
	case 4:
		os.Remove(path)
	case 5, 6:
		replaceFile(t, other, data)
	case 7:
		replaceFile(t, other, bytes.Replace(data, []byte(`"version":1`), []byte(`"version":0`), 1))
	}
}

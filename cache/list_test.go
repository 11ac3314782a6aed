package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// newFullCache returns a cache with a credential, one without an expiry, a failure, a
// credential that could not be renewed, a broken entry, and files that are no entries.
func newFullCache(t *testing.T) *testCache {
	t.Helper()
	c := newCache(t)
	refused := errors.New("refused")
	a := &authority{clock: c.clock, life: time.Hour}
	c.get(t, "c=both\n", a.fetch)
	c.clock.advance(45 * time.Minute)
	a.err = refused
	c.get(t, "c=both\n", a.fetch)
	c.wantWarning(t, "not renewed ahead")
	for _, way := range []struct {
		scope provider.Scope
		life  time.Duration
		err   error
	}{
		{"b=credential\n", time.Hour, nil},
		{"a=no expiry\n", 0, nil},
		{"d=failure\n", 0, provider.WithHint(refused, "allow it")},
	} {
		a := &authority{clock: c.clock, life: way.life, err: way.err}
		if _, err := c.Get(t.Context(), way.scope, a.fetch); err != way.err {
			t.Fatal(err)
		}
	}
	c.storeData(t, "e=broken\n", []byte(planted))
	writeFile(t, filepath.Join(c.Dir, "README"), nil)
	writeFile(t, filepath.Join(c.Dir, stem+lockSuffix), nil)
	writeFile(t, filepath.Join(c.Dir, stem+".1"+placeSuffix), nil)
	return c
}

func TestList(t *testing.T) {
	t.Parallel()
	c := newFullCache(t)
	now := c.clock.now().UTC().Round(0)
	list, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	c.wantWarning(t, c.path("e=broken\n", entrySuffix)+": it is not an entry that can be read")
	hour := func(scope provider.Scope, issued time.Time) Entry {
		return Entry{
			ID: ID(scope), Scope: scope, Username: "me", Issued: issued, Expires: issued.Add(time.Hour),
			Refresh: issued.Add(c.renewAfter(scope, time.Hour)), GoodUntil: issued.Add(59 * time.Minute),
		}
	}
	failed := hour("c=both\n", now.Add(-45*time.Minute))
	failed.Failure = &Failure{Text: "refused", Count: 1, At: now, Until: now.Add(5 * time.Second)}
	want := []Entry{
		{ID: ID("a=no expiry\n"), Scope: "a=no expiry\n", Username: "me", Issued: now, GoodUntil: now.Add(time.Minute), Reread: true},
		hour("b=credential\n", now),
		failed,
		{ID: ID("d=failure\n"), Scope: "d=failure\n", Failure: &Failure{
			Text: "refused", Hint: "allow it", Count: 1, At: now, Until: now.Add(5 * time.Second),
		}},
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("the list is\n%s\nwant\n%s", show(list), show(want))
	}
}

func show(list []Entry) string {
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	c := newFullCache(t)
	list, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	c.takeWarnings()
	values := []any{list, list[0], &list[0], list[2].Failure}
	for _, scope := range []provider.Scope{"a=no expiry\n", "c=both\n"} {
		e := c.load(t, scope)
		if e.Password.Reveal() == "" {
			t.Fatal("there is no secret to show")
		}
		values = append(values, e, &e, e.Password, &e.Password)
	}
	var shown strings.Builder
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", value)
		}
	}
	shown.WriteString(show(list))
	if strings.Contains(shown.String(), canary) || strings.Contains(shown.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the secret is shown:\n%s", shown.String())
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	credential := provider.Scope("b=credential\n")
	tests := []struct {
		name    string
		prefix  string
		removed int
	}{
		{"all", "", 5},
		{"one", ID(credential), 1},
		{"one by the start of its ID", ID(credential)[:8], 1},
		{"one that is broken", ID("e=broken\n"), 1},
		{"none", "x", 0},
		{"no entry", "README", 0},
		{"only a lock", stem, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newFullCache(t)
			before := fileNames(t, c.Dir)
			removed, err := c.Clear(t.Context(), test.prefix)
			if err != nil || removed != test.removed {
				t.Errorf("%d entries are removed, want %d; the error is %v", removed, test.removed, err)
			}
			var want []string
			for _, name := range before {
				if !strings.HasSuffix(name, entrySuffix) || !strings.HasPrefix(name, test.prefix) {
					want = append(want, name)
				}
			}
			c.wantFiles(t, want...)
		})
	}
}

// TestACopyOfAnEntryIsNone has the file of an entry in the place of another one.
func TestACopyOfAnEntryIsNone(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	data, err := c.plant("name=another\n").encode()
	if err != nil {
		t.Fatal(err)
	}
	path := c.storeData(t, scope, data)
	if list, err := c.List(); len(list) > 0 || err != nil {
		t.Errorf("List gives %v and the error %v", list, err)
	}
	c.wantWarning(t, path)
	c.setAge(t, path, orphanAfter)
	c.sweep()
	c.wantFiles(t, ID(scope)+entrySuffix) // its own scope may yet come to heal it
	c.setAge(t, path, orphanAfter+time.Second)
	c.sweep()
	c.wantFiles(t)
}

func TestClearRemovesDirectoriesInThePlaceOfEntries(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	c.makeDirectory(t)
	if err := os.MkdirAll(filepath.Join(c.path(scope, entrySuffix), "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if removed, err := c.Clear(t.Context(), ""); err != nil || removed != 1 {
		t.Errorf("%d entries are removed, the error is %v", removed, err)
	}
	c.wantFiles(t)
}

func TestWhereThereIsNoDirectory(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	if list, err := c.List(); len(list) > 0 || err != nil {
		t.Errorf("List gives %v and the error %v", list, err)
	}
	if ids, err := c.IDs(); len(ids) > 0 || err != nil {
		t.Errorf("IDs gives %v and the error %v", ids, err)
	}
	if removed, err := c.Clear(t.Context(), ""); removed > 0 || err != nil {
		t.Errorf("Clear gives %v and the error %v", removed, err)
	}
	if _, err := os.Lstat(c.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is made: %v", err)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	c := newFullCache(t)
	ids, err := c.IDs()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{ID("a=no expiry\n"), ID("b=credential\n"), ID("c=both\n"), ID("d=failure\n"), ID("e=broken\n")}
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Errorf("the IDs are %q, want %q", ids, want)
	}
}

// TestClearWaitsForWhoFetches has a renewal that fails, and would put the old credential back.
func TestClearWaitsForWhoFetches(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	fetching, cleared := make(chan struct{}), make(chan error, 1)
	go func() {
		<-fetching
		removed, err := c.Clear(t.Context(), "")
		if err == nil && removed != 1 {
			err = fmt.Errorf("%d entries are removed", removed)
		}
		cleared <- err
	}()
	c.get(t, scope, func(context.Context) (provider.Credential, error) {
		close(fetching)
		return provider.Credential{}, errors.New("ask the authority: refused")
	})
	c.wantWarning(t, "not renewed ahead")
	if err := <-cleared; err != nil {
		t.Error(err)
	}
	c.wantFiles(t)
}

func TestClearGivesUp(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	lock, err := c.tryScope(t, scope)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if removed, err := c.Clear(ctx, ""); removed != 0 || err == nil {
		t.Errorf("%d entries are removed, the error is %v", removed, err)
	}
}

// TestClearRemovesWhatWasAboutToBeKept: a killed process's, with a token in it.
func TestClearRemovesWhatWasAboutToBeKept(t *testing.T) {
	t.Parallel()
	c, _ := newDueCache(t)
	if _, err := c.reserve(scope); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Clear(t.Context(), ""); err != nil {
		t.Error(err)
	}
	c.wantFiles(t)
}

package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestBrokenEntries puts everything into the place of a good entry that can be there. The
// next process answers with a new credential and says what is wrong, where something is, and
// the one after it has a whole cache again.
func TestBrokenEntries(t *testing.T) {
	aws := newAWSCloud(t)
	text := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) { replaceFile(t, path, []byte(text)) }
	}
	changed := func(change entry) func(*testing.T, string) {
		return func(t *testing.T, path string) { edit(t, path, change) }
	}
	hour := time.Hour
	now := time.Now()
	for name, c := range map[string]struct {
		spoil  func(t *testing.T, path string)
		silent bool // it is nothing to warn of
	}{
		"corrupt":      {spoil: text(`{"version":1,`)},
		"binary":       {spoil: text("\x00\xff\x00\xff")},
		"empty":        {spoil: text("")},
		"blank":        {spoil: text(" \n")},
		"null":         {spoil: text("null")},
		"empty object": {spoil: text("{}")},
		"array":        {spoil: text("[]")},
		"two objects":  {spoil: func(t *testing.T, path string) { data := readAll(t, path); replaceFile(t, path, append(data, data...)) }},
		"truncated":    {spoil: func(t *testing.T, path string) { data := readAll(t, path); replaceFile(t, path, data[:len(data)/2]) }},
		"zeros":        {spoil: func(t *testing.T, path string) { replaceFile(t, path, make([]byte, len(readAll(t, path)))) }},
		"huge": {spoil: func(t *testing.T, path string) {
			data := readAll(t, path)
			replaceFile(t, path, append(data, make([]byte, 10<<20)...))
		}},
		"a gigabyte":    {spoil: func(t *testing.T, path string) { must(t, os.Truncate(path, 1<<30)) }},
		"later version": {spoil: changed(entry{"version": 2})},
		"no version":    {spoil: changed(entry{"version": nil})},
		"other scope":   {spoil: changed(entry{"scope": "provider=ecr\nregion=eu-west-1\n"})},
		"no password":   {spoil: changed(entry{"password": ""})},
		"no username":   {spoil: changed(entry{"username": nil})},
		"wrong types":   {spoil: changed(entry{"password": 5, "issued": true})},
		"bad time":      {spoil: changed(entry{"expires": "tomorrow"})},
		"expired":       {spoil: changed(entry{"issued": now.Add(-13 * hour), "expires": now.Add(-hour)}), silent: true},
		"last minute":   {spoil: changed(entry{"issued": now.Add(-12 * hour), "expires": now.Add(30 * time.Second)}), silent: true},
		"from the future, as after a clock that was set back": {spoil: changed(entry{"issued": now.Add(hour)}), silent: true},
		"failure of the future": {spoil: changed(entry{"issued": now.Add(-13 * hour), "expires": now.Add(-hour),
			"failure": entry{"text": "x", "count": 3, "at": now.Add(hour), "until": now.Add(2 * hour)}}), silent: true},
		"removed":                 {spoil: func(t *testing.T, path string) { must(t, os.Remove(path)) }, silent: true},
		"directory":               {spoil: inPlace(func(path string) error { return os.Mkdir(path, 0o700) })},
		"directory with contents": {spoil: inPlace(func(path string) error { return os.MkdirAll(filepath.Join(path, "a", "b"), 0o700) })},
		"link to nowhere":         {spoil: inPlace(func(path string) error { return os.Symlink("/nonexistent", path) })},
		"link to itself":          {spoil: inPlace(func(path string) error { return os.Symlink(filepath.Base(path), path) })},
		"link to a device":        {spoil: inPlace(func(path string) error { return os.Symlink("/dev/zero", path) })},
		"pipe":                    {spoil: inPlace(func(path string) error { return syscall.Mkfifo(path, 0o600) })},
		"socket":                  {spoil: inPlace(func(path string) error { return syscall.Mknod(path, syscall.S_IFSOCK|0o600, 0) })},
		"lock is a directory":     {spoil: lockInPlace(func(path string) error { return os.MkdirAll(filepath.Join(path, "a"), 0o700) }), silent: true},
		"lock is a link":          {spoil: lockInPlace(func(path string) error { return os.Symlink("/nonexistent", path) }), silent: true},
		"lock is a pipe":          {spoil: lockInPlace(func(path string) error { return syscall.Mkfifo(path, 0o600) }), silent: true},
		"lock is read-only":       {spoil: lockInPlace(func(path string) error { return os.WriteFile(path, nil, 0o400) }), silent: true},
		"lock is old":             {spoil: lockInPlace(func(path string) error { return os.WriteFile(path, nil, 0o600) }), silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			old := aws.accepts(t, aws.ask(t, s))
			c.spoil(t, s.entry(t))
			calls := aws.fake.Calls(aws.token)
			r := aws.ask(t, s)
			renewed := aws.accepts(t, r)
			if warned := strings.Contains(r.stderr, "pullpass: warning: a cached credential is not used: "); warned == c.silent || renewed == old {
				t.Errorf("the old password, or not the right warnings:\n%s", r.stderr)
			}
			r = aws.ask(t, s)
			if aws.accepts(t, r) != renewed || strings.Contains(r.stderr, "pullpass: warning: ") {
				t.Errorf("the cache is not whole again:\n%s", r.stderr)
			}
			if got := aws.fake.Calls(aws.token) - calls; got != 1 {
				t.Errorf("%d calls for a token", got)
			}
			s.holdsOneEntry(t)
		})
	}
}

// TestLinkedEntry has a link to another file with a good entry: it is not followed, neither to
// be read nor to be written.
func TestLinkedEntry(t *testing.T) {
	aws, s := newAWSCloud(t), newStore(t)
	aws.accepts(t, aws.ask(t, s))
	path, target := s.entry(t), filepath.Join(t.TempDir(), "entry")
	e := readEntry(t, path)
	e["password"] = "planted"
	planted := encode(t, e)
	must(t, os.WriteFile(target, planted, 0o600))
	must(t, os.Remove(path))
	must(t, os.Symlink(target, path))
	aws.accepts(t, aws.ask(t, s))
	if string(readAll(t, target)) != string(planted) {
		t.Error("the target of the link was written to")
	}
	aws.fetched(t, 2)
	s.holdsOneEntry(t)
}

// TestUnreadableEntry has an entry that the user may not read, such as one that root made in
// the cache of another user.
func TestUnreadableEntry(t *testing.T) {
	aws := newAWSCloud(t)
	s, ask := newStore(t), aws.ask
	if os.Geteuid() == 0 { // who may read everything
		s, ask = storeOfNobody(t), func(t *testing.T, s store) run { return askAsNobody(t, aws, s) }
	}
	old := aws.accepts(t, ask(t, s))
	path := s.entry(t)
	must(t, os.Chown(path, os.Geteuid(), os.Getegid()))
	must(t, os.Chmod(path, 0))
	r := ask(t, s)
	if aws.accepts(t, r) == old || !strings.Contains(r.stderr, "pullpass: warning: a cached credential is not used: open "+path+": permission denied") {
		t.Errorf("the old password, or no warning:\n%s", r.stderr)
	}
	aws.accepts(t, ask(t, s))
	aws.fetched(t, 2)
	s.holdsOneEntry(t)
}

const nobody = 65534

// storeOfNobody is in a directory that nobody can reach, while those of tests are closed to others.
func storeOfNobody(t *testing.T) store {
	t.Helper()
	directory, err := os.MkdirTemp("", "pullpass-nobody-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(directory) })
	must(t, os.Chown(directory, nobody, nobody))
	return store(filepath.Join(directory, "cache"))
}

func askAsNobody(t *testing.T, c *cloud, s store) run {
	t.Helper()
	p := pullpass.NewProcess(t, binaries.Released, join(pullpass.Offline(t), c.env, s.env()), strings.NewReader(requestFor(c.image)), "-v")
	p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	must(t, p.Start())
	r, err := end(p)
	must(t, err)
	return r
}

// inPlace makes something in the place of the entry.
func inPlace(create func(path string) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		must(t, os.Remove(path))
		must(t, create(path))
	}
}

// lockInPlace makes something in the place of the entry's lock, and removes the entry.
func lockInPlace(create func(path string) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		must(t, os.Remove(path))
		must(t, create(strings.TrimSuffix(path, ".json")+".lock"))
	}
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

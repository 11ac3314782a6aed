package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A planner makes the plan of an install.
type planner struct {
	*plan
	options Options
	binary  []byte
	content func(*version) ([]byte, error) // of what was there before
}

// plan returns what an install has to do. Nothing is written, and nothing may be if there is an
// error: it is what is wrong with the node's files as they are, or would be.
func (i *Installer) plan(o Options) (*plan, error) {
	pf := o.Platform
	r := record{Platform: pf.Name, Service: pf.Service, Config: pf.Config, BinDir: pf.BinDir, Flags: pf.Flags}
	if former := i.state.Installed; former != nil {
		r.Entries, r.Folders, r.Files = former.Entries, slices.Clone(former.Folders), slices.Clone(former.Files)
	}
	binary, err := i.Binary()
	if err != nil {
		return nil, fmt.Errorf("read our own program: %w", err)
	}
	if err := checkPaths(i.Folder, pf); err != nil {
		return nil, err
	}
	b := &planner{plan: &plan{record: &r, used: true}, options: o, binary: binary, content: i.store.content}
	if err := b.planBinary(); err != nil {
		return nil, err
	}
	c, err := b.planConfig()
	if err != nil {
		return nil, err
	}
	flags, err := b.planFlags()
	if err != nil {
		return nil, err
	}
	if err := c.check(pf.BinDir, config{}); err != nil {
		return nil, err
	}
	b.hash = c.hash(flags)
	return b.plan, nil
}

// checkPaths refuses files that would be written over each other, or over the state.
func checkPaths(folder string, pf platform.Platform) error {
	paths := []string{filepath.Join(pf.BinDir, Name), pf.Config}
	if pf.Flags != nil {
		paths = append(paths, pf.Flags.Path)
	}
	state := realPath(folder)
	for n, path := range paths {
		target := realPath(path)
		if target == state || strings.HasPrefix(target, state+"/") {
			return fmt.Errorf("write %s: in %s there is only what pullpass install remembers", path, folder)
		}
		if slices.ContainsFunc(paths[:n], func(other string) bool { return realPath(other) == target }) {
			return fmt.Errorf("write %s: binary, config and flags have to be in different files", path)
		}
	}
	return nil
}

func (b *planner) planBinary() error {
	path := filepath.Join(b.options.Platform.BinDir, Name)
	if err := checkBinDir(b.options.Platform.BinDir); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return provider.WithHint( // whose file it leads to is not known
			fmt.Errorf("write %s: it is a symbolic link", path),
			"remove it, or name another folder with --bin-dir")
	}
	old, oldData, err := read(path)
	if err != nil {
		return err
	}
	if old != nil && bytes.Equal(oldData, b.binary) && old.Mode == 0o755 && old.UID == os.Geteuid() {
		return nil
	}
	return b.add(change{
		file: file{Path: path, Kind: kindBinary},
		old:  old, oldData: oldData,
		new: binaryVersion(b.binary), newData: b.binary,
		accept: canRun,
	})
}

func binaryVersion(data []byte) *version {
	return &version{sum(data), 0o755, os.Geteuid(), os.Getegid()}
}

// checkBinDir refuses a folder in which anybody can replace what the kubelet runs as root. What a
// group may is the distribution's to decide: Debian's staff has had /usr/local.
func checkBinDir(folder string) error {
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	uid, _ := owner(info)
	open := info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
	if uid != os.Geteuid() || open {
		return provider.WithHint(
			fmt.Errorf("others than root can write to %s, from which the kubelet runs programs as root", folder),
			"make it root's (chown root, chmod o-w), or name another folder with --bin-dir")
	}
	return nil
}

// errCannotRun is that the system does not run a program where it is.
var errCannotRun = errors.New("a program in this folder cannot be run")

// canRun runs the new binary: its folder may be of a file system without execution, or the
// system may have rules about what is run from where.
func canRun(path string) error {
	command := exec.Command(path, "version")
	command.Stdin, command.Stdout = strings.NewReader(""), new(bytes.Buffer) // an image may have no /dev/null
	command.Stderr = new(bytes.Buffer)
	if err := command.Run(); err != nil {
		return fmt.Errorf("write %s: %w: %w", filepath.Dir(path), errCannotRun, err)
	}
	return nil
}

// planConfig returns the config as it will be.
func (b *planner) planConfig() (config, error) {
	pf := b.options.Platform
	c, err := readConfig(pf.Config)
	if err != nil {
		return config{}, err
	}
	if (pf.Name == "k3s" || pf.Name == "rke2") && c.path != pf.Config {
		return config{}, fmt.Errorf("%s is a directory, and %s takes only a file there", pf.Config, pf.Name)
	}
	old, oldData, err := read(c.path)
	if err != nil {
		return config{}, err
	}
	former, _ := b.record.file(c.path)
	data, err := b.mergeConfig(c, oldData, former.wrote(old) && former.Original == nil)
	if err != nil {
		return config{}, err
	}
	next := newVersion(data, old, 0o644)
	if len(b.options.Entry.Env) > 0 { // which may hold a secret
		next.Mode &^= 0o077
	}
	if old != nil && *old == *next {
		return c, nil
	}
	err = b.add(change{
		file: file{Path: c.path, Kind: kindConfig},
		old:  old, oldData: oldData,
		new: next, newData: data,
	})
	return c.with(c.path, data), err
}

// mergeConfig returns the content of the config's file with our provider, and without those that
// are to be replaced. Of a file that is all ours, nothing else has to stay.
func (b *planner) mergeConfig(c config, old []byte, allOurs bool) ([]byte, error) {
	entry := b.options.Entry
	data, err := kubeletconfig.Merge(c.path, old, entry, nil)
	blank := len(bytes.TrimSpace(old)) == 0
	if blank {
		c = c.with(c.path, nil)
	}
	if blank || allOurs && !bytes.Equal(data, old) {
		format := kubeletconfig.YAML
		if b.options.Platform.JSON {
			format = kubeletconfig.JSON
		}
		data, err = kubeletconfig.New(entry, format)
	}
	if err != nil {
		return nil, err
	}
	wanted, err := ours(kubeletconfig.File{Name: c.path, Data: data})
	if err != nil {
		return nil, err
	}
	images := wanted.MatchImages
	now, next := "", sum([]byte(wanted.Text))
	current := c.ours()
	if current != nil {
		now = sum([]byte(current.Text))
	}
	edited := current != nil && now != next && !slices.Contains(b.record.Entries, now)
	if edited && !b.options.Selected {
		b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s is not as an install wrote it and is kept as it is; --registry, --env or --arg replaces it", c.path, Name))
		data, images = old, current.MatchImages
	} else {
		b.record.Entries = andNext(b.record.Entries, now, next)
	}
	if edited && b.options.Selected {
		b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s was not as an install wrote it and is replaced", c.path, Name))
	}
	replaced, err := b.foreign(c, images)
	for _, name := range replaced {
		if err == nil {
			data, err = kubeletconfig.Remove(c.path, data, name)
			b.done = append(b.done, fmt.Sprintf("took the provider %s out of %s", name, c.path))
		}
	}
	return data, err
}

// foreign looks at the other providers that serve images of ours. It returns the names of those
// that are to be replaced; of the others there is a note.
func (b *planner) foreign(c config, images []string) (replaced []string, err error) {
	for _, f := range c.files {
		providers, err := kubeletconfig.Providers(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, p := range providers {
			overlaps, covered := compare(images, p.MatchImages)
			replaceable := covered && !p.Tokens && f.Name == c.path
			switch {
			case p.Name == Name || !overlaps:
			case b.options.Replace && replaceable:
				replaced = append(replaced, p.Name)
			case b.options.Replace:
				b.notes = append(b.notes, fmt.Sprintf("%s: the provider %s is kept beside %s: %s", f.Name, p.Name, Name, keptBecause(p, covered)))
			default:
				text := fmt.Sprintf("%s: the provider %s serves images that %s serves, too: the kubelet tries the credentials of both", f.Name, p.Name, Name)
				if replaceable {
					text += "; --replace takes it out"
				}
				b.notes = append(b.notes, text)
			}
		}
	}
	return replaced, nil
}

// compare reports whether some image is selected by patterns of both, and whether all that theirs
// select are selected by ours.
func compare(ours, theirs []string) (overlaps, covered bool) {
	covered = true
	for _, t := range theirs {
		overlaps = overlaps || slices.ContainsFunc(ours, func(o string) bool { return kubeletconfig.Overlap(o, t) })
		covered = covered && slices.ContainsFunc(ours, func(o string) bool { return kubeletconfig.Covers(o, t) })
	}
	return overlaps, covered
}

func keptBecause(p kubeletconfig.Provider, covered bool) string {
	switch {
	case p.Tokens:
		return "it uses the tokens of service accounts"
	case !covered:
		return "it serves other images, too"
	}
	return "it is in a file of its own"
}

// planFlags returns the flags' file as it will be, nil if the flags are elsewhere.
func (b *planner) planFlags() ([]byte, error) {
	pf := b.options.Platform
	if pf.Flags == nil {
		return nil, nil
	}
	old, oldData, err := read(pf.Flags.Path)
	if err != nil {
		return nil, err
	}
	data, err := platform.MergeFlags(*pf.Flags, oldData, pf.Config, pf.BinDir)
	if err != nil || old != nil && bytes.Equal(data, oldData) {
		return data, err
	}
	return data, b.add(change{
		file: file{Path: pf.Flags.Path, Kind: kindFlags, Flags: pf.Flags},
		old:  old, oldData: oldData,
		new: newVersion(data, old, 0o644), newData: data,
	})
}

// newVersion is that of a file which keeps what it has but for its content.
func newVersion(data []byte, old *version, mode os.FileMode) *version {
	v := version{Mode: mode, UID: os.Geteuid(), GID: os.Getegid()}
	if old != nil {
		v = *old
	}
	v.SHA256 = sum(data)
	return &v
}

// add adds a change to the plan and to the record.
func (b *planner) add(c change) error {
	c.Original, c.Written = c.old, []string{c.new.SHA256}
	if former, ok := b.record.file(c.Path); ok {
		original, err := b.original(c, former)
		if err != nil {
			return err
		}
		c.Original = original
		c.Written = andNext(former.Written, c.old.hash(), c.new.SHA256)
		b.record.Files = slices.DeleteFunc(b.record.Files, func(f file) bool { return f.Path == c.Path })
	}
	b.record.Files = append(b.record.Files, c.file)
	for _, folder := range missingFolders(filepath.Dir(c.Path)) {
		if !slices.Contains(b.record.Folders, folder) {
			b.record.Folders = append(b.record.Folders, folder)
		}
	}
	b.changes = append(b.changes, c)
	return nil
}

// original is what a file that was written before is without us. If others have changed it since,
// it is their content, less what is ours in it.
func (b *planner) original(c change, former file) (*version, error) {
	switch {
	case c.old == nil:
		return nil, nil
	case c.Kind == kindBinary, former.wrote(c.old), c.old.same(former.Original):
		return former.Original, nil
	}
	c.Original = former.Original
	data, err := strip(c.file, c.oldData, b.content)
	switch {
	case errors.Is(err, kubeletconfig.ErrLast):
		return former.Original, nil
	case err != nil:
		return nil, err
	case len(data) == 0:
		return nil, nil
	}
	if c.Kind == kindConfig {
		was, err := b.content(former.Original)
		if err != nil {
			return nil, err
		}
		if err := b.saveLost(c, was, data); err != nil {
			return nil, err
		}
	}
	b.keep = append(b.keep, data)
	return newVersion(data, c.old, 0), nil
}

// beforeSuffix is for the config as it was before an install, where it cannot be put back as a whole
// because others have changed it since. The kubelet does not read files with such names.
const beforeSuffix = ".before-pullpass"

// saveLost adds to the plan a file with the original of a config, if there are providers in it that
// what is left of the config does not have: those that were replaced.
func (p *plan) saveLost(c change, original, left []byte) error {
	was, err := kubeletconfig.Providers(c.Path, original)
	if err != nil {
		return nil // there was no config, or one without providers
	}
	is, err := kubeletconfig.Providers(c.Path, left)
	if err != nil {
		return err
	}
	var lost []string
	for _, w := range was {
		if !slices.ContainsFunc(is, func(p kubeletconfig.Provider) bool { return p.Name == w.Name }) {
			lost = append(lost, w.Name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	path := c.Path + beforeSuffix
	p.notes = append(p.notes, fmt.Sprintf("%s was changed after the install: what was there before it of %s does not come back, it is in %s", c.Path, strings.Join(lost, ", "), path))
	old, oldData, err := read(path)
	if err != nil || old != nil && bytes.Equal(oldData, original) {
		return err
	}
	p.changes = append(p.changes, change{
		file: file{Path: path, Kind: kindConfig},
		old:  old, oldData: oldData,
		new: newVersion(original, c.old, 0), newData: original,
	})
	return nil
}

// strip returns the content of a file without what is ours in it. Paths that the flags had before
// come back. content returns that of a version. The error may be kubeletconfig.ErrLast.
func strip(f file, data []byte, content func(*version) ([]byte, error)) ([]byte, error) {
	if f.Kind == kindConfig {
		return kubeletconfig.Remove(f.Path, data, Name)
	}
	original, err := content(f.Original)
	if err != nil {
		return nil, err
	}
	if config, binDir := f.Flags.Paths(original); config != "" && binDir != "" {
		return platform.MergeFlags(*f.Flags, data, config, binDir)
	}
	return platform.RemoveFlags(*f.Flags, data)
}

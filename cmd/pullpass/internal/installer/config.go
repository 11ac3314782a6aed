package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// A config is what the kubelet reads at the path of --image-credential-provider-config: a file, or the
// files of a directory.
type config struct {
	path  string // of the file that has our provider, or will have it
	files []kubeletconfig.File
}

// readConfig reads the config at path. In a directory, our provider gets a file of its own, unless another
// file already has it: the kubelet refuses a name that is there twice.
func readConfig(path string) (config, error) {
	files, _, err := kubeletconfig.ReadFiles(path, safefile.Read)
	if errors.Is(err, fs.ErrNotExist) {
		return config{path: path}, nil
	}
	c := config{path, files}
	if info, e := os.Stat(path); e == nil && info.IsDir() {
		c.path = filepath.Join(path, ownName+".yaml")
	}
	for _, f := range files {
		if p, err := ours(f); err == nil && p != nil {
			c.path = f.Name
		}
	}
	return c, err
}

// with returns the config with this content of a file; nil removes the file.
func (c config) with(name string, data []byte) config {
	c.files = slices.Clone(c.files)
	i, found := c.find(name)
	switch {
	case data == nil && found:
		c.files = slices.Delete(c.files, i, i+1)
	case data == nil:
	case found:
		c.files[i].Data = data
	default:
		c.files = slices.Insert(c.files, i, kubeletconfig.File{Name: name, Data: data})
	}
	return c
}

// find returns the index that a file has, or would have.
func (c config) find(name string) (int, bool) {
	return slices.BinarySearchFunc(c.files, name, func(f kubeletconfig.File, name string) int { return strings.Compare(f.Name, name) })
}

// check returns an error for a fault with which the kubelet would not start, unless the config before has
// that fault, too. It does not look for our program in the bin dir, since that is written first.
func (c config) check(binDir string, before config) error {
	known := before.faults(binDir)
	for _, fault := range c.faults(binDir) {
		if slices.ContainsFunc(known, func(k report.Finding) bool { return k.File == fault.File && k.Text == fault.Text }) {
			continue
		}
		err := fmt.Errorf("the kubelet would not start: %v", fault)
		if fault.Fix != "" {
			return provider.WithHint(err, fault.Fix)
		}
		return err
	}
	return nil
}

// faults returns the faults with which the kubelet does not start.
func (c config) faults(binDir string) []report.Finding {
	if len(c.files) == 0 {
		return nil
	}
	checkBinary := kubeletconfig.CheckBinary(binDir)
	return kubeletconfig.Refused(c.files, func(name string) error {
		if name == ownName {
			return nil
		}
		return checkBinary(name)
	})
}

// hash identifies what the kubelet reads at its start: this config, and the content of the flags file.
func (c config) hash(flags []byte) string {
	var text strings.Builder
	for _, f := range append(slices.Clone(c.files), kubeletconfig.File{Name: "flags", Data: flags}) {
		fmt.Fprintf(&text, "%s %d\n%s\n", f.Name, len(f.Data), f.Data)
	}
	return nodefile.Sum([]byte(text.String()))
}

// ours returns our provider in a file, nil if the file does not have it.
func ours(f kubeletconfig.File) (*kubeletconfig.Provider, error) {
	providers, err := kubeletconfig.Providers(f.Name, f.Data)
	for _, p := range providers {
		if p.Name == ownName {
			return &p, err
		}
	}
	return nil, err
}

// ours returns our provider in the config, nil if the config does not have it.
func (c config) ours() *kubeletconfig.Provider {
	for _, f := range c.files {
		if p, err := ours(f); err == nil && p != nil {
			return p
		}
	}
	return nil
}

// others returns the names of the providers that are not ours, except those in omit.
func (c config) others(omit []string) []string {
	var names []string
	for _, f := range c.files {
		providers, _ := kubeletconfig.Providers(f.Name, f.Data) // a malformed file is no reason to keep the flags
		for _, p := range providers {
			if p.Name != ownName && !slices.Contains(omit, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

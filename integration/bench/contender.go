package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A contender is a program in one of the situations that are compared.
type contender struct {
	name    string
	path    string
	args    []string
	env     []string                            // all of it
	stdin   []string                            // a file for each process
	state   string                              // the directory of what it keeps from run to run; "" for none
	prepare func() error                        // before each run, and not measured
	check   func(process int, out []byte) error // of what each process answers
	exit    int                                 // the code that each process has to end with
}

// hello is the floor: it asks for nothing.
func (s *stage) hello(processes int) contender {
	return contender{
		name:  helloName,
		path:  s.programs.hello.path,
		stdin: slices.Repeat([]string{os.DevNull}, processes),
		check: func(_ int, out []byte) error {
			if string(out) != "hello, world\n" {
				return fmt.Errorf("it says %q", out)
			}
			return nil
		},
	}
}

// environment is all that a program sees: its home, the fakes in the place of AWS, nothing in
// that of Google, and what says where its identity is. Each variable is there once: of two,
// Go takes the first.
func (s *stage) environment(home string, identity []string) []string {
	return slices.Concat([]string{"HOME=" + home, "GCE_METADATA_HOST=127.0.0.1:9"}, s.aws.EndpointEnv(), identity)
}

// node is the environment on an EC2 instance with a role.
func (s *stage) node(home string) []string {
	return s.environment(home, s.aws.MetadataEnv())
}

// plugin is a kubelet plugin that is asked for images at once.
func (s *stage) plugin(name string, p program, images []image) contender {
	c := contender{name: name, path: p.path, check: func(process int, out []byte) error {
		return s.checkPlugin(images[process], out)
	}}
	for _, im := range images {
		c.stdin = append(c.stdin, im.request)
	}
	return c
}

func (s *stage) provider(images []image) contender {
	c := s.plugin(providerName, s.programs.provider, images)
	c.env = s.node(s.fast)
	return c
}

// entryEnv is what pullpass's entry in the kubelet's configuration gives to the plugin.
const entryEnv = "GOMAXPROCS=1"

// pullpassHit is an installed pullpass. It finds its credential in the cache, below parent, from the
// second run on.
func (s *stage) pullpassHit(p program, parent string, images []image) (contender, error) {
	c := s.plugin(p.name+hit, p, images)
	var err error
	c.state, err = s.directory(parent, "hit")
	c.env = append(s.node(s.fast), "PULLPASS_CACHE_DIR="+c.state, entryEnv)
	return c, err
}

// pullpassMiss finds an empty cache each time.
func (s *stage) pullpassMiss(p program, parent string, images []image) (contender, error) {
	c, err := s.pullpassHit(p, parent, images)
	c.name = p.name + miss
	c.prepare = func() error { return empty(c.state) }
	return c, err
}

// configuredHit is a hit of a pullpass that was installed with --config, which the entry passes on as
// an argument. The config changes nothing.
func (s *stage) configuredHit(p program, parent string, images []image) (contender, error) {
	c, err := s.pullpassHit(p, parent, images)
	if err != nil {
		return c, err
	}
	path := filepath.Join(s.fast, "config.yaml")
	c.name = p.name + configured
	c.args = []string{"--config=" + path}
	return c, os.WriteFile(path, []byte("apiVersion: pullpass/v1\nkind: Config\n"), 0o600)
}

// unlimitedHit is a hit of a pullpass that may use all processors, as an entry without environment has it.
func (s *stage) unlimitedHit(p program, parent string, images []image) (contender, error) {
	c, err := s.pullpassHit(p, parent, images)
	c.name = p.name + unlimited
	c.env = slices.DeleteFunc(c.env, func(variable string) bool { return variable == entryEnv })
	return c, err
}

// The situations of a cache and a plugin, as they stand behind a program's name.
const (
	hit        = ", hit"
	miss       = ", miss"
	configured = ", hit with --config"
	unlimited  = ", hit without GOMAXPROCS=1"
	linked     = " (as linked)" // after one of those above, or the name alone
)

// helperHit is Docker's helper with its own cache, in a home below parent.
func (s *stage) helperHit(name, parent string, env func(home string) []string) (contender, error) {
	home, err := s.directory(parent, "home")
	return contender{
		name:    name,
		path:    s.programs.helper.path,
		args:    []string{"get"},
		env:     env(home),
		stdin:   []string{s.images[0].server},
		state:   home,
		prepare: func() error { return shortenLog(home) },
		check:   func(_ int, out []byte) error { return s.checkHelper(out) },
	}, err
}

const (
	helperKeysName = helperName + ", hit, keys in the environment"
	helperRoleName = helperName + ", hit, the instance's role"
)

// helperKeys is the helper's best case: a hit needs no call at all.
func (s *stage) helperKeys(parent string) (contender, error) {
	keys := append(s.aws.NewUser("node").Env(), "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9")
	return s.helperHit(helperKeysName, parent, func(home string) []string { return s.environment(home, keys) })
}

// helperRole is the helper on a node: its cache is keyed by the credentials, so it has to ask
// for them first.
func (s *stage) helperRole(parent string) (contender, error) {
	return s.helperHit(helperRoleName, parent, s.node)
}

// shortenLog empties the log that the helper appends to, so that it does not grow from round
// to round.
func shortenLog(home string) error {
	err := os.Truncate(filepath.Join(home, ".ecr", "log", "ecr-login.log"), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// empty removes all that is in a directory.
func empty(directory string) error {
	entries, err := os.ReadDir(directory)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(directory, entry.Name())))
	}
	return err
}

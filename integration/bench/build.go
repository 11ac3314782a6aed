package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The other plugins, as modules.
const (
	providerName    = "ecr-credential-provider"
	providerModule  = "k8s.io/cloud-provider-aws"
	providerVersion = "v1.37.1"

	helperName    = "docker-credential-ecr-login"
	helperModule  = "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	helperVersion = "v0.12.0"

	helloName = "hello world"
)

// A program is a binary to measure.
type program struct {
	name, version string
	path          string // of what is measured: a copy
	linked        string // of what it was copied from, see copyTo
	size          int64
}

// programs are all that a run needs. The first pullpass is the one that the bounds are for.
type programs struct {
	pullpass                []program
	hello, provider, helper program
	runner                  string
}

// all returns those that are measured.
func (p programs) all() []program {
	return append([]program{p.hello, p.provider, p.helper}, p.pullpass...)
}

// build builds what is missing below the cache, a directory for each version of Go. All are
// built as pullpass is.
func build(ctx context.Context, o options) (programs, error) {
	cache, err := filepath.Abs(filepath.Join(o.cache, runtime.Version()))
	if err != nil {
		return programs{}, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return programs{}, fmt.Errorf("create the cache: %w", err)
	}
	p := programs{
		pullpass: o.pullpass,
		hello:    program{name: helloName, path: filepath.Join(cache, "hello")},
		provider: program{
			name: providerName, version: providerModule + " " + providerVersion,
			path: filepath.Join(cache, providerVersion, providerName),
		},
		helper: program{
			name: helperName, version: helperModule + " " + helperVersion,
			path: filepath.Join(cache, helperVersion, helperName),
		},
		runner: filepath.Join(cache, "runner"),
	}
	if err := buildOwn(ctx, o.module, p); err != nil {
		return p, err
	}
	if err := buildProvider(ctx, p.provider.path); err != nil {
		return p, err
	}
	if err := buildHelper(ctx, p.helper.path); err != nil {
		return p, err
	}
	return p, p.weigh()
}

func buildOwn(ctx context.Context, module string, p programs) error {
	for pkg, path := range map[string]string{"./bench/hello": p.hello.path, "./bench/runner": p.runner} {
		if _, err := goTool(ctx, module, nil, "build", "-o", path, pkg); err != nil {
			return err
		}
	}
	return nil
}

// buildProvider builds in the downloaded module: go install refuses it for its replace lines.
func buildProvider(ctx context.Context, path string) error {
	if exists(path) {
		return nil
	}
	output, err := goTool(ctx, os.TempDir(), nil, "mod download", "-json", providerModule+"@"+providerVersion)
	if err != nil {
		return err
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(output, &downloaded); err != nil {
		return fmt.Errorf("read what go mod download says: %w", err)
	}
	_, err = goTool(ctx, downloaded.Dir, nil, "build", "-o", path, "./cmd/"+providerName)
	return err
}

func buildHelper(ctx context.Context, path string) error {
	if exists(path) {
		return nil
	}
	_, err := goTool(ctx, os.TempDir(), []string{"GOBIN=" + filepath.Dir(path)},
		"install", helperModule+"/cli/"+helperName+"@"+helperVersion)
	return err
}

// goTool runs a subcommand of go in directory. Those that build do it with pullpass's flags.
func goTool(ctx context.Context, directory string, env []string, subcommand string, args ...string) ([]byte, error) {
	words := strings.Fields(subcommand)
	if subcommand == "build" || subcommand == "install" {
		words = append(words, "-trimpath", "-ldflags=-s -w")
	}
	command := exec.CommandContext(ctx, "go", append(words, args...)...)
	command.Dir = directory
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s %s: %w", subcommand, args[len(args)-1], err)
	}
	return output, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// measured returns those of all, to be changed.
func (p *programs) measured() []*program {
	each := []*program{&p.hello, &p.provider, &p.helper}
	for i := range p.pullpass {
		each = append(each, &p.pullpass[i])
	}
	return each
}

// weigh finds out the sizes of the binaries.
func (p *programs) weigh() error {
	for _, one := range p.measured() {
		info, err := os.Stat(one.path)
		if err != nil {
			return fmt.Errorf("find %s: %w", one.name, err)
		}
		one.size = info.Size()
	}
	return nil
}

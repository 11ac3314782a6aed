// Package unit reads a service's unit as systemd does, as far as the unit of a kubelet goes.
package unit

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/unit"
)

// A Service is what a unit and its drop-ins say.
type Service struct {
	// Command is ExecStart, with variables in their places.
	Command []string
	// Environment is that of the command, NAME=VALUE.
	Environment []string
	// Restarted tells that it is started again when it has ended, after Pause.
	Restarted bool
	Pause     time.Duration
	// StartLimit is how often it is started before it counts as failed; 0 for any number.
	StartLimit int
}

// Read reads the unit of a name, such as kubelet.service, of the node whose root directory is
// root. A setting that it does not know is an error.
func Read(root, name string) (Service, error) {
	files, err := find(root, name)
	if err != nil {
		return Service{}, err
	}
	r := reader{root: root, service: Service{Pause: 100 * time.Millisecond, StartLimit: 5}, variables: map[string]string{}}
	for _, file := range files {
		if err := r.read(file); err != nil {
			return Service{}, fmt.Errorf("%s: %w", strings.TrimPrefix(file, root), err)
		}
	}
	return r.end()
}

// find returns the unit's file, and its drop-ins in the order in which they count.
func find(root, name string) ([]string, error) {
	main, dropIns := "", map[string]string{}
	for _, directory := range []string{"usr/lib", "run", "etc"} { // from the weakest
		path := filepath.Join(root, directory, "systemd/system", name)
		if _, err := os.Stat(path); err == nil {
			main = path
		}
		found, err := filepath.Glob(path + ".d/*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			dropIns[filepath.Base(file)] = file
		}
	}
	if main == "" {
		return nil, fmt.Errorf("unit %s not found", name)
	}
	files := []string{main}
	for _, base := range slices.Sorted(maps.Keys(dropIns)) {
		files = append(files, dropIns[base])
	}
	return files, nil
}

// A reader has read a part of a unit's files.
type reader struct {
	root      string
	service   Service
	command   string
	variables map[string]string
	files     []string // of EnvironmentFile
}

func (r *reader) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	options, err := unit.DeserializeOptions(file)
	if err != nil {
		return err
	}
	for _, option := range options {
		if err := r.set(option); err != nil {
			return fmt.Errorf("%s=%s: %w", option.Name, option.Value, err)
		}
	}
	return nil
}

func (r *reader) set(option *unit.UnitOption) error {
	value := option.Value
	if option.Section == "Install" || slices.Contains([]string{"Description", "Documentation", "Wants", "After"}, option.Name) {
		return nil
	}
	if strings.Contains(value, "%") {
		return errors.New("specifiers are not known")
	}
	var err error
	switch option.Name {
	case "ExecStart":
		if r.command != "" && value != "" {
			return errors.New("there is more than one command")
		}
		r.command = value
	case "Environment":
		for _, assignment := range Words(value) {
			name, content, _ := strings.Cut(assignment, "=")
			r.variables[name] = content
		}
		if value == "" {
			clear(r.variables)
		}
	case "EnvironmentFile":
		r.files = append(r.files, value)
		if value == "" {
			r.files = nil
		}
	case "Restart":
		if r.service.Restarted = value == "always"; !r.service.Restarted {
			err = errors.New("not known")
		}
	case "RestartSec":
		r.service.Pause, err = seconds(value)
	case "StartLimitBurst":
		r.service.StartLimit, err = strconv.Atoi(value)
	case "StartLimitInterval", "StartLimitIntervalSec":
		if value == "0" {
			r.service.StartLimit = 0
		} else if value != "infinity" {
			err = errors.New("not known")
		}
	default:
		err = errors.New("not known")
	}
	return err
}

// seconds reads a time span, as a number or in Go's form, which systemd reads alike.
func seconds(value string) (time.Duration, error) {
	if n, err := strconv.Atoi(value); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(value)
}

// end returns what has been read as a whole, with what the environment's files have now.
func (r *reader) end() (Service, error) {
	for _, name := range r.files {
		path, optional := strings.CutPrefix(name, "-")
		text, err := os.ReadFile(filepath.Join(r.root, path))
		if err != nil && !(optional && errors.Is(err, fs.ErrNotExist)) {
			return Service{}, err
		}
		maps.Copy(r.variables, Environment(string(text)))
	}
	for _, word := range Words(r.command) {
		name, isVariable := strings.CutPrefix(word, "$")
		switch {
		case isVariable && isName(name):
			r.service.Command = append(r.service.Command, Words(r.variables[name])...)
		case strings.Contains(word, "$"):
			return Service{}, fmt.Errorf("ExecStart: %s is not known", word)
		default:
			r.service.Command = append(r.service.Command, word)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.variables)) {
		r.service.Environment = append(r.service.Environment, name+"="+r.variables[name])
	}
	return r.service, nil
}

func isName(word string) bool {
	other := func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}
	return word != "" && strings.IndexFunc(word, other) < 0
}

package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Licences returns as one text the licences and notices of all in a binary that is not pullpass's
// own: of Go, whose library it has, and of its modules; and of others that something is handed on
// of beside it. Most of them ask to be handed on, too. The Go command gets the modules.
func Licences(binary Binary, others ...Module) ([]byte, error) {
	output, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go: %w", err)
	}
	var text bytes.Buffer
	if err := appendLicences(&text, "Go "+strings.TrimPrefix(binary.Go, "go"), strings.TrimSpace(string(output))); err != nil {
		return nil, err
	}
	modules := append(slices.Clone(binary.Modules), others...)
	directories, err := moduleDirectories(modules)
	if err != nil {
		return nil, err
	}
	for _, module := range modules {
		if err := appendLicences(&text, module.Path+" "+module.Version, directories[module]); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// appendLicences appends the files of a directory that are licences or notices.
func appendLicences(text *bytes.Buffer, title, directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	found := false
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry.Name(), ".")
		switch name {
		case "LICENSE", "LICENCE", "COPYING":
			found = true
		case "NOTICE", "PATENTS":
		default:
			continue
		}
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "%[1]s\n%[2]s: %[3]s\n%[1]s\n\n%[4]s\n\n", strings.Repeat("=", 80), title, entry.Name(), bytes.TrimSpace(content))
	}
	if !found {
		return fmt.Errorf("%s: no licence in %s", title, directory)
	}
	return nil
}

// moduleDirectories returns where Go's module cache has modules.
func moduleDirectories(modules []Module) (map[Module]string, error) {
	directories := map[Module]string{}
	if len(modules) == 0 {
		return directories, nil
	}
	download := exec.Command("go", "mod", "download", "-json")
	for _, module := range modules {
		download.Args = append(download.Args, module.Path+"@"+module.Version)
	}
	output, runErr := download.Output()
	for answers := json.NewDecoder(bytes.NewReader(output)); answers.More(); {
		var answer struct {
			Module
			Dir, Error string
		}
		if err := answers.Decode(&answer); err != nil {
			return nil, fmt.Errorf("get modules: %w", err)
		}
		if answer.Error != "" {
			return nil, fmt.Errorf("get %s %s: %s", answer.Path, answer.Version, answer.Error)
		}
		directories[answer.Module] = answer.Dir
	}
	if runErr != nil {
		return nil, fmt.Errorf("get modules: %w", runErr)
	}
	return directories, nil
}

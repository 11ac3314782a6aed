package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinks: each link of a text to a file or directory of the repository leads to one, and to a heading if it names
// one. Every reader of the README finds SECURITY.md.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	security, texts := false, 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".cache" || entry.Name() == "bin"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		texts++
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range link.FindAllStringSubmatch(string(content), -1) {
			target, heading, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			linked := path
			if target != "" {
				linked = filepath.Join(filepath.Dir(path), target)
			}
			security = security || path == filepath.Join("..", "README.md") && target == "SECURITY.md"
			if _, err := os.Stat(linked); err != nil {
				t.Errorf("%s links to %s: %v", path, match[1], err)
			} else if heading != "" && !headings(t, linked)[heading] {
				t.Errorf("%s links to %s: there is no such heading", path, match[1])
			}
		}
		return nil
	})
	if err != nil || texts == 0 {
		t.Fatalf("%d texts: %v", texts, err)
	}
	if !security {
		t.Error("README.md does not link to SECURITY.md")
	}
}

// headings returns the names by which links reach the headings of a text, as GitHub makes them.
func headings(t *testing.T, path string) map[string]bool {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	names := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		if text := strings.TrimLeft(line, "#"); text != line {
			name := dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
			names[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return names
}

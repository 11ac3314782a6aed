package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What the files of node-config say in the place of an image that is not released yet: in a manifest or a Dockerfile, and
// the tag in a kustomization.
const (
	placeholderName = "registry.example.com/pullpass/pullpass"
	placeholderTag  = "1.0"
)

var placeholderNewTag = regexp.MustCompile(`(?m)^( *)newTag: "` + regexp.QuoteMeta(placeholderTag) + `"$`)

// named returns a file of node-config that names the released image, reference, by its digest. Texts for people tell of
// the placeholder, and stay as they are.
func named(path string, content []byte, reference, digest string) []byte {
	if filepath.Ext(path) == ".md" {
		return content
	}
	name, tag, _ := strings.Cut(reference, ":")
	text := strings.ReplaceAll(string(content), placeholderName+":"+placeholderTag, reference+"@"+digest)
	text = strings.ReplaceAll(text, placeholderName, name)
	text = namedChart(path, text, tag, digest)
	return []byte(placeholderNewTag.ReplaceAllString(text, "${1}digest: "+digest))
}

// nameImage writes the files of node-config that name an image into a directory, with the released one in it, and the
// overlay of the go command that builds a binary with them. It returns the contents by the path in the repository, and
// the path of the overlay.
//
// The image itself has a binary without them: its digest depends on what is in it.
func nameImage(directory, reference, digest string) (contents map[string][]byte, overlay string, err error) {
	contents = map[string][]byte{}
	replace := map[string]string{}
	err = fs.WalkDir(os.DirFS("."), "node-config", func(path string, found fs.DirEntry, err error) error {
		if err != nil || found.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed := named(path, content, reference, digest)
		if string(changed) == string(content) {
			return nil
		}
		original, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		contents[path] = changed
		replace[original] = filepath.Join(directory, fmt.Sprintf("%d%s", len(replace), filepath.Ext(path)))
		return os.WriteFile(replace[original], changed, 0o600)
	})
	if err != nil {
		return nil, "", err
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	overlay = filepath.Join(directory, "overlay.json")
	return contents, overlay, os.WriteFile(overlay, content, 0o600)
}

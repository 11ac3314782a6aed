package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pullpass/pullpass/integration/release/archive"
)

const chartDirectory = "node-config/helm/"

// The placeholders of the Helm chart: its version, and the tag and digest of the image.
var (
	placeholderVersion = regexp.MustCompile(`(?m)^(version|appVersion): 0\.0\.0$`)
	placeholderImage   = regexp.MustCompile(`(?m)^( *)tag: "` + regexp.QuoteMeta(placeholderTag) + `"\n *digest: ""$`)
)

// namedChart returns a file of the chart that has the release's version, which is the tag of its image.
func namedChart(path, text, tag, digest string) string {
	switch path {
	case chartDirectory + "Chart.yaml":
		return placeholderVersion.ReplaceAllString(text, "${1}: "+tag)
	case chartDirectory + "values.yaml":
		return placeholderImage.ReplaceAllString(text, `${1}tag: "`+tag+`"`+"\n${1}digest: "+digest)
	}
	return text
}

// writeChart packs the chart, which is among the files that all archives have, as `helm package` does and names it.
func writeChart(out, tag string, modified time.Time, common []archive.Entry) error {
	var entries []archive.Entry
	for _, entry := range common {
		if name, found := strings.CutPrefix(entry.Name, chartDirectory); found && name != "" && !strings.HasSuffix(name, "/") {
			entry.Name = "pullpass/" + name
			entries = append(entries, entry)
		}
	}
	var content bytes.Buffer
	if err := archive.WriteTarGz(&content, entries, modified); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "pullpass-"+tag+".tgz"), content.Bytes(), 0o644)
}

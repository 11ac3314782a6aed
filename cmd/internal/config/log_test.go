package config

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// TestLog reads the section log on systems with and without syslog.
func TestLog(t *testing.T) {
	for _, test := range []struct {
		system, section string
		file            string
		syslog          bool
		err             string
	}{
		{"linux", "{file: /var/log/pullpass.log}", "/var/log/pullpass.log", false, ""},
		{"linux", "{syslog: true}", "", true, ""},
		{"linux", "{file: /var/log/pullpass.log, syslog: true}", "/var/log/pullpass.log", true, ""},
		{"linux", "{}", "", false, ""},
		{"windows", "{syslog: false}", "", false, ""},
		{"windows", "{syslog: true}", "", true, "config.yaml:1: log.syslog: Windows has no syslog, use file"},
	} {
		documents, err := strictyaml.Decode("config.yaml", []byte("log: "+test.section+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		w := new(walker)
		s := w.section(strictyaml.Of("config.yaml", documents[0].Content[0], strictyaml.Fields), "log")
		file, syslog := w.section(s.fields["log"], "file", "syslog").log(test.system)
		text := ""
		if w.first != nil {
			text = w.first.Error()
		}
		if file != test.file || syslog != test.syslog || !strings.HasSuffix(text, test.err) || (text == "") != (test.err == "") {
			t.Errorf("%s on %s: %q, %v, %s", test.section, test.system, file, syslog, text)
		}
	}
}

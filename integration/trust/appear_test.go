package trust_test

import (
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuthorityThatAppears: crypto/x509 looks for the system's authorities once the other side has been reached. A
// user of this machine who waits for the connection must not be able to add one where there was none.
func TestAuthorityThatAppears(t *testing.T) {
	c := startClouds(t)
	for name, env := range map[string]string{
		"the file":                      "SSL_CERT_FILE=$/ca.pem",
		"a file in the directory":       "SSL_CERT_DIR=$",
		"what a link leads to":          "SSL_CERT_FILE=$/../root/link.pem",
		"what a directory's link is of": "SSL_CERT_DIR=$/../root",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, c, root)
			must(t, os.Chmod(p.dir, 0o777|os.ModeSticky))
			authority := filepath.Join(p.dir, "ca.pem")
			must(t, os.Mkdir(filepath.Join(p.dir, "../root"), 0o755))
			link(t, authority, filepath.Join(p.dir, "../root/link.pem"), root)
			text, err := os.ReadFile(c.proxy.CAFile)
			must(t, err)
			kept := p.write(t, p.good+"/ca.pem", string(text))
			s := p.overTLS(authority, strings.ReplaceAll(env, "$", p.dir))
			s.env = append(s.env, "HTTPS_PROXY="+relay(t, c.proxy.URL, func() { asStranger(t, "cp", kept, authority) }))
			r := p.run(t, s)
			if s.used(r) || !strings.Contains(r.Stderr, ": others can make files in ") || !strings.Contains(r.Stderr, "\npullpass: hint: use a directory that only root can write to") {
				t.Errorf("exit code %d, %q\n%s", r.Code, r.keys, r.Stderr)
			}
		})
	}
}

// relay calls connected for each connection, and then passes it on.
func relay(t *testing.T, to string, connected func()) string {
	t.Helper()
	target, err := url.Parse(to)
	must(t, err)
	host := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			connected()
			to, err := net.Dial("tcp", host)
			if err != nil {
				from.Close()
				return
			}
			go func() {
				io.Copy(to, from)
				to.Close()
			}()
			go func() {
				io.Copy(from, to)
				from.Close()
			}()
		}
	}()
	target.Host = listener.Addr().String()
	return target.String()
}

// TestProgramThatAppears: sh looks for a program once the line has been checked. Another user must not be able to
// make one meanwhile.
func TestProgramThatAppears(t *testing.T) {
	c := startClouds(t)
	for name, test := range map[string]struct {
		line, want string
		make       func(t *testing.T, dir string)
	}{
		"nothing yet":               {"$/program", "the owner of $, user 65534, can", func(*testing.T, string) {}},
		"a directory":               {"$/program", "the owner of $, user 65534, can", func(t *testing.T, dir string) { must(t, os.Mkdir(dir+"/program", 0o755)) }},
		"earlier in PATH":           {"cat", "look for cat in PATH: $: its owner, user 65534, can", func(*testing.T, string) {}},
		"a script":                  {"/bin/sh $/program", "the owner of $, user 65534, can", func(*testing.T, string) {}},
		"the program of a program":  {"/usr/bin/env program", "the owner of $, user 65534, can", func(t *testing.T, dir string) { must(t, os.WriteFile(dir+"/program", nil, 0o755)) }},
		"a file to be written":      {"/bin/echo 2>$/link", "the owner of $, user 65534, can", func(t *testing.T, dir string) { link(t, "../nothing", dir+"/link", stranger) }},
		"earlier in an open PATH":   {"cat", "look for cat in PATH: $: others can make files in it", func(t *testing.T, dir string) { open(t, dir) }},
		"nothing in a sticky place": {"$/program", "$/program: others can make files in $", func(t *testing.T, dir string) { open(t, dir) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, c, root)
			must(t, os.Chown(p.dir, stranger, stranger))
			test.make(t, p.dir)
			full := func(text string) string { return strings.ReplaceAll(text, "$", p.dir) }
			config := p.write(t, p.good+"/config", "[default]\ncredential_process = "+full(test.line)+"\n")
			r := p.run(t, p.ecr("", "AWS_CONFIG_FILE="+config, "PATH="+p.dir+":/usr/bin:/bin"))
			if r.Code != 1 || !strings.Contains(r.Stderr, full(test.want)) {
				t.Errorf("exit code %d, want %q in:\n%s", r.Code, full(test.want), r.Stderr)
			}
		})
	}
}

// open makes a directory root's, and lets all write to it.
func open(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Chown(dir, root, root))
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
}

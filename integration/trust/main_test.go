// Package trust_test tests whom the built binary trusts: files, directories, links and programs of real users,
// in all places that decide where credentials come from and go. It needs root.
package trust_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/tlsproxy"
	"github.com/pullpass/pullpass/integration/pullpass"
)

// binaries are the pullpass under test.
var binaries pullpass.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(mainExitCode(m))
}

func mainExitCode(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests need root, who can give files to other users")
		return 1
	}
	return pullpass.Main(m, &binaries)
}

const (
	root     = 0
	podUser  = 65532 // of the image
	stranger = 65534
)

const (
	ecrHost     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	googleHost  = "europe-docker.pkg.dev"
	hubHost     = "docker.io"
	pullRole    = "arn:aws:iam::123456789012:role/pull"
	keyAccount  = "key@project.iam.gserviceaccount.com"
	webIdentity = "web-identity-token"
	container   = "container-authorization"
)

// clouds are the fakes.
type clouds struct {
	aws    *awsfake.Server
	google *googlefake.Server
	proxy  *tlsproxy.Proxy // leads to AWS
}

func startClouds(t *testing.T) clouds {
	t.Helper()
	aws, err := awsfake.Start()
	must(t, err)
	t.Cleanup(func() { aws.Close() })
	aws.Configure(func(c *awsfake.Config) {
		c.ContainerToken = container
		c.Roles = map[string]awsfake.Role{pullRole: {WebIdentity: webIdentity}}
	})
	google, err := googlefake.Start()
	must(t, err)
	t.Cleanup(func() { google.Close() })
	proxy, err := tlsproxy.Start(map[string]http.Handler{".amazonaws.com": aws.Handler})
	must(t, err)
	t.Cleanup(func() { proxy.Close() })
	return clouds{aws, google, proxy}
}

// A place has directories of the user who runs pullpass.
type place struct {
	clouds
	user int
	base string // below it is all that follows
	dir  string // base/above/dir, whose files a test is about
	good string // base/good, for files that it is not about
	// program runs pullpass as the user in another way than by starting it; "" for that.
	program string
}

func newPlace(t *testing.T, c clouds, user int) *place {
	t.Helper()
	base, err := os.MkdirTemp("", "pullpass-trust-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(base) })
	p := &place{clouds: c, user: user, base: base, dir: filepath.Join(base, "above/dir"), good: filepath.Join(base, "good")}
	for _, directory := range []string{base, p.dir, p.good, filepath.Join(base, "home")} {
		must(t, os.MkdirAll(directory, 0o755))
		must(t, os.Chmod(directory, 0o755))
	}
	return p
}

// write writes a file, which a program can be.
func (p *place) write(t *testing.T, path, content string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o755))
	return path
}

// own gives all that is there to a user, and lets all read it. The home stays the place's user's.
func (p *place) own(t *testing.T, owner int) {
	t.Helper()
	must(t, filepath.WalkDir(p.base, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
			must(t, os.Chmod(path, info.Mode()|0o444))
		}
		return os.Lchown(path, owner, owner)
	}))
	must(t, os.Chown(filepath.Join(p.base, "home"), p.user, p.user))
}

// A run is what came of running pullpass.
type run struct {
	pullpass.Run
	keys []string // of the answer's auth
}

// run runs pullpass as the place's user.
func (p *place) run(t *testing.T, s setup) run {
	t.Helper()
	env := slices.Concat([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(p.base, "home"),
		"PULLPASS_CACHE_DIR=" + filepath.Join(p.base, "home", "cache"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
		"GCE_METADATA_HOST=127.0.0.1:9",
	}, s.env)
	request := fmt.Sprintf(`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":%q}`, s.host+"/team/app")
	process := pullpass.NewProcess(t, cmp.Or(p.program, binaries.Released), env, strings.NewReader(request), s.args...)
	process.Dir = "/"
	if p.program == "" {
		process.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.user), Gid: uint32(p.user)}}
	}
	must(t, process.Start())
	end, err := process.End()
	must(t, err)
	r := run{Run: end}
	var answer struct{ Auth map[string]any }
	if json.Unmarshal([]byte(end.Stdout), &answer) == nil {
		for key := range answer.Auth {
			r.keys = append(r.keys, key)
		}
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/kubernetes/pkg/volume"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// A podVolume is a volume as the kubelet makes it, by the kubelet's own code, mounted for a pod.
type podVolume struct {
	*pullpass.Mounted
	writer *volumeutil.AtomicWriter
}

// newVolume mounts a volume. In memory, as those of Secrets, tokens and other projections are, its directory has
// the sticky bit; that of a ConfigMap is on the node's disk, and open to all.
func newVolume(t *testing.T, inMemory bool) podVolume {
	t.Helper()
	options := "size=1m,mode=777"
	if inMemory {
		options = "size=1m,mode=1777"
	}
	m := pullpass.Mount(t, options)
	must(t, os.Chmod(filepath.Dir(m.Inside), 0o755)) // for other users
	writer, err := volumeutil.NewAtomicWriter(m.Dir, "test")
	must(t, err)
	return podVolume{m, writer}
}

// publish writes files into the volume: of user, or of root if that is nil, and for the group if it is not nil.
func (v podVolume) publish(t *testing.T, files map[string]string, mode int32, user, group *int64) {
	t.Helper()
	payload := map[string]volumeutil.FileProjection{}
	for name, content := range files {
		payload[name] = volumeutil.FileProjection{Data: []byte(content), Mode: mode, FsUser: user}
	}
	must(t, v.writer.Write(payload, func(string) error {
		return volume.NewVolumeOwnership(readOnly{}, v.Dir, group, nil, nil).ChangePermissions()
	}))
}

// readOnly is what the kubelet knows of such a volume.
type readOnly struct{ volume.Mounter }

func (readOnly) GetAttributes() volume.Attributes { return volume.Attributes{ReadOnly: true} }

// place returns a place of the pod's user, whose pullpass sees the volume.
func (v podVolume) place(t *testing.T, c clouds) *place {
	t.Helper()
	p := newPlace(t, c, podUser)
	p.own(t, podUser)
	p.program = v.Enter(t, fmt.Sprintf("setpriv --reuid=%d --regid=%d --groups=%d %s", podUser, podUser, podUser, binaries.Released))
	return p
}

// TestVolumes reads a token, a config and a credentials file from volumes, each in two versions.
func TestVolumes(t *testing.T) {
	c := startClouds(t)
	id := int64(podUser)
	for name, owner := range map[string]struct {
		mode        int32
		user, group *int64
	}{
		"root's":                     {0o644, nil, nil},
		"root's for the group":       {0o440, nil, &id},
		"root's open by fsGroup":     {0o644, nil, &id},
		"the pod user's":             {0o600, &id, nil},
		"the pod user's and group's": {0o600, &id, &id},
	} {
		t.Run(name, func(t *testing.T) {
			for _, inMemory := range []bool{true, false} {
				v := newVolume(t, inMemory)
				for version := range 2 {
					p := v.place(t, c)
					inside := func(name string) string { return filepath.Join(v.Inside, name) }
					must(t, c.google.WriteSubjectToken(p.good+"/subject"))
					must(t, c.google.WriteExternalAccount(p.good+"/federated", googleExternal(inside("subject"))))
					v.publish(t, map[string]string{
						"token":          webIdentity,
						"subject":        read(t, p.good+"/subject"),
						"federated.json": read(t, p.good+"/federated"),
						"below/password": "s3cret",
						"config.yaml":    config("{match: docker.io, provider: dockerhub, dockerhub: {username: me, passwordFile: " + inside("below/password") + "}}"),
						"version":        fmt.Sprint(version),
					}, owner.mode, owner.user, owner.group)
					v.Remount(t, "ro")
					for name, s := range map[string]setup{
						"token":          p.ecr("", "AWS_ROLE_ARN="+pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+inside("token")),
						"federated.json": {host: googleHost, env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + inside("federated.json")}},
						"config.yaml":    {host: hubHost, env: []string{"PULLPASS_CONFIG=" + inside("config.yaml")}},
					} {
						if r := p.run(t, s); !s.used(r) {
							t.Errorf("%s, in memory %v, version %d: exit code %d\n%s", name, inMemory, version, r.Code, r.Stderr)
						}
					}
					v.Remount(t, "rw")
				}
			}
		})
	}
}

// TestOpenVolumes has what only looks like the volume of a ConfigMap: another container could change it.
func TestOpenVolumes(t *testing.T) {
	c := startClouds(t)
	for name, make := range map[string]func(t *testing.T, v podVolume) string{
		"an emptyDir that can be written": func(t *testing.T, v podVolume) string {
			v.publish(t, map[string]string{"token": webIdentity}, 0o644, nil, nil)
			return "token"
		},
		"files of the pod in a read-only emptyDir": func(t *testing.T, v podVolume) string {
			must(t, os.WriteFile(v.Dir+"/token", []byte(webIdentity), 0o600))
			must(t, os.Chown(v.Dir+"/token", podUser, podUser))
			v.Remount(t, "ro")
			return "token"
		},
		"a directory of the pod in a read-only emptyDir": func(t *testing.T, v podVolume) string {
			must(t, os.Mkdir(v.Dir+"/below", 0o755))
			must(t, os.WriteFile(v.Dir+"/below/token", []byte(webIdentity), 0o644))
			must(t, os.Chown(v.Dir+"/below", podUser, podUser))
			link(t, "below/token", v.Dir+"/link", root)
			v.Remount(t, "ro")
			return "link"
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVolume(t, false)
			p := v.place(t, c)
			file := make(t, v)
			s := p.ecr("", "AWS_ROLE_ARN="+pullRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+filepath.Join(v.Inside, file))
			want := "mode 0777 of " + v.Inside + " lets group or others change where credentials go\npullpass: hint: chmod go-w " + v.Inside + "; a pod can trust an emptyDir volume if its medium is Memory\n"
			if r := p.run(t, s); s.used(r) || !strings.Contains(r.Stderr, want) {
				t.Errorf("exit code %d, want %q in:\n%s", r.Code, want, r.Stderr)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

//go:build unix

package installer

import (
	"os"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// fullState has each field of version 1, as released versions write it.
const fullState = `{
  "version": 1,
  "installed": {
    "platform": "kubeadm",
    "service": "kubelet.service",
    "config": "/config",
    "binDir": "/bin",
    "flags": {
      "path": "/flags",
      "variable": "ARGS",
      "inherited": "--v=2"
    },
    "entries": [
      "1"
    ],
    "dormant": [
      "other"
    ],
    "folders": [
      "/bin"
    ],
    "files": [
      {
        "path": "/config",
        "kind": "config",
        "flags": {
          "path": "/flags",
          "variable": "ARGS"
        },
        "original": {
          "sha256": "2",
          "mode": 420,
          "uid": 1,
          "gid": 2
        },
        "written": [
          "3"
        ],
        "replaced": [
          "ecr"
        ]
      }
    ]
  },
  "kubelet": "boot/1/1",
  "read": {
    "kubelet": "boot/1/1",
    "config": "4"
  },
  "trial": {
    "hash": "5",
    "config": "6",
    "before": {
      "installed": {
        "platform": "k3s",
        "config": "/config",
        "binDir": "/bin"
      },
      "files": [
        {
          "path": "/config",
          "version": null,
          "written": "7"
        }
      ]
    },
    "restarted": true,
    "boot": "boot",
    "removal": true,
    "failed": "no kubelet is running"
  },
  "rejected": {
    "hash": "8",
    "time": "2026-01-02T03:04:05Z",
    "reason": "no kubelet is running"
  }
}
`

func testStore(t *testing.T) store {
	t.Helper()
	s := store{t.TempDir()}
	if err := os.Chmod(s.directory, 0o700); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return s
}

// TestStateFile: the state of other versions of pullpass stays readable, and is written as they do.
func TestStateFile(t *testing.T) {
	s := testStore(t)
	path := s.path(stateName)
	if err := os.WriteFile(path, []byte(fullState), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	if st.phase() != failed || st.Outdated != "boot/1/1" || st.Installed.Directories[0] != "/bin" {
		t.Errorf("%+v", st)
	}
	if err := s.save(st); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != fullState {
		t.Errorf("%s, %v", data, err)
	}
}

func TestStateRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, err string }{
		"another version": {`{"version": 2}`, "its version is 2, and this pullpass supports 1"},
		"unknown field":   {`{"version": 1, "more": 1}`, `unknown field "more"`},
		"not JSON":        {`{`, "unexpected end of JSON input"},
		"no install":      {`{"version": 1, "trial": {}}`, "a change is on trial, and nothing is installed"},
		"no flags":        {`{"version": 1, "installed": {"files": [{"path": "/flags", "kind": "flags"}]}}`, "where the flags are in /flags is missing"},
		"no former flags": {`{"version": 1, "installed": {}, "trial": {"before": {"installed": {"files": [{"path": "/flags", "kind": "flags"}]}}}}`, "where the flags are in /flags is missing"},
	} {
		s := testStore(t)
		if err := os.WriteFile(s.path(stateName), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.load(); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %s", name, err, c.err)
		}
	}
}

// TestContents: the store keeps the contents that a state needs, and no others. It notices damage.
func TestContents(t *testing.T) {
	s := testStore(t)
	needed := nodefile.New([]byte("needed"), nil, 0o644)
	for _, text := range []string{"needed", "unneeded"} {
		if err := s.keep([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	r := testRecord()
	r.Files[0].Original = needed.Snapshot
	if err := s.save(state{Version: stateVersion, Installed: r}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(s.directory); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	if c, err := s.content(needed.Snapshot); err != nil || string(c.Data) != "needed" || !c.Equal(needed.Snapshot) {
		t.Errorf("%+v, %v", c, err)
	}
	if err := os.WriteFile(s.path(needed.SHA256), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.content(needed.Snapshot); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Error(err)
	}
}

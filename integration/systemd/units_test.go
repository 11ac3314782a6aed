// Package systemd tests the units that this repository gives to nodes.
package systemd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

const (
	directory = "../../node-config"
	binary    = "/usr/local/lib/pullpass/pullpass"
)

// known are the sections and keys of systemd that the units may have: those of systemd 245 and
// later, which all supported distributions have.
var known = map[string][]string{
	"Unit":  {"Description", "Documentation", "Wants", "After", "Before", "ConditionFileIsExecutable"},
	"Timer": {"OnBootSec", "OnUnitActiveSec", "RandomizedDelaySec"},
	"Service": {
		"Type", "ExecStart", "RemainAfterExit", "TimeoutStartSec", "EnvironmentFile", "RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve",
		"CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "PrivateTmp", "ProtectClock", "ProtectControlGroups", "ProtectHostname",
		"ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime",
		"RestrictSUIDSGID", "LockPersonality", "SystemCallArchitectures", "UMask",
	},
	"Install": {"WantedBy"},
}

// read returns the settings of a unit as "Section.Key", and checks that each is known and
// there once.
func read(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := os.Open(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	options, err := unit.DeserializeOptions(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, option := range options {
		key := option.Section + "." + option.Name
		if _, twice := settings[key]; twice || option.Value == "" || !slices.Contains(known[option.Section], option.Name) {
			t.Errorf("%s: %s=%s is empty, unknown or there twice", name, key, option.Value)
		}
		settings[key] = option.Value
	}
	return settings
}

func TestService(t *testing.T) {
	service := read(t, "pullpass-warm.service")
	for key, want := range map[string]string{
		"Unit.Before":                      "nodeadm-run.service kubelet.service k3s.service k3s-agent.service rke2-server.service rke2-agent.service",
		"Unit.After":                       service["Unit.Wants"],
		"Unit.Wants":                       "network-online.target",
		"Service.Type":                     "oneshot",
		"Service.ExecStart":                binary + " warm",
		"Service.RuntimeDirectory":         "pullpass", // /run/pullpass, the default of cache.dir for root
		"Service.RuntimeDirectoryMode":     "0700",     // or the cache refuses it
		"Service.RuntimeDirectoryPreserve": "yes",
		"Install.WantedBy":                 "multi-user.target",
	} {
		if service[key] != want {
			t.Errorf("%s=%s, want %s", key, service[key], want)
		}
	}
	for _, key := range []string{"Service.User", "Service.DynamicUser", "Service.ProtectHome"} {
		if value, set := service[key]; set {
			t.Errorf("%s=%s: pullpass must be who it is for the kubelet, and see its home directory", key, value)
		}
	}
}

func TestTimer(t *testing.T) {
	timer := read(t, "pullpass-warm.timer")
	for _, key := range []string{"Timer.OnBootSec", "Timer.OnUnitActiveSec", "Timer.RandomizedDelaySec"} {
		if timer[key] == "" {
			t.Errorf("no %s", key)
		}
	}
	if timer["Install.WantedBy"] != "timers.target" {
		t.Errorf("WantedBy=%s", timer["Install.WantedBy"])
	}
}

// TestInstallService: it is over before a kubelet of any platform starts, and is not run again when
// that is restarted, as by pullpass install --restart, for which it would wait.
func TestInstallService(t *testing.T) {
	service := read(t, "pullpass-install.service")
	command := service["Unit.ConditionFileIsExecutable"]
	for key, want := range map[string]string{
		"Unit.After":              "nodeadm-config.service",
		"Service.Type":            "oneshot",
		"Service.RemainAfterExit": "yes",
		"Service.ExecStart":       command + " install",
		"Install.WantedBy":        "multi-user.target",
	} {
		if service[key] != want {
			t.Errorf("%s=%s, want %s", key, service[key], want)
		}
	}
	before := strings.Fields(service["Unit.Before"])
	for _, kubelet := range []string{"nodeadm-run.service", "kubelet.service", "k3s.service", "k3s-agent.service", "rke2-server.service", "rke2-agent.service"} {
		if !slices.Contains(before, kubelet) {
			t.Errorf("%s does not wait", kubelet)
		}
	}
	// The user data and the image for EKS put the binary and the unit where this one looks.
	for _, name := range []string{"eks/eks.mime", "packer/pullpass.pkr.hcl"} {
		data, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || !strings.Contains(string(data), command+" config show pullpass-install.service > /etc/systemd/system/pullpass-install.service") {
			t.Errorf("%s does not install the unit: %v", name, err)
		}
	}
}

// TestBinaryPath: the units run the binary that the README installs and the kubelet runs.
func TestBinaryPath(t *testing.T) {
	for name, text := range map[string]string{
		"../README.md":                    binary,
		"credential-provider-config.yaml": "--image-credential-provider-bin-dir=" + filepath.Dir(binary),
	} {
		data, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || !strings.Contains(string(data), text) {
			t.Errorf("%s does not name %s: %v", name, text, err)
		}
	}
}

package nodeconfig_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// noChecksum stands where the user has to write the binary's own.
var noChecksum = strings.Repeat("0", 64)

// TestScripts runs what the files have nodes run, with the directories of a node elsewhere, and with
// a curl, a systemctl and a pullpass that write down how they are called.
func TestScripts(t *testing.T) {
	install := "pullpass install"
	unit := []string{"pullpass config show pullpass-install.service", "systemctl daemon-reload", "systemctl enable pullpass-install.service"}
	for name, test := range map[string]struct {
		script string
		calls  []string
		binary string // where it is in the end
	}{
		"eks":        {script: userData(t), calls: append([]string{"curl", install + " --platform eks"}, unit...), binary: "/usr/local/bin/pullpass"},
		"kops":       {script: kopsScript(t), calls: []string{"curl", install + " --platform kops --restart"}, binary: "/opt/pullpass/pullpass"},
		"cloud-init": {script: cloudInitScript(t), calls: []string{"curl", install}, binary: "/usr/local/bin/pullpass"},
		"packer":     {script: packerScript(t), calls: []string{install, unit[0], unit[2]}, binary: "/usr/local/bin/pullpass"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("another checksum", func(t *testing.T) {
				m := newMachine(t)
				output, err := m.run(t, test.script, noChecksum)
				if err == nil || strings.Contains(m.calls(t), "pullpass") || m.exists(test.binary) {
					t.Errorf("%v, calls %q: a binary with another checksum is there\n%s", err, m.calls(t), output)
				}
			})
			t.Run("right checksum", func(t *testing.T) {
				m := newMachine(t)
				output, err := m.run(t, test.script, m.checksum)
				if want := strings.Join(test.calls, "\n") + "\n"; err != nil || m.calls(t) != want || !m.exists(test.binary) {
					t.Fatalf("%v, calls:\n%swant:\n%s%s", err, m.calls(t), want, output)
				}
			})
		})
	}
}

// TestKopsAgain: at the next boot the binary is there.
func TestKopsAgain(t *testing.T) {
	m := newMachine(t)
	for range 2 {
		if output, err := m.run(t, kopsScript(t), m.checksum); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	const install = "pullpass install --platform kops --restart\n"
	if calls := m.calls(t); calls != "curl\n"+install+install {
		t.Errorf("the calls are:\n%s", calls)
	}
}

// A machine is directories in the place of a node's.
type machine struct {
	root     string
	checksum string // of the pullpass that can be downloaded
}

const fakes = "/fakes"

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{root: t.TempDir()}
	for _, directory := range []string{fakes, "/usr/local/bin", "/etc/systemd/system", "/opt/pullpass", "/tmp"} {
		if err := os.MkdirAll(m.root+directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const record = `echo "$(basename "$0")" "$@" >> ` + "%s/calls\n"
	download := "#!/bin/sh\n" + fmt.Sprintf(record, m.root)
	sum := sha256.Sum256([]byte(download))
	m.checksum = hex.EncodeToString(sum[:])
	m.write(t, "/tmp/pullpass", download, 0o644) // where Packer's first provisioner puts it
	m.write(t, fakes+"/download", download, 0o644)
	m.write(t, fakes+"/systemctl", "#!/bin/sh\n"+fmt.Sprintf(record, m.root), 0o755)
	m.write(t, fakes+"/curl", fmt.Sprintf(`#!/bin/sh
echo curl >> %[1]s/calls
limits=
while [ $# -gt 1 ]; do
	case $1 in
	--output) output=$2 ;;
	--connect-timeout | --max-time | --retry-max-time) limits="$limits $1" ;;
	esac
	shift
done
[ "$limits" = " --connect-timeout --max-time --retry-max-time" ] || exit 4 # it would keep a node from joining
case $1 in https://*) cp %[1]s%[2]s/download "$output" ;; *) exit 3 ;; esac
`, m.root, fakes), 0o755)
	m.write(t, "/calls", "", 0o644)
	return m
}

func (m machine) write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(m.root+path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// run runs a script as sh does that a node has, with the checksum that its user wrote into it.
func (m machine) run(t *testing.T, script, checksum string) (string, error) {
	t.Helper()
	if output, err := exec.Command("sh", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("sh -n: %v\n%s\n%s", err, output, script)
	}
	if !strings.Contains(script, noChecksum) {
		t.Fatalf("no place for a checksum:\n%s", script)
	}
	for _, directory := range []string{"/usr/local/bin/", "/etc/systemd/system/", "/opt/pullpass/", "/tmp/pullpass"} {
		script = strings.ReplaceAll(script, directory, m.root+directory)
	}
	command := exec.CommandContext(t.Context(), "sh", "-eu", "-c", strings.ReplaceAll(script, noChecksum, checksum))
	command.Env = []string{"PATH=" + m.root + fakes + ":/usr/bin:/bin"}
	output, err := command.CombinedOutput()
	return string(output), err
}

func (m machine) calls(t *testing.T) string {
	t.Helper()
	calls, err := os.ReadFile(filepath.Join(m.root, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(calls)
}

// exists tells whether there is an executable file.
func (m machine) exists(path string) bool {
	info, err := os.Stat(m.root + path)
	return err == nil && info.Mode().Perm() == 0o755
}

// userData returns the script of EKS's user data, and checks the part that its comment shows: a
// NodeConfig, which nodeadm knows by its content type.
func userData(t *testing.T) string {
	t.Helper()
	text := read(t, "eks/eks.mime")
	if !strings.HasPrefix(text, "MIME-Version: 1.0\n") {
		t.Error("cloud-init does not take the user data for MIME")
	}
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("the user data are %s: %v", kind, err)
	}
	parts := map[string]string{}
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := reader.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = string(content)
	}
	if len(parts) != 1 || !strings.HasPrefix(parts["text/x-shellscript"], "#!/bin/sh\n") {
		t.Fatalf("the parts are %v", parts)
	}
	_, shown, found := strings.Cut(text, "\n  --//\n  Content-Type: application/node.eks.aws\n\n")
	shown, _, ended := strings.Cut(shown, "\n\n")
	if !found || !ended {
		t.Fatal("the comment shows no NodeConfig")
	}
	node := parse[struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Cluster struct {
				Name                 string `json:"name"`
				APIServerEndpoint    string `json:"apiServerEndpoint"`
				CertificateAuthority []byte `json:"certificateAuthority"`
				CIDR                 string `json:"cidr"`
			} `json:"cluster"`
		} `json:"spec"`
	}](t, shown)
	if node.APIVersion != "node.eks.aws/v1alpha1" || node.Kind != "NodeConfig" || node.Spec.Cluster.Name == "" {
		t.Errorf("the NodeConfig is %+v", node)
	}
	return parts["text/x-shellscript"]
}

// kopsScript returns the script that the hook runs.
func kopsScript(t *testing.T) string {
	t.Helper()
	cluster := parse[struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			FileAssets []struct{ Name, Path, Content string } `json:"fileAssets"`
			Hooks      []struct {
				Name     string   `json:"name"`
				Before   []string `json:"before"`
				Manifest string   `json:"manifest"`
			} `json:"hooks"`
		} `json:"spec"`
	}](t, read(t, "kops"))
	if len(cluster.Spec.FileAssets) != 1 || len(cluster.Spec.Hooks) != 1 {
		t.Fatalf("the spec is %+v", cluster.Spec)
	}
	script, hook := cluster.Spec.FileAssets[0], cluster.Spec.Hooks[0]
	if lines := strings.Split(hook.Manifest, "\n"); !slices.Contains(lines, "ExecStart=-/bin/sh "+script.Path) || !slices.Contains(lines, "Type=oneshot") {
		t.Errorf("the hook does not run %s once, or nodeup fails if that fails:\n%s", script.Path, hook.Manifest)
	}
	if len(hook.Before) > 0 {
		t.Errorf("the hook, which restarts the kubelet, is before %v: both wait for each other", hook.Before)
	}
	return script.Content
}

func cloudInitScript(t *testing.T) string {
	t.Helper()
	text := read(t, "cloud-init")
	if !strings.HasPrefix(text, "#cloud-config\n") {
		t.Error("cloud-init does not take the file for a configuration")
	}
	config := parse[struct {
		Files []struct{ Path, Permissions, Content string } `json:"write_files"`
		Run   []string                                      `json:"runcmd"`
	}](t, text)
	if len(config.Files) != 1 || config.Files[0].Permissions != "0755" || len(config.Run) != 1 || !strings.HasPrefix(config.Run[0], config.Files[0].Path+" || ") {
		t.Fatalf("the configuration is %+v", config)
	}
	return config.Files[0].Content
}

// packerScript returns the lines of Packer's shell provisioner, with the environment that Packer
// sets for them.
func packerScript(t *testing.T) string {
	t.Helper()
	file, problems := hclsyntax.ParseConfig([]byte(read(t, "packer/pullpass.pkr.hcl")), "pullpass.pkr.hcl", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	values := map[string]cty.Value{"sha256": cty.StringVal(noChecksum)}
	context := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(values)}}
	var script strings.Builder
	for _, build := range file.Body.(*hclsyntax.Body).Blocks {
		for _, block := range build.Body.Blocks {
			if build.Type != "build" || block.Type != "provisioner" || block.Labels[0] != "shell" {
				continue
			}
			for _, name := range []string{"environment_vars", "inline"} {
				list, problems := block.Body.Attributes[name].Expr.Value(context)
				if problems.HasErrors() {
					t.Fatal(problems)
				}
				for _, line := range list.AsValueSlice() {
					script.WriteString(line.AsString() + "\n")
				}
			}
		}
	}
	return script.String()
}

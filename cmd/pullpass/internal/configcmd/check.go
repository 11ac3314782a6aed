package configcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider/safefile"
)

func newCheck(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	binDir, own := "", false
	command := &cobra.Command{
		Use:   "check FILE|DIRECTORY|- [--bin-dir DIRECTORY]",
		Short: "Validate a kubelet credential provider config",
		Long: `Validate a CredentialProviderConfig: a file, a directory whose files the kubelet
reads, or - for stdin. Errors are what the kubelet would refuse; notes are
entries that have no effect or do harm, such as patterns that match no image.
Only errors make the exit code 1.

With --bin-dir, the providers' binaries are checked as well. With --pullpass,
the file is pullpass's own configuration, and its first mistake is reported.`,
		Example: `  pullpass config check /etc/kubernetes/credential-providers.yaml
  pullpass config check /etc/kubernetes/providers --bin-dir /usr/local/bin
  pullpass config check --pullpass /etc/pullpass/config.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one file or directory, or - for stdin")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			named := cmd.Flags().Changed("bin-dir")
			switch {
			case named && binDir == "":
				return errors.New("--bin-dir must not be empty")
			case named && own:
				return errors.New("--bin-dir is of no use with --pullpass")
			case own:
				return cli.AsFailure(checkOwnConfig(cmd.Context(), b, stdio, args[0]))
			}
			return cli.AsFailure(checkKubeletConfig(cmd.Context(), b, stdio, args[0], binDir))
		},
	}
	command.Flags().StringVar(&binDir, "bin-dir", "", "also check the providers' binaries in this `directory`")
	command.Flags().BoolVar(&own, "pullpass", false, "check pullpass's own configuration file")
	return command
}

// checkOwnConfig reports that a config of pullpass's own is good. The error is its first mistake.
func checkOwnConfig(ctx context.Context, b *broker.Broker, stdio *cli.Stdio, name string) error {
	read := safefile.Read
	if name == cli.StdinName {
		read = func(name string) ([]byte, error) { return stdio.ReadInput(ctx, name) }
	}
	data, err := read(name)
	if err != nil {
		return err
	}
	settings, err := config.Parse(cli.InputName(name), data, b.Backends)
	if err != nil {
		return fmt.Errorf("check %w", err)
	}
	_, err = io.WriteString(stdio.Out, report.Text([]report.Finding{okFinding(cli.InputName(name), report.Count(len(settings.Registries), "rule", "rules"))}))
	return err
}

func okFinding(file, text string) report.Finding {
	return report.Finding{Severity: report.OK, Place: report.Place{File: file}, Text: text}
}

// checkKubeletConfig writes what is wrong with the kubelet's config, or that nothing is. The error
// counts the faults. binDir is "" if the binaries are not looked for.
func checkKubeletConfig(ctx context.Context, b *broker.Broker, stdio *cli.Stdio, name, binDir string) error {
	files, findings, err := readKubeletConfig(ctx, stdio, name)
	if err != nil {
		return fmt.Errorf("check the kubelet's config: %w", err)
	}
	var checkBinary func(string) error
	if binDir != "" {
		checkBinary = kubeletconfig.CheckBinary(binDir)
	}
	findings = append(findings, kubeletconfig.Check(files, checkBinary, b.Backends)...)
	for i := range findings {
		if findings[i].File == "" { // it is about a directory without files
			findings[i].File = cli.InputName(name)
		}
	}
	if report.Faults(findings) == 0 {
		findings = append(findings, okFinding(cli.InputName(name), providersOf(files)))
	}
	if _, err := io.WriteString(stdio.Out, report.Text(findings)); err != nil {
		return err
	}
	return report.Err(cli.InputName(name), findings)
}

// providersOf returns the number of the providers in files, and their names.
func providersOf(files []kubeletconfig.File) string {
	var names []string
	for _, file := range files {
		providers, err := kubeletconfig.Providers(file.Name, file.Data)
		if err != nil {
			continue // a file of a directory may have none
		}
		for _, p := range providers {
			names = append(names, strictyaml.Shown(p.Name))
		}
	}
	return report.Count(len(names), "provider", "providers") + ": " + strings.Join(names, ", ")
}

// readKubeletConfig reads what the kubelet would read. The findings are notes about what it would
// not.
func readKubeletConfig(ctx context.Context, stdio *cli.Stdio, name string) ([]kubeletconfig.File, []report.Finding, error) {
	if info, err := os.Stat(name); name != cli.StdinName && err == nil && info.IsDir() {
		return kubeletconfig.ReadFiles(name, func(name string) ([]byte, error) { return nodefile.ReadAll(name, nodefile.MaxConfig) })
	}
	data, err := stdio.ReadInput(ctx, name)
	return []kubeletconfig.File{{Name: cli.InputName(name), Data: data}}, nil, err
}

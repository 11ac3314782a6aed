package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/provider/safefile"
)

func newConfigCheckCommand(n *node) *cobra.Command {
	binDir, own := "", false
	command := &cobra.Command{
		Use:   "check FILE|DIRECTORY|- [--bin-dir DIRECTORY]",
		Short: "Tell what the kubelet would refuse, before it does not start",
		Long: `Check a CredentialProviderConfig: a file, a directory of which the kubelet reads all files, or
stdin for -. It tells everything that the kubelet would refuse, and as notes what it takes but
what does nothing or does harm, such as patterns that match no image. With --bin-dir it also
looks for the providers' binaries. With --pullpass it checks pullpass's own config file in
place of the kubelet's, and tells the first mistake.

The exit code is 1 if there is a fault. Notes are none.`,
		Example: `  pullpass config check /etc/kubernetes/credential-providers --bin-dir /usr/local/bin
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
				return asFailure(n.checkOwnConfig(cmd.Context(), args[0]))
			}
			return asFailure(n.checkKubeletConfig(cmd.Context(), args[0], binDir))
		},
	}
	command.Flags().StringVar(&binDir, "bin-dir", "", "`directory` with the providers' binaries")
	command.Flags().BoolVar(&own, "pullpass", false, "the file is pullpass's own config")
	return command
}

// checkOwnConfig tells that there is no mistake. The error is the first one.
func (n *node) checkOwnConfig(ctx context.Context, name string) error {
	read := safefile.Read
	if name == stdinName {
		read = func(name string) ([]byte, error) { return n.readInput(ctx, name) }
	}
	data, err := read(name)
	if err != nil {
		return err
	}
	settings, err := config.Parse(inputName(name), data)
	if err != nil {
		return fmt.Errorf("check %w", err)
	}
	_, err = fmt.Fprintf(n.Stdout, "%s: ok, %s\n", inputName(name), count(len(settings.Registries), "rule"))
	return err
}

func count(number int, what string) string {
	if number != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", number, what)
}

// checkKubeletConfig writes what is wrong with the kubelet's config, or that nothing is. The error
// counts the faults. binDir is "" if the binaries are not looked for.
func (n *node) checkKubeletConfig(ctx context.Context, name, binDir string) error {
	files, faults, err := n.readKubeletConfig(ctx, name)
	if err != nil {
		return fmt.Errorf("check the kubelet's config: %w", err)
	}
	var look func(string) error
	if binDir != "" {
		look = kubeletconfig.Executable(binDir)
	}
	faults = append(faults, kubeletconfig.Check(files, look)...)
	var text strings.Builder
	failed := 0
	for _, fault := range faults {
		text.WriteString(faultLines(fault, inputName(name)))
		if !fault.Note {
			failed++
		}
	}
	if failed == 0 {
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
		fmt.Fprintf(&text, "%s: ok, %s: %s\n", oneLine(inputName(name)), count(len(names), "provider"), strings.Join(names, ", "))
	}
	if _, err := io.WriteString(n.Stdout, text.String()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("check %s: %s", inputName(name), count(failed, "fault"))
	}
	return nil
}

// readKubeletConfig reads what the kubelet would read. The faults are notes about what it would not.
func (n *node) readKubeletConfig(ctx context.Context, name string) ([]kubeletconfig.File, []kubeletconfig.Fault, error) {
	if info, err := os.Stat(name); name != stdinName && err == nil && info.IsDir() {
		return kubeletconfig.ReadFiles(name)
	}
	data, err := n.readInput(ctx, name)
	return []kubeletconfig.File{{Name: inputName(name), Data: data}}, nil, err
}

// faultLines returns "FILE:LINE: FIELD: what is wrong", and a line for the hint. name is that of what
// is checked.
func faultLines(fault kubeletconfig.Fault, name string) string {
	text := fault.File
	if text == "" {
		text = name
	}
	if fault.Line > 0 {
		text += fmt.Sprintf(":%d", fault.Line)
	}
	text += ": "
	if fault.Note {
		text += "note: "
	}
	if fault.Field != "" {
		text += fault.Field + ": "
	}
	text = oneLine(text+fault.Text) + "\n"
	if fault.Hint != "" {
		text += oneLine("  hint: "+fault.Hint) + "\n"
	}
	return text
}

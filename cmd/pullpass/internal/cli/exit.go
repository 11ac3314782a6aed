package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// The exit codes of pullpass.
const (
	ExitAnswered = 0 // also for "there is no credential"
	ExitFailed   = 1
	ExitUsage    = 2
)

// ErrShown stands for errors that the command has written to the log itself.
var ErrShown = errors.New("there were errors")

// A Failure is an error in what a command does. Any other error of a command is one in its arguments.
type Failure struct{ error }

// AsFailure returns err as a Failure, nil for nil.
func AsFailure(err error) error {
	if err == nil {
		return nil
	}
	return Failure{err}
}

// NoArguments is for commands that take no arguments. For a command with subcommands, its error names the one
// that may have been meant.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		return fmt.Errorf("%s takes no arguments, but got %q", name, args[0])
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text)
}

// Execute runs the command below root that args name, and returns the exit code. It writes the
// command's error to log.
func Execute(ctx context.Context, root *cobra.Command, args []string, log *env.Log) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && command == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		err = cmp.Or(root.Args(root, args[:1]), err) // it comes before what is wrong with its flags
	}
	var failure Failure
	switch {
	case err == nil:
		return ExitAnswered
	case errors.As(err, &failure):
		return Fail(failure.error, log)
	}
	if provider.Hint(err) == "" {
		err = provider.WithHint(err, "see "+command.CommandPath()+" --help")
	}
	log.Error(err)
	return ExitUsage
}

// Fail writes err to log, unless it is ErrShown, and returns the exit code of a failure.
func Fail(err error, log *env.Log) int {
	if !errors.Is(err, ErrShown) {
		log.Error(err)
	}
	return ExitFailed
}

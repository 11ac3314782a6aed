package configcmd

import (
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/config"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

func newSchema(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of pullpass's configuration file",
		Long: `Print the JSON Schema of pullpass's own configuration file. Editors with a YAML
language server complete and check a file whose first line is

  # yaml-language-server: $schema=PATH

where PATH is a file with this schema, or its URL at the latest release, which is
the schema's $id. A schema cannot check everything: pullpass config check
--pullpass does.`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema(b.Backends)
			if err != nil {
				return cli.AsFailure(err)
			}
			_, err = stdio.Answer.Write(append(schema, '\n'))
			return cli.AsFailure(err)
		},
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/pullpass/pullpass/integration/release/source"
)

// writeSchema writes the JSON Schema of pullpass's configuration, as pullpass built for this machine prints it, into
// the directory out. Its name is that of the schema's $id.
func writeSchema(ctx context.Context, out string) error {
	command := exec.CommandContext(ctx, "go", "run", "./cmd/pullpass", "config", "schema")
	command.Env = source.Environment(source.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH})
	command.Stderr = os.Stderr
	schema, err := command.Output()
	if err != nil {
		return fmt.Errorf("print the schema of the configuration: %w", err)
	}
	return os.WriteFile(filepath.Join(out, "config.schema.json"), schema, 0o644)
}

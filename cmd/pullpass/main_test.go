package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pullpass": main})
}

// TestScripts runs the whole command. No script reaches a cloud: the metadata services are
// pointed at a port where nobody listens. Those with a cloud are in the integration module.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars,
				"HOME="+env.WorkDir,
				"USERPROFILE="+env.WorkDir,
				"PULLPASS_CONFIG="+env.WorkDir+"/none.yaml",
				"PULLPASS_CACHE_DIR="+env.WorkDir+"/cache",
				"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9",
				"GCE_METADATA_HOST=127.0.0.1:9",
			)
			return os.WriteFile(filepath.Join(env.WorkDir, "none.yaml"), []byte("apiVersion: pullpass/v1\nkind: Config\n"), 0o600)
		},
	})
}

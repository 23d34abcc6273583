package cli_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordon-trust/cordon/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cordon":      func() { os.Exit(cli.Main()) },
		"cordon-wait": func() { os.Exit(cli.WaitMain()) },
	})
}

// The scripts run the real command line in a process of its own. UPDATE=1 rewrites what they compare.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ESC", "\x1b")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "plain": plain, "remember": remember, "unchanged": unchanged, "jsonl": jsonl, "flip": flip, "capture": capture, "encrypted": encrypted,
		},
	})
}

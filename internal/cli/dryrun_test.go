package cli

import (
	"go/ast"
	"strings"
	"testing"
)

// Whatever opens the home to write, or writes a file that was named, takes --dry-run: its constructor ends with
// s.writes(cmd). Of watch, --no-record is the dry run.
func TestWhatWritesTakesDryRun(t *testing.T) {
	t.Parallel()
	exempt := map[string]string{"newWatchCommand": "--no-record"}
	found := 0
	sources(t, func(path string, f *ast.File) {
		if f.Name.Name != "cli" || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "new") || !strings.HasSuffix(fn.Name.Name, "Command") || exempt[fn.Name.Name] != "" {
				continue
			}
			called := map[string]bool{}
			ast.Inspect(fn, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
						called[sel.Sel.Name] = true
					}
				}
				return true
			})
			if called["writing"] || called["labWard"] || called["writeManual"] {
				found++
				if !called["writes"] {
					t.Errorf("%s: %s writes and does not take --dry-run: end it with s.writes(cmd)", path, fn.Name.Name)
				}
			}
		}
	})
	if found < 10 {
		t.Errorf("only %d commands that write were found", found)
	}
}

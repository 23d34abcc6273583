package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// sources parses every Go file of the repository.
func sources(t *testing.T, each func(path string, f *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err == nil {
			each(path, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lookups are the functions through which the environment is read.
var lookups = map[string]bool{"env": true, "Getenv": true, "LookupEnv": true}

// Whatever is looked up in the environment stands in the table that the help and doctor are made of, and what
// stands there is looked up.
func TestEnvironmentIsDocumented(t *testing.T) {
	t.Parallel()
	named := map[string]string{
		"envHome": envHome, "envPassphrase": envPassphrase, "envData": envData, "envUser": envUser, "envGrowth": envGrowth, "envMemory": envMemory,
	}
	looked := map[string]bool{}
	sources(t, func(path string, f *ast.File) {
		own := strings.Contains(filepath.ToSlash(path), "/internal/cli/") || strings.HasPrefix(f.Name.Name, "cli")
		test := strings.HasSuffix(path, "_test.go")
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			name := ""
			switch fn := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = fn.Sel.Name
			case *ast.Ident:
				name = fn.Name
			}
			if !lookups[name] {
				return true
			}
			switch arg := call.Args[0].(type) {
			case *ast.BasicLit:
				text, err := strconv.Unquote(arg.Value)
				if err == nil && (!test || strings.HasPrefix(text, "CORDON_")) {
					looked[text] = true
					if !hasVariable(text) {
						t.Errorf("%s looks up %q, which is not in the table of variables (environment.go)", path, text)
					}
				}
			case *ast.Ident:
				switch text, ok := named[arg.Name]; {
				case ok:
					looked[text] = true
				case own && !test && arg.Name != "name":
					t.Errorf("%s looks up %s: name it in environment.go and in this test", path, arg.Name)
				}
			}
			return true
		})
	})
	for _, v := range variables() {
		if !looked[v.name] && v.name != "NO_COLOR" && !v.developing {
			t.Errorf("%s is documented and nobody looks it up", v.name)
		}
	}
}

// Every CORDON_ word that stands anywhere in the source is a variable of the table, save what a test tells its own
// child by a name with _TEST_ in it.
func TestNoOtherVariableIsNamed(t *testing.T) {
	t.Parallel()
	sources(t, func(path string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err == nil && strings.HasPrefix(text, "CORDON_") && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" && text != "CORDON_" && !strings.Contains(text, "_TEST_") && !hasVariable(text) {
				t.Errorf("%s names %q, which is not in the table of variables (environment.go)", path, text)
			}
			return true
		})
	})
}

package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// pkg is what the tests of this package need to know of one folder with Go files.
type pkg struct {
	path    string // within the module, with slashes
	doc     bool   // a file other than a test has a package comment
	files   []file
	imports []imported
	fuzz    []string // names of Fuzz functions
}

type file struct {
	name  string // from the root of the repository
	test  bool
	lines int
	tree  *ast.File
	set   *token.FileSet
}

type imported struct {
	path     string
	pos      string // file:line
	test     bool   // by a test file
	external bool   // by a test file of package x_test
}

// inModule returns the path within this module.
func inModule(imp string) (string, bool) {
	return strings.CutPrefix(imp, module+"/")
}

// source parses every Go file of the repository, whatever its build tags.
func source(t *testing.T) map[string]*pkg {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if mod, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || !bytes.Contains(mod, []byte("module "+module+"\n")) {
		t.Fatalf("%s is not the root of the module: %v", root, err)
	}
	out := map[string]*pkg{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != root && (base == "testdata" || base == "vendor" || base == "bin" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return add(out, root, filepath.ToSlash(rel))
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 4 {
		t.Fatalf("found only %d packages under %s", len(out), root)
	}
	return out
}

func add(out map[string]*pkg, root, rel string) error {
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(rel)))
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, rel, src, parser.ParseComments)
	if err != nil {
		return err
	}
	p := out[path.Dir(rel)]
	if p == nil {
		p = &pkg{path: path.Dir(rel)}
		out[p.path] = p
	}
	test := strings.HasSuffix(rel, "_test.go")
	p.files = append(p.files, file{name: rel, test: test, lines: bytes.Count(src, []byte("\n")), tree: tree, set: set})
	p.doc = p.doc || !test && tree.Doc != nil
	for _, imp := range tree.Imports {
		p.imports = append(p.imports, imported{
			path: strings.Trim(imp.Path.Value, `"`), pos: set.Position(imp.Pos()).String(),
			test: test, external: test && strings.HasSuffix(tree.Name.Name, "_test"),
		})
	}
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && test && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
			p.fuzz = append(p.fuzz, f.Name.Name)
		}
	}
	return nil
}

package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestFoldersAreFlat(t *testing.T) {
	t.Parallel()
	for _, p := range source(t) {
		if within(p.path, "internal") && strings.Count(p.path, "/") > 2 {
			t.Errorf("%s is too deep: depth is at most internal/x/y, noun at the second level, format or protocol at the third", p.path)
		}
		name := p.path[strings.LastIndex(p.path, "/")+1:]
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "manager", "misc", "shared"}, name) {
			t.Errorf("%s: a package is named after its thing", p.path)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range source(t) {
		if !p.doc && p.path != "internal" {
			t.Errorf("%s has no package comment: what it does, the two calls most people need, what it refuses", p.path)
		}
		for _, f := range p.files {
			if f.lines > 600 {
				t.Errorf("%s has %d lines: one file, one idea, none over 600", f.name, f.lines)
			}
		}
	}
}

// forTests reports whether a package serves tests alone, as kit/disktest does; its name says so.
func forTests(path string) bool { return strings.HasSuffix(path, "test") }

// speaks lists the calls that print or end the process; only cli and cmd do that.
var speaks = map[string][]string{
	"os":  {"Exit"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
}

func TestProductionCodeKeepsItsManners(t *testing.T) {
	t.Parallel()
	for _, p := range source(t) {
		for _, f := range p.files {
			if f.test || forTests(p.path) {
				continue
			}
			for _, breach := range manners(f, p.path) {
				t.Error(breach)
			}
		}
	}
}

// manners returns what a production file does that none should.
func manners(f file, in string) []string {
	var out []string
	say := func(n ast.Node, what string) { out = append(out, f.set.Position(n.Pos()).String()+": "+what) }
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				say(n, "no init(): nothing registers itself, the constructor of whoever needs it does")
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" {
				say(n, "library code does not panic: return an error")
			}
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			if from, ok := sel.X.(*ast.Ident); ok && slices.Contains(speaks[from.Name], sel.Sel.Name) &&
				!within(in, "internal/cli") && !within(in, "cmd") {
				say(n, "only cli prints or exits, not "+from.Name+"."+sel.Sel.Name+": return the value or the error")
			}
		}
		return true
	})
	return out
}

// The rules are worth nothing if they see nothing.
func TestMannersAreNoticed(t *testing.T) {
	t.Parallel()
	const src = `package x
import ("fmt"; "os")
func init() {}
func (t) init() {}
func f() { fmt.Println("x"); fmt.Sprint("x"); os.Exit(1); panic("x") }`
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, "x.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := file{name: "x.go", tree: tree, set: set}
	for in, want := range map[string]int{"internal/release": 4, "internal/cli": 2, "cmd/cordon": 2} {
		if got := manners(f, in); len(got) != want {
			t.Errorf("%s: %d breaches, want %d: %q", in, len(got), want, got)
		}
	}
}

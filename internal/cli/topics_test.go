package cli

import (
	"bytes"
	"encoding/json/v2"
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Every row that this package prints is in the list that help is made of.
func TestEveryAnswerIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, a := range answers() {
		listed[bare(reflect.TypeOf(a.row)).Name()] = true
	}
	sources(t, func(path string, f *ast.File) {
		if f.Name.Name != "cli" || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "kind" {
				continue
			}
			at := fn.Recv.List[0].Type
			if star, ok := at.(*ast.StarExpr); ok {
				at = star.X
			}
			if id, ok := at.(*ast.Ident); !ok || !listed[id.Name] {
				t.Errorf("%s: row %v is not in answers(): add a line with the commands that print it", path, at)
			}
		}
	})
}

// The commands that an answer names exist.
func TestAnswersNameCommands(t *testing.T) {
	t.Parallel()
	_, root := tree()
	for _, a := range answers() {
		for _, path := range strings.Split(a.from, ", ") {
			words := strings.Fields(strings.TrimSuffix(path, " --man"))
			if cmd, rest, err := root.Find(words); err != nil || len(rest) > 0 || cmd == root {
				t.Errorf("type %q is printed by %q, which is no command", a.row.kind(), path)
			}
		}
	}
}

// The fields that help lists are those that the encoder writes.
func TestFieldsAreThoseThatArePrinted(t *testing.T) {
	t.Parallel()
	for _, a := range answers() {
		var out bytes.Buffer
		s := newState(Streams{Out: &out, Err: &out}, func(string) string { return "" })
		s.json = true
		if err := s.print(a.row); err != nil {
			t.Errorf("%s: %v", a.row.kind(), err)
			continue
		}
		if err := s.flush(); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "type")
		var always, all []string
		for _, f := range fieldsOf(a.row) {
			if !strings.ContainsAny(f.name, ".[") {
				all = append(all, f.name)
				if !f.maybe {
					always = append(always, f.name)
				}
			}
		}
		for name := range got {
			if !slices.Contains(all, name) {
				t.Errorf("%s prints %q, which help does not list", a.row.kind(), name)
			}
		}
		for _, name := range always {
			if _, ok := got[name]; !ok {
				t.Errorf("help says that %s always has %q, and an empty one has not", a.row.kind(), name)
			}
		}
	}
}

// Exit codes that faults carry are those that help lists.
func TestEveryExitCodeIsListed(t *testing.T) {
	t.Parallel()
	var listed []int
	for _, e := range exits() {
		listed = append(listed, e.code)
	}
	used := []int{0}
	for _, d := range fault.Table {
		if !slices.Contains(used, d.Exit) {
			used = append(used, d.Exit)
		}
	}
	slices.Sort(used)
	if diff := cmp.Diff(listed, used); diff != "" {
		t.Errorf("listed, and used by a code:\n%s", diff)
	}
}

// A topic fits a screen.
func TestTopicsFitAScreen(t *testing.T) {
	t.Parallel()
	for _, top := range topics() {
		lines := strings.Split(top.text, "\n")
		if len(lines) > 50 {
			t.Errorf("%s has %d lines", top.name, len(lines))
		}
		for _, l := range lines {
			if len(l) > 121 {
				t.Errorf("%s has a line of %d characters: %s", top.name, len(l), l)
			}
		}
	}
}

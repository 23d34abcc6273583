package cli

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const generated = "<!-- Made from the program: UPDATE=1 go test -run Golden ./internal/cli -->\n\n"

// The reference is what the program says of itself. UPDATE=1 rewrites it.
func TestReferenceIsGolden(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"commands.md":    commandReference(),
		"exit-codes.md":  exitReference(),
		"environment.md": environmentReference(),
		"formats.md":     formatReference(t),
	}
	dir := filepath.Join("..", "..", "docs", "reference")
	for name, page := range pages {
		file := filepath.Join(dir, name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		held, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(held), page); diff != "" {
			t.Errorf("%s is not current; UPDATE=1 go test -run Golden ./internal/cli (-held +now):\n%s", file, diff)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if _, ok := pages[f.Name()]; !ok {
			t.Errorf("%s is in the folder of what is generated, and nothing generates it", f.Name())
		}
	}
}

func commandReference() string {
	var b bytes.Buffer
	b.WriteString("# Commands\n\n" + generated + "Each page is what `cordon help COMMAND` prints. `cordon help --man DIR` writes them as manual pages.\n\n")
	_, root := tree()
	each := func(fn func(*cobra.Command)) {
		eachCommand(root, func(cmd *cobra.Command) {
			if !cmd.Hidden {
				fn(cmd)
			}
		})
	}
	each(func(cmd *cobra.Command) {
		fmt.Fprintf(&b, "- [`%s`](#%s): %s\n", cmd.CommandPath(), pageName(cmd), cmd.Short)
	})
	each(func(cmd *cobra.Command) {
		fmt.Fprintf(&b, "\n## %s\n\n```\n", cmd.CommandPath())
		writeHelp(&b, cmd)
		b.WriteString("```\n")
	})
	return b.String()
}

func exitReference() string {
	var b strings.Builder
	b.WriteString("# Exit codes and error codes\n\n" + generated + "| exit code | name | meaning |\n|---|---|---|\n")
	for _, e := range exits() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", e.code, e.name, e.meaning)
	}
	b.WriteString("\nEvery error is two lines on standard error, `cordon: error:` and `cordon: hint:`. The first ends with one of\n" +
		"these codes, which never change their meaning. `cordon explain CODE` prints what stands here.\n")
	for _, c := range slices.Sorted(maps.Keys(fault.Table)) {
		d := fault.Table[c]
		fmt.Fprintf(&b, "\n## %s\n\nExit code %d. %s\n\nWhat to do: %s.\n", c, d.Exit, d.Explain, strings.TrimSuffix(d.Hint, "."))
	}
	return b.String()
}

func environmentReference() string {
	var b strings.Builder
	b.WriteString("# Environment and files\n\n" + generated)
	b.WriteString("A flag wins over its variable, and a variable over the default. `cordon doctor` shows what is in force and\nwhere it comes from. There is no configuration file.\n")
	for _, developing := range []bool{false, true} {
		if developing {
			b.WriteString("\nThese are read by the project's own tests and benchmarks, never by the program:\n")
		}
		b.WriteString("\n| variable | flag | meaning |\n|---|---|---|\n")
		for _, v := range variables() {
			flag := ""
			if v.flag != "" {
				flag = "`--" + v.flag + "`"
			}
			if v.developing == developing {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, flag, v.meaning)
			}
		}
	}
	b.WriteString("\n## What lies in a home\n\n| file | what it is |\n|---|---|\n")
	for _, f := range homeFiles() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f[0], f[1])
	}
	return b.String()
}

func formatReference(t *testing.T) string {
	t.Helper()
	comments := fieldComments(t)
	var b strings.Builder
	b.WriteString("# Formats\n\n" + generated + "```\n" + topicText([]string{"formats"}) + "\n```\n\n## Objects of --json\n\n")
	b.WriteString("One object a line, the field `type` first. Fields are only ever added, so a reader passes over those that it\ndoes not know. Where three kinds of row share a type, the command tells them apart.\n")
	list := answers()
	slices.SortStableFunc(list, func(x, y answer) int { return strings.Compare(x.row.kind(), y.row.kind()) })
	for _, a := range list {
		fmt.Fprintf(&b, "\n### %s: %s\n\nPrinted by %s.\n\n| field | form | meaning |\n|---|---|---|\n", a.row.kind(), a.what, a.from)
		for _, f := range fieldsOf(a.row) {
			form := f.form
			if f.maybe {
				form += ", or missing"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.name, form, strings.ReplaceAll(comments[f.owner][f.index], "|", `\|`))
		}
	}
	return b.String()
}

// fieldComments reads what the source says beside each field of the structs of this module, by its place.
func fieldComments(t *testing.T) map[reflect.Type][]string {
	t.Helper()
	wanted := map[string]reflect.Type{} // "internal/app.TransferInfo"
	for _, a := range answers() {
		for _, f := range fieldsOf(a.row) {
			pkg := strings.TrimPrefix(f.owner.PkgPath(), "github.com/cordon-trust/cordon/")
			wanted[pkg+"."+f.owner.Name()] = f.owner
		}
	}
	out := map[reflect.Type][]string{}
	sources(t, func(file string, f *ast.File) {
		dir := path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../../"))
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			typ, ok := wanted[dir+"."+spec.Name.Name]
			if body, is := spec.Type.(*ast.StructType); ok && is {
				out[typ] = commentsOf(body)
			}
			return true
		})
	})
	return out
}

func commentsOf(body *ast.StructType) []string {
	var out []string
	for _, f := range body.Fields.List {
		text := strings.Join(strings.Fields(f.Comment.Text()), " ")
		if doc := strings.Join(strings.Fields(f.Doc.Text()), " "); text == "" {
			text = doc
		}
		for range max(1, len(f.Names)) {
			out = append(out, text)
		}
	}
	return out
}

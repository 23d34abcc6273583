package house

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// pages returns the documents of the repository by their path from its root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(path string) {
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.ToSlash(path)] = string(b)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"} {
		add(name)
	}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			rel, rerr := filepath.Rel(root, path)
			add(rel)
			err = rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every link to a file of the repository leads somewhere, and every document is led to from the index.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	linked := map[string]bool{}
	all := pages(t)
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to := filepath.ToSlash(filepath.Join(filepath.Dir(page), m[1]))
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
			if page == "docs/README.md" {
				linked[to] = true
			}
		}
	}
	for page := range all {
		if strings.HasPrefix(page, "docs/") && page != "docs/README.md" && !linked[page] {
			t.Errorf("docs/README.md does not lead to %s", page)
		}
	}
}

// What documents call a file or a folder in backticks is there.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`((?:internal|cmd|scripts|docs|bench)/[a-z0-9_./]+)`")
	for page, text := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if m[1] == "internal/x/y" { // stands for any
				continue
			}
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}

// The table of docs/architecture.md is the law of this package and the imports of the source. UPDATE=1 rewrites it.
func TestDocumentsTellTheImports(t *testing.T) {
	t.Parallel()
	const name, begin, end = "docs/architecture.md", "<!-- rooms -->\n", "<!-- end -->"
	file := filepath.Join(root, name)
	held, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(held), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", name)
	}
	now := before + begin + roomTable(source(t)) + end + after
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != string(held) {
		t.Errorf("%s does not tell what the source imports; UPDATE=1 go test -run Documents ./internal\n%s", name, roomTable(source(t)))
	}
}

func roomTable(packages map[string]*pkg) string {
	touched := map[string]map[string]bool{} // room: other rooms
	for _, p := range packages {
		from := roomOf(p.path)
		if from == "" {
			continue
		}
		if touched[from] == nil {
			touched[from] = map[string]bool{}
		}
		for _, imp := range p.imports {
			if to, ours := inModule(imp.path); ours && !imp.test && roomOf(to) != from {
				touched[from][roomOf(to)] = true
			}
		}
	}
	var b strings.Builder
	b.WriteString("| room | may import | imports |\n|---|---|---|\n")
	for _, name := range slices.Sorted(mapKeys(law())) {
		does := "nothing yet: it is in the design alone"
		if set, ok := touched[name]; ok {
			does = short(slices.Sorted(mapKeys(set)))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.TrimPrefix(name, "internal/"), short(law()[name].may), does)
	}
	return b.String()
}

func short(rooms []string) string {
	if len(rooms) == 0 {
		return "none of ours"
	}
	var out []string
	for _, r := range rooms {
		out = append(out, "`"+strings.TrimPrefix(r, "internal/")+"`")
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// The picture is whole, loads nothing, can be read in the dark, and shows every room of the law.
func TestDocumentsPicture(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "docs", "architecture.svg"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			words[strings.TrimSpace(string(tok))] = true
		case xml.StartElement:
			if slices.Contains([]string{"script", "image", "use", "foreignObject", "a"}, tok.Name.Local) {
				t.Errorf("it has an element %q", tok.Name.Local)
			}
			for _, at := range tok.Attr {
				if strings.HasPrefix(at.Name.Local, "on") || strings.Contains(at.Value, "url(") || at.Name.Local == "href" {
					t.Errorf("it has the attribute %s=%q", at.Name.Local, at.Value)
				}
			}
		}
	}
	if !bytes.Contains(b, []byte("prefers-color-scheme: dark")) {
		t.Error("it has one set of colours")
	}
	for path := range law() {
		if name := strings.TrimPrefix(path, "internal/"); !words[name] && name != "update" && name != "verify" {
			t.Errorf("it does not show %q", name)
		}
	}
	for _, step := range []string{"source", "statement", "ledger", "facts", "graph", "answer"} {
		if !words[step] {
			t.Errorf("it does not show %q", step)
		}
	}
}

// What docs/protocol.md says about the source stands there: the code of its example, and each place where TFTP is
// wired.
func TestDocumentsQuoteTheSource(t *testing.T) {
	t.Parallel()
	text := pages(t)["docs/protocol.md"]
	read := func(path string) string {
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Error(err)
		}
		return spaced(string(b))
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) < 5 {
		t.Errorf("only %d pieces of code are quoted", len(blocks))
	}
	example := read("internal/network/recipe_test.go")
	for _, b := range blocks {
		if !strings.Contains(example, spaced(b[1])) {
			t.Errorf("this does not stand in recipe_test.go:\n%s", b[1])
		}
	}
	_, table, ok := strings.Cut(text, "<!-- wired")
	rows := regexp.MustCompile("(?m)^\\| `(internal/[^`]+)` \\| `([^`]+)` \\|$").FindAllStringSubmatch(table, -1)
	if !ok || len(rows) < 10 {
		t.Fatalf("only %d lines say where TFTP is wired", len(rows))
	}
	for _, r := range rows {
		if !strings.Contains(read(r[1]), spaced(r[2])) {
			t.Errorf("%s does not have %q", r[1], r[2])
		}
	}
}

// spaced makes runs of blanks one, since the formatter moves them.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// The console's pages that docs/console.md lists are those that it routes.
func TestDocumentsListThePages(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "internal", "console", "console.go"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "internal", "console", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	asked := ""
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		asked += string(src)
	}
	text := pages(t)["docs/console.md"]
	var routed, told []string
	for _, m := range regexp.MustCompile(`(?m)^\t\t"(/[a-z{}$/]*)": +[a-z]`).FindAllStringSubmatch(string(b), -1) {
		if m[1] != "/" {
			routed = append(routed, strings.TrimSuffix(m[1], "{$}"))
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(/[^`]*)` \\| (?:\\(.*\\): )?(.*) \\|$").FindAllStringSubmatch(text, -1) {
		told = append(told, m[1])
		if !strings.Contains(asked, m[2]+`"`) {
			t.Errorf("no page of the console is headed %q", m[2])
		}
	}
	slices.Sort(routed)
	slices.Sort(told)
	if len(routed) == 0 || !slices.Equal(routed, told) {
		t.Errorf("the console routes %v, and docs/console.md lists %v", routed, told)
	}
}

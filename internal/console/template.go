package console

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/kit/visible"
)

//go:embed pages/*.html
var pageFiles embed.FS

// The files with what pages have in common.
const (
	layoutFile   = "pages/layout.html"
	pictureFile  = "pages/picture.html"
	timelineFile = "pages/timeline.html"
)

// readPages parses the layout with each page. Every value that a page prints is made visible first, because
// the tree of the template is changed so: no page can forget it.
func readPages() (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "look for the pages")
	}
	for _, name := range names {
		if slices.Contains(shared(), name) {
			continue
		}
		t, err := template.New("").Option("missingkey=error").Funcs(words()).ParseFS(pageFiles, append(shared(), name)...)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "read page %q", name)
		}
		for _, part := range t.Templates() {
			if part.Tree != nil {
				makeVisible(part.Tree, part.Tree.Root)
			}
		}
		out[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return out, nil
}

// shared are the files whose parts every page may use.
func shared() []string { return []string{layoutFile, pictureFile, timelineFile} }

// makeVisible lets every pipeline that prints end in visible.
func makeVisible(tree *parse.Tree, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, inner := range n.Nodes {
			makeVisible(tree, inner)
		}
	case *parse.IfNode:
		makeVisible(tree, n.List)
		makeVisible(tree, n.ElseList)
	case *parse.RangeNode:
		makeVisible(tree, n.List)
		makeVisible(tree, n.ElseList)
	case *parse.WithNode:
		makeVisible(tree, n.List)
		makeVisible(tree, n.ElseList)
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			last := parse.NewIdentifier("visible").SetTree(tree).SetPos(n.Pos)
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{last}})
		}
	}
}

func words() template.FuncMap {
	return template.FuncMap{
		"visible":    func(v any) string { return visible.Text(fmt.Sprint(v)) },
		"utc":        func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"rfc3339":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"shape":      shape,
		"about":      about,
		"concern":    concern,
		"stands":     stands,
		"many":       many,
		"evidence":   evidenceOf,
		"integrity":  integrity,
		"surely":     surely,
		"word":       picture.Word,
		"glyph":      glyph,
		"family":     family,
		"reach":      reachOf,
		"stateMeans": stateMeans,
		"chosen":     chosen,
		"narrows":    narrows,
	}
}

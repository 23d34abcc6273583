package console_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// element is one element of a page. Pages are written so that a strict XML parser reads them too.
type element struct {
	name  string
	attrs map[string]string
	inner []*element
	text  string // of it and all within
}

// parse reads a page.
func parse(t *testing.T, body string) *element {
	t.Helper()
	body, ok := strings.CutPrefix(body, "<!doctype html>\n")
	if !ok {
		t.Fatal("the page has no doctype: browsers would guess")
	}
	d := xml.NewDecoder(strings.NewReader(body))
	root := &element{name: "page"}
	path := []*element{root}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v\n%s", err, body)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Errorf("<%s> has %q twice", e.name, a.Name.Local)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			last := path[len(path)-1]
			last.inner = append(last.inner, e)
			path = append(path, e)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			for _, e := range path {
				e.text += string(tok)
			}
		case xml.Comment:
			t.Errorf("a comment is sent to the reader: %s", tok)
		}
	}
	return root
}

// each calls fn for every element, with those around it, in the order of the page.
func (e *element) each(fn func(e *element, around []*element)) {
	var walk func(e *element, around []*element)
	walk = func(e *element, around []*element) {
		fn(e, around)
		for _, i := range e.inner {
			walk(i, append(around[:len(around):len(around)], e))
		}
	}
	walk(e, nil)
}

// all returns the elements with a name.
func (e *element) all(name string) []*element {
	var out []*element
	e.each(func(e *element, _ []*element) {
		if e.name == name {
			out = append(out, e)
		}
	})
	return out
}

// withClass returns the elements of a class.
func (e *element) withClass(class string) []*element {
	var out []*element
	e.each(func(e *element, _ []*element) {
		if slices.Contains(strings.Fields(e.attrs["class"]), class) {
			out = append(out, e)
		}
	})
	return out
}

// checkMarkup looks at what every page must be for people who do not see it, or have no mouse.
func checkMarkup(t *testing.T, root *element) {
	t.Helper()
	one := func(name string) *element {
		list := root.all(name)
		if len(list) != 1 {
			t.Errorf("%d <%s>, want one", len(list), name)
			return &element{attrs: map[string]string{}}
		}
		return list[0]
	}
	for _, name := range []string{"header", "main", "footer", "head", "body"} {
		one(name)
	}
	if one("html").attrs["lang"] != "en" {
		t.Error("the language of the page is not said")
	}
	h1, title := one("h1").text, one("head").all("title")[0].text // pictures have titles too
	if !strings.HasSuffix(h1, "?") || !strings.HasPrefix(title, h1) {
		t.Errorf("the heading %q is no question, or not the beginning of the title %q", h1, title)
	}
	checkSkipLink(t, root)
	checkIDs(t, root)
	level := 0
	root.each(func(e *element, around []*element) {
		if n, err := strconv.Atoi(strings.TrimPrefix(e.name, "h")); err == nil && len(e.name) == 2 {
			if n > level+1 {
				t.Errorf("<%s>%s follows a heading of level %d", e.name, e.text, level)
			}
			level = n
		}
		checkElement(t, e, around)
	})
}

func checkSkipLink(t *testing.T, root *element) {
	t.Helper()
	body := root.all("body")[0].inner
	if len(body) == 0 || body[0].name != "a" || body[0].attrs["href"] != "#main" || root.all("main")[0].attrs["id"] != "main" {
		t.Error("the first thing on the page does not skip to the content")
	}
}

// checkIDs looks whether identities are unique and whether what names one finds it.
func checkIDs(t *testing.T, root *element) {
	t.Helper()
	ids := map[string]bool{}
	root.each(func(e *element, _ []*element) {
		if id, ok := e.attrs["id"]; ok && (id == "" || ids[id]) {
			t.Errorf("<%s> has the identity %q, which another has or which is empty", e.name, id)
		} else if ok {
			ids[id] = true
		}
	})
	root.each(func(e *element, _ []*element) {
		for _, a := range []string{"for", "aria-labelledby", "aria-describedby"} {
			if id, ok := e.attrs[a]; ok && !ids[id] {
				t.Errorf("<%s %s=%q> names nothing", e.name, a, id)
			}
		}
		if id, ok := strings.CutPrefix(e.attrs["href"], "#"); ok && !ids[id] {
			t.Errorf("a link leads to #%s, which is not there", id)
		}
	})
}

func checkElement(t *testing.T, e *element, around []*element) {
	t.Helper()
	for a := range e.attrs {
		if a == "style" || strings.HasPrefix(a, "on") {
			t.Errorf("<%s> has %s, which the policy forbids", e.name, a)
		}
	}
	within := func(name string) bool {
		return slices.ContainsFunc(around, func(o *element) bool { return o.name == name })
	}
	switch e.name {
	case "style", "iframe", "object", "embed", "base":
		t.Errorf("<%s> is on the page", e.name)
	case "script":
		if !strings.HasPrefix(e.attrs["src"], "/assets/") || !strings.HasPrefix(e.attrs["integrity"], "sha256-") || e.attrs["defer"] == "" || e.text != "" {
			t.Errorf("a script of the page's own, or one that is not an asset: %v %q", e.attrs, e.text)
		}
	case "button":
		if strings.TrimSpace(e.text) == "" || e.attrs["type"] == "" {
			t.Errorf("a button %q of type %q", e.text, e.attrs["type"])
		}
	case "a":
		if strings.TrimSpace(e.text) == "" || e.attrs["href"] == "" {
			t.Errorf("a link %q leads to %q", e.text, e.attrs["href"])
		}
	case "table":
		if len(e.all("caption")) != 1 {
			t.Error("a table has no caption")
		}
		if !slices.ContainsFunc(around, func(o *element) bool { return o.attrs["role"] == "region" && o.attrs["tabindex"] == "0" }) {
			t.Error("a wide table cannot be scrolled by keyboard")
		}
	case "th":
		if s := e.attrs["scope"]; s != "row" && s != "col" {
			t.Errorf("<th>%s has the scope %q", e.text, s)
		}
	case "select", "input":
		if e.attrs["type"] != "hidden" && e.attrs["id"] == "" {
			t.Errorf("<%s name=%q> has no label", e.name, e.attrs["name"])
		}
		if e.attrs["type"] != "hidden" && !within("form") {
			t.Errorf("<%s> is in no form", e.name)
		}
	case "nav":
		if e.attrs["aria-label"] == "" {
			t.Error("a navigation has no name")
		}
	case "time":
		if !strings.HasSuffix(e.text, " UTC") || !strings.HasSuffix(e.attrs["datetime"], "Z") {
			t.Errorf("the time %q, %q does not say its zone", e.text, e.attrs["datetime"])
		}
	case "span":
		// Colour is never alone: a shape for the eye, and a word for everybody.
		if slices.Contains(strings.Fields(e.attrs["class"]), "mark") &&
			(len(e.withClass("shape")) != 1 || e.withClass("shape")[0].attrs["aria-hidden"] != "true" || !strings.ContainsFunc(e.text, unicode.IsLetter)) {
			t.Errorf("a mark %q has no shape or no word", e.text)
		}
	}
}

package console_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// thing is something on a page as people with a screen reader know it.
type thing struct {
	Role, Name string
	Node       cdp.BackendNodeID
}

// things returns what the page offers, in its order.
func (tb *tab) things(t *testing.T) []thing {
	t.Helper()
	type value struct {
		Value any `json:"value"`
	}
	var tree struct {
		Nodes []struct {
			Ignored bool              `json:"ignored"`
			Role    value             `json:"role"`
			Name    value             `json:"name"`
			Node    cdp.BackendNodeID `json:"backendDOMNodeId"`
		} `json:"nodes"`
	}
	// The module does not know all that newer browsers say here, and fails: so it is asked by name.
	tb.do(t, chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
	}))
	var out []thing
	for _, n := range tree.Nodes {
		role, _ := n.Role.Value.(string)
		name, _ := n.Name.Value.(string)
		if !n.Ignored {
			out = append(out, thing{role, name, n.Node})
		}
	}
	return out
}

// find returns the first thing of a role whose name has some words.
func (tb *tab) find(t *testing.T, role, name string) thing {
	t.Helper()
	var names []string
	for _, th := range tb.things(t) {
		if th.Role == role && strings.Contains(th.Name, name) {
			return th
		}
		if th.Role == role {
			names = append(names, th.Name)
		}
	}
	t.Fatalf("the page %q has no %s %q, but %q", tb.heading(t), role, name, names)
	return thing{}
}

// heading is the question of the page.
func (tb *tab) heading(t *testing.T) string {
	t.Helper()
	return ask[string](t, tb, `document.querySelector("h1")?.innerText ?? ""`)
}

// hand is how somebody acts on a page.
type hand interface {
	// reach makes a thing the one that the next key goes to. What a list to choose from looks like when it is open is the
	// business of the browser, so it stays closed and is walked with the arrows.
	reach(t *testing.T, tb *tab, th thing)
	// follow follows a link or presses a button that leads to another page.
	follow(t *testing.T, tb *tab, th thing) (status int)
}

// mouse clicks.
type mouse struct{}

func (mouse) reach(t *testing.T, tb *tab, th thing) {
	t.Helper()
	tb.do(t, dom.Focus().WithBackendNodeID(th.Node))
}

func (mouse) follow(t *testing.T, tb *tab, th thing) int { t.Helper(); return tb.leads(t, click(th)) }

// click clicks on the middle of the first line of a thing.
func click(th thing) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		if err := dom.ScrollIntoViewIfNeeded().WithBackendNodeID(th.Node).Do(ctx); err != nil {
			return err
		}
		quads, err := dom.GetContentQuads().WithBackendNodeID(th.Node).Do(ctx)
		if err != nil {
			return err
		}
		q := quads[0] // four corners, x before y
		x, y := (q[0]+q[4])/2, (q[1]+q[5])/2
		press := input.DispatchMouseEvent(input.MousePressed, x, y).WithButton(input.Left).WithClickCount(1)
		if err := press.Do(ctx); err != nil {
			return err
		}
		return input.DispatchMouseEvent(input.MouseReleased, x, y).WithButton(input.Left).WithClickCount(1).Do(ctx)
	})
}

// keyboard has no mouse.
type keyboard struct{}

// maxTabs is how often somebody presses Tab before giving up.
const maxTabs = 300

// reach presses Tab until the thing has the focus, and looks whether the focus can be seen everywhere on the way.
func (keyboard) reach(t *testing.T, tb *tab, th thing) {
	t.Helper()
	for range maxTabs {
		tb.do(t, chromedp.KeyEvent(kb.Tab))
		if why := ask[string](t, tb, unseen); why != "" {
			t.Error(why)
		}
		if tb.focused(t) == th.Node {
			return
		}
	}
	t.Fatalf("%s %q has not the focus after %d Tabs", th.Role, th.Name, maxTabs)
}

func (k keyboard) follow(t *testing.T, tb *tab, th thing) int {
	t.Helper()
	k.reach(t, tb, th)
	return tb.leads(t, chromedp.KeyEvent(kb.Enter))
}

// choose chooses a value of a list.
func (tb *tab) choose(t *testing.T, by hand, list, value string) {
	t.Helper()
	by.reach(t, tb, tb.find(t, "combobox", list))
	for range 50 {
		if ask[string](t, tb, "document.activeElement.value") == value {
			return
		}
		tb.do(t, chromedp.KeyEvent(kb.ArrowDown))
	}
	t.Fatalf("the list %q has no %q", list, value)
}

// focused returns what the next key goes to.
func (tb *tab) focused(t *testing.T) (node cdp.BackendNodeID) {
	t.Helper()
	tb.do(t, chromedp.ActionFunc(func(ctx context.Context) error {
		object, _, err := runtime.Evaluate("document.activeElement").Do(ctx)
		if err != nil {
			return err
		}
		is, err := dom.DescribeNode().WithObjectID(object.ObjectID).Do(ctx)
		if err == nil {
			node = is.BackendNodeID
		}
		return err
	}))
	return node
}

// unseen says in the page why somebody cannot see what has the focus; empty: it can be seen.
const unseen = `(() => {
	const e = document.activeElement
	if (!e || e === document.body) return "" // past the last one
	const seen = r => r.width >= 1 && r.bottom >= 0 && r.top <= innerHeight && r.right >= 0 && r.left <= innerWidth
	const s = getComputedStyle(e), r = [...e.getClientRects()].find(seen), name = e.tagName + " " + e.textContent.slice(0, 40)
	if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) return "nothing shows that " + name + " has the focus"
	if (!r) return name + " has the focus and is out of sight"
	const at = document.elementFromPoint(Math.max(0, r.left) + 1, Math.max(0, r.top) + Math.min(r.height / 2, 10))
	return at && !e.contains(at) && !at.contains(e) ? name + " has the focus behind " + at.tagName : ""
})()`

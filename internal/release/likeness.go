package release

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// likeness says in what a transfer looks like an artifact of a release or of a vouch.
type likeness struct {
	release, product   model.Subject
	publisher          string
	statement, digest  model.Digest
	counter            int64
	size, host, device bool
	named              bool      // it has the artifact's name
	artifact           *Artifact // nil when it was vouched for
	length             int64     // of the artifact
	blocks             compared
}

// text names what is alike.
func (l *likeness) text() string {
	var parts []string
	for _, p := range [...]struct {
		is   bool
		text string
	}{{l.named, "the name"}, {l.size, "the size"}, {l.host, "a host"}, {l.device, "the product"}, {l.blocks.telling, "blocks"}} {
		if p.is {
			parts = append(parts, p.text)
		}
	}
	last := len(parts) - 1
	text := parts[last]
	if last > 0 {
		text = strings.Join(parts[:last], ", ") + " and " + text
	}
	return text + " of an artifact of " + l.release.String()
}

// plainly says what a file looks like to whoever knows files by their names.
func (c *judging) plainly(l *likeness) string {
	name := "a file without a name"
	if c.t.Name != "" {
		name = strconv.Quote(c.t.Name)
	}
	like := "parts"
	switch {
	case l.named && l.size:
		like = "the name and the size"
	case l.named:
		like = "the name"
	}
	who := l.publisher + " signed"
	if l.artifact == nil {
		who = "this house vouched for"
	}
	release := l.release.String()
	if parts := l.release.Parts(); len(parts) > 1 { // the first is whose it is
		release = strings.Join(parts[1:], " ")
	}
	return fmt.Sprintf("%s has %s of the file that %s as %s", name, like, who, release)
}

// likest returns the artifact that the transfer looks most like, or nil.
func (c *judging) likest() *likeness {
	if list := c.alike(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// alike returns the artifacts that the transfer looks like, the likest first: it has some of their blocks, or
// their name and besides their size, one of the hosts of their release, or their product. What the server gave
// in place of the file has its name and host whatever it is, so of that only blocks say something.
func (c *judging) alike() []*likeness {
	if c.compared {
		return c.likes
	}
	c.compared = true
	var all []*likeness
	if !c.t.Refused {
		all = c.byName()
	}
	all = c.byBlocks(all)
	all = slices.DeleteFunc(all, func(l *likeness) bool { return !l.size && !l.host && !l.device && !l.blocks.telling })
	slices.SortFunc(all, func(x, y *likeness) int {
		return cmp.Or(
			cmp.Compare(y.blocks.same, x.blocks.same),
			first(x.named, y.named), first(x.size, y.size), first(x.host, y.host), first(x.device, y.device),
			cmp.Compare(y.counter, x.counter), cmp.Compare(x.statement.Hex(), y.statement.Hex()),
			cmp.Compare(x.digest.Hex(), y.digest.Hex()),
		)
	})
	c.likes = all
	return all
}

// byName returns the artifacts of the transfer's name.
func (c *judging) byName() []*likeness {
	if len(c.book.byName) == 0 && len(c.book.vouchNames) == 0 {
		return nil
	}
	name := normal(c.t.Name)
	if name == "" {
		return nil
	}
	var all []*likeness
	for _, r := range c.book.byName[name] {
		for i := range r.Set.Artifacts {
			if a := &r.Set.Artifacts[i]; r.Stands() && a.Name == name {
				all = append(all, c.like(r, a))
			}
		}
	}
	for _, v := range c.book.vouchNames[name] {
		if c.holds(v) {
			all = append(all, &likeness{
				release: v.Release, product: v.Product, publisher: v.Author, statement: v.statement,
				digest: v.Artifact.SHA256, length: v.Artifact.Length, named: true,
				size: c.hasSize(v.Artifact.Length), device: c.d.Product == v.Product,
			})
		}
	}
	return all
}

func (c *judging) like(r *Release, a *Artifact) *likeness {
	return &likeness{
		release: r.Subject, product: r.Set.Product, publisher: r.Set.Author, statement: r.Statement,
		digest: a.SHA256, counter: r.Set.Counter, artifact: a, length: a.Length,
		named: normal(c.t.Name) == a.Name, size: c.hasSize(a.Length),
		host: slices.Contains(r.Set.Hosts, c.from()), device: c.d.Product == r.Set.Product,
	}
}

// hasSize compares with the size that the sender announced when not every byte was seen.
func (c *judging) hasSize(n int64) bool {
	if !c.t.Complete && c.t.Declared >= 0 {
		return c.t.Declared == n
	}
	return c.t.Complete && c.t.Size == n
}

package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// compared is how the blocks that were seen of a transfer stand to those of an artifact, each at its offset.
type compared struct {
	of      int64  // blocks that the artifact has; 0 when they are not known
	same    int64  // of these, seen and the same
	differ  int64  // of these, seen and other
	at      int64  // offset of the first that differs
	telling bool   // one that is the same is more than filling
	unknown string // why they are not known
}

// compare holds what was seen of an object against the artifact. A prefix that differs says so of the block
// that ends it, and nothing of those behind it.
func (b *Blocks) compare(t *model.Transfer) compared {
	c := compared{of: int64(len(b.Sums))}
	differs := func(i int64) {
		if c.differ == 0 || i*BlockSize < c.at {
			c.at = i * BlockSize
		}
		c.differ++
	}
	for i, d := range t.Parts.Prefixes {
		if int64(i+1)*BlockSize > b.Length {
			break // the object goes on where the artifact ends, which its length tells
		}
		if d != b.Prefixes[i] {
			differs(int64(i))
			break
		}
		c.same++
		c.telling = c.telling || !isFill(b.Sums[i])
	}
	for _, k := range t.Parts.Behind {
		switch {
		case k.Index < 0 || k.Index >= c.of || blockEnd(k.Index, b.Length) != blockEnd(k.Index, announced(t)):
		case k.Digest != b.Sums[k.Index]:
			differs(k.Index)
		default:
			c.same++
			c.telling = c.telling || !isFill(b.Sums[k.Index])
		}
	}
	return c
}

// blockEnd returns where a block of a file of this length ends; -1 stands for a length that is not known.
func blockEnd(block, length int64) int64 {
	if length < 0 {
		return (block + 1) * BlockSize
	}
	return min((block+1)*BlockSize, length)
}

// announced is the length of the object as its protocol gave it, or -1.
func announced(t *model.Transfer) int64 {
	if t.Complete {
		return t.Size
	}
	return t.Declared
}

// byBlocks compares the bytes with each artifact that the transfer looks like so far, and adds those to which
// only its bytes lead: by the first block, or by the length together with any block.
func (c *judging) byBlocks(all []*likeness) []*likeness {
	p := &c.t.Parts
	if len(p.Prefixes)+len(p.Behind) == 0 {
		return all
	}
	var first model.Digest
	if len(p.Prefixes) > 0 {
		first = p.Prefixes[0]
	}
	for _, at := range c.book.places(first, announced(c.t)) {
		if at.release.Stands() && !slices.ContainsFunc(all, func(l *likeness) bool { return l.artifact == at.artifact }) {
			all = append(all, c.like(at.release, at.artifact))
		}
	}
	for _, l := range all {
		b, why := c.book.shelf.blocks(l.artifact)
		if b == nil {
			l.blocks.unknown = why
			continue
		}
		l.blocks = b.compare(c.t)
	}
	return slices.DeleteFunc(all, func(l *likeness) bool { return (c.t.Refused || !l.named) && !l.blocks.telling })
}

// possible reports whether nothing that was seen or announced says that the object is not this artifact.
func (c *judging) possible(l *likeness) bool {
	n := l.length
	switch a := announced(c.t); {
	case l.blocks.differ > 0, a >= 0 && a != n, c.t.Size > n, int64(len(c.t.Parts.Prefixes))*BlockSize > n:
		return false
	}
	return !slices.ContainsFunc(c.t.Parts.Behind, func(k model.Block) bool { return blockEnd(k.Index, announced(c.t)) > n })
}

// alteredInPart holds when parts are missing and those that were seen cannot be of any release that the object
// looks like: a block differs at its offset, or blocks are the same and the announced length is another.
// A length alone is only what the sender said, and proves nothing about bytes.
//
// Disputed bytes do not get here: they make the object ambiguous. Those on segments whose checksum could not be
// checked count as they do in whole objects, and the judgement says that it rests on them. Were they left out,
// one such segment, which a receiver drops, could hide a change.
func (c *judging) alteredInPart() bool {
	list := c.alike()
	if slices.ContainsFunc(list, c.possible) {
		return false
	}
	i := slices.IndexFunc(list, func(l *likeness) bool { return l.blocks.differ > 0 || l.blocks.telling })
	if i < 0 {
		return false
	}
	c.j.Verdict = model.Altered
	c.nameLike(list[i])
	c.why("%s, but other bytes, as far as it was seen", c.plainly(list[i]))
	c.why("it has %s, and its bytes differ, though parts of it are missing", list[i].text())
	c.sayParts(list[i])
	return true
}

// nameInPart names the release that an object with missing bytes most looks like.
func (c *judging) nameInPart() {
	list := c.alike()
	if len(list) == 0 {
		return
	}
	best := list[0]
	if i := slices.IndexFunc(list, c.possible); i >= 0 {
		best = list[i]
	}
	c.nameLike(best)
	c.why("the file %q has %s", c.t.Name, best.text())
	c.sayParts(best)
	if w, _ := c.book.withdrawn(best.release); w != nil {
		c.sayTaken(w)
	}
	var also []string
	for _, l := range list {
		if s := l.release.String(); l.release != best.release && c.possible(l) && !slices.Contains(also, s) {
			also = append(also, s)
		}
	}
	if n := len(also); n > 0 {
		more := ""
		if n > 3 {
			more = fmt.Sprintf(" and %d more", n-3)
		}
		c.why("what was seen may also be of %s%s", strings.Join(also[:min(n, 3)], ", "), more)
	}
}

func (c *judging) nameLike(l *likeness) {
	c.j.Release, c.j.Product, c.j.Publisher, c.j.Statement = l.release, l.product, l.publisher, l.statement
}

// sayParts says what the comparison of blocks gave.
func (c *judging) sayParts(l *likeness) {
	switch b := l.blocks; {
	case len(c.t.Parts.Prefixes)+len(c.t.Parts.Behind) == 0:
		c.why("no block of %d bytes of it was seen whole, so none was compared", BlockSize)
	case b.of == 0:
		c.why("no block of it was compared with %s: %s", l.release, b.unknown)
	default:
		c.why("%d of %d blocks (%d %%) match those of %s at their offsets, %d differ, %d were not seen whole or could not be compared",
			b.same, b.of, 100*b.same/b.of, l.release, b.differ, b.of-b.same-b.differ)
		if b.differ > 0 {
			c.why("the first block that differs begins at byte %d", b.at)
		}
	}
	if n := announced(c.t); n >= 0 && n != l.length {
		c.why("it was announced with %d bytes, and the artifact has %d", n, l.length)
	}
}

package network

import (
	"fmt"
	"math"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/http"
)

// Bounds of the digests of blocks that are kept.
const (
	allBlocks   = 128 << 10 // of all objects under way: about 5 MiB
	firstBlocks = 64        // room made at once, whatever length was announced
)

// never lies behind every object.
const never = math.MaxInt64

// blocks are the digests of the blocks of one object. Up to the first hole they cost one copy of the hash state
// for each block. Behind it the running hash, of no more use there, hashes each whole block alone. So no byte
// is hashed twice, and an object of less than one block costs nothing.
type blocks struct {
	parts model.Parts
	end   int64 // no digest is due before the object has come to here
	holed bool  // bytes before next are missing
	start int64 // behind a hole: where the block that is hashed begins
	next  int64 // likewise: the offset that follows what was seen last
}

// begin takes digests at all only where offsets in the body are offsets in the object as sent.
func (k *blocks) begin(m *http.Message) {
	*k = blocks{end: model.BlockSize}
	if m.Coding != http.Identity || m.Notes&http.NotePart != 0 && m.First != 0 {
		k.drop()
	}
}

// drop forgets every digest and takes none any more.
func (k *blocks) drop() { *k = blocks{end: never} }

func (k *blocks) count() int { return len(k.parts.Prefixes) + len(k.parts.Behind) }

// across takes the bytes that are next when they reach the end of a block.
func (o *object) across(e *engine, b []byte) {
	if o.whereof != nil {
		o.blocks.drop() // the object that it is a part of has them
	}
	for n := o.blocks.end - o.at; n <= int64(len(b)); n = o.blocks.end - o.at {
		_, _ = o.hash.Write(b[:n]) // a hash never fails
		o.at += n
		b = b[n:]
		o.prefix(e)
	}
	_, _ = o.hash.Write(b) // likewise
	o.at += int64(len(b))
}

// prefix keeps the digest of everything so far.
func (o *object) prefix(e *engine) {
	k := &o.blocks
	if !e.roomForBlock(k) {
		k.end = never
		return
	}
	if k.parts.Prefixes == nil {
		n := int64(firstBlocks)
		if o.declared >= 0 {
			n = min(n, o.declared/model.BlockSize)
		}
		k.parts.Prefixes = make([]model.Digest, 0, max(n, 1))
	}
	k.parts.Prefixes = append(k.parts.Prefixes, model.Digest{})
	o.hash.Sum(k.parts.Prefixes[len(k.parts.Prefixes)-1][:0]) // of a copy of the state, in place
	k.end += model.BlockSize
}

// roomForBlock takes room for one more digest, and counts when there is none. An object that was refused once
// gets no more.
func (e *engine) roomForBlock(k *blocks) bool {
	if k.count() >= model.MaxBlocks || e.blocks >= allBlocks {
		e.unkept++
		return false
	}
	e.blocks++
	return true
}

// behind takes bytes behind a hole.
func (o *object) behind(e *engine, off int64, b []byte) {
	k := &o.blocks
	if k.end == never || o.whereof != nil {
		return
	}
	if off < max(o.at, k.next) { // the framing contradicts itself
		o.dropBlocks(e)
		return
	}
	if !k.holed || off != k.next {
		k.holed = true
		k.start = (off + model.BlockSize - 1) / model.BlockSize * model.BlockSize
	}
	k.next = off + int64(len(b))
	if o.declared >= 0 && k.start >= o.declared {
		return
	}
	if off < k.start {
		skip := min(k.start-off, int64(len(b)))
		b, off = b[skip:], off+skip
	}
	for len(b) > 0 {
		if off == k.start {
			o.hash.Reset()
		}
		n := min(int64(len(b)), k.start+model.BlockSize-off)
		_, _ = o.hash.Write(b[:n]) // a hash never fails
		b, off = b[n:], off+n
		if off == k.start+model.BlockSize {
			o.block(e)
			if k.end == never {
				return
			}
		}
	}
}

// block keeps the digest of the block that was hashed, and goes on with the next.
func (o *object) block(e *engine) {
	k := &o.blocks
	if !e.roomForBlock(k) {
		k.end = never
		return
	}
	k.parts.Behind = append(k.parts.Behind, model.Block{Index: k.start / model.BlockSize})
	o.hash.Sum(k.parts.Behind[len(k.parts.Behind)-1].Digest[:0])
	k.start += model.BlockSize
}

// dropBlocks forgets the digests and gives their room back.
func (o *object) dropBlocks(e *engine) {
	e.blocks -= o.blocks.count()
	o.blocks.drop()
}

// endBlocks keeps the last, shorter block when it is behind a hole and the announced length says that it is
// the last, and forgets all where it turned out that offsets say nothing.
func (o *object) endBlocks(e *engine) {
	k := &o.blocks
	if o.coded || o.notes&unframed != 0 || o.isPart() && o.first != 0 {
		o.dropBlocks(e)
		return
	}
	if k.holed && k.end != never && k.next == o.declared && k.start < k.next {
		o.block(e)
	}
}

// rest takes what a spool holds behind the first byte that is missing: nothing of it was hashed for the whole.
func (o *object) rest(e *engine, p *spool) error {
	for _, r := range p.runs {
		at := r.lo
		if r.hi <= o.at {
			continue
		}
		_, err := p.read(at, r.hi, func(b []byte) {
			o.behind(e, at, b)
			at += int64(len(b))
		})
		if err != nil {
			return fmt.Errorf("take the blocks of what is kept: %w", err)
		}
	}
	return nil
}

// fate says of missing bytes whether the receiver had them. It is not known of datagrams.
func (o *object) fate() string {
	switch {
	case o.hole == 0:
		return ""
	case o.acked:
		return ", though the receiver acknowledged them: the mirror lost them"
	}
	return ", and no acknowledgement of them was seen: they may never have arrived"
}

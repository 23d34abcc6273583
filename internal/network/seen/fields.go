package seen

import (
	"encoding/binary"
	"math"

	"github.com/cordon-trust/cordon/internal/model"
)

func (in *input) transfer(t *model.Transfer, version byte) {
	const bits = 16
	f := in.flags(bits)
	has := func(bit uint16) bool { return f&bit != 0 }
	if t.Refused = has(hasRefused); t.Refused != (version == versionRefused) {
		in.fail("flags %#x in a row of version %d", f, version)
	}
	t.Complete, t.Ambiguous, t.Unchecked = has(hasComplete), has(hasAmbiguous), has(hasUnchecked)
	t.Encrypted, t.Upload, t.UpdateLike = has(hasEncrypted), has(hasUpload), has(hasUpdateLike)
	t.Time = in.time()
	t.Device = in.device()
	if has(hasAddr) {
		t.Addr = in.addr()
	}
	if has(hasMAC) {
		t.MAC = in.mac()
	}
	t.Peer, t.Protocol = in.text(maxWord), in.text(maxWord)
	t.Host, t.HostMark = in.name(has(hasHost), has(hasHostMark))
	t.Name, t.NameMark = in.name(has(hasName), has(hasNameMark))
	t.Size = in.number()
	t.Declared = -1
	if has(hasDeclared) {
		t.Declared = in.number()
	}
	t.Digest, t.EntityDigest = in.digest(has(hasDigest)), in.digest(has(hasEntity))
	t.ContentType = in.text(maxText)
	in.parts(&t.Parts)
	for range in.length(maxNotes) {
		t.Notes = append(t.Notes, in.text(maxNote))
	}
}

func (in *input) parts(p *model.Parts) {
	for range in.length(model.MaxBlocks) {
		var d model.Digest
		copy(d[:], in.take(len(d)))
		if in.err != nil {
			return
		}
		p.Prefixes = append(p.Prefixes, d)
	}
	b := in.take(2)
	if b == nil {
		return
	}
	n, next := int(binary.BigEndian.Uint16(b)), int64(0)
	if n+len(p.Prefixes) > model.MaxBlocks {
		in.fail("%d parts where at most %d are allowed", n+len(p.Prefixes), model.MaxBlocks)
		return
	}
	for range n {
		index := in.number() + next
		var d model.Digest
		copy(d[:], in.take(len(d)))
		if in.err != nil || index < next || index == math.MaxInt64 {
			in.fail("a block that cannot be there")
			return
		}
		p.Behind = append(p.Behind, model.Block{Index: index, Digest: d})
		next = index + 1
	}
}

func (in *input) sighting(s *Sighting) {
	const bits, addr, mac, router = 3, 1, 2, 4
	f := in.flags(bits)
	s.Router = f&router != 0
	s.First, s.Last = in.time(), in.time()
	s.Device = in.device()
	if f&addr != 0 {
		s.Addr = in.addr()
	}
	if f&mac != 0 {
		s.MAC = in.mac()
	}
	s.By = in.text(maxWord)
	s.Received, s.Served = in.number(), in.number()
	for range in.length(maxMarks) {
		var m model.Mark
		copy(m[:], in.take(len(m)))
		s.Marks = append(s.Marks, m)
	}
}

func (in *input) counts(c *Counts) {
	c.First, c.Last = in.time(), in.time()
	for range in.length(maxCounts) {
		c.Counts = append(c.Counts, Count{in.text(maxWord), in.number()})
	}
}

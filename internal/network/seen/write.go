package seen

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/model"
)

const maxSubject = 1024

// What a transfer's row has, in the order of the fields.
const (
	hasComplete = 1 << iota
	hasAmbiguous
	hasUnchecked
	hasEncrypted
	hasUpload
	hasUpdateLike
	hasDeclared
	hasDigest
	hasEntity
	hasHost
	hasHostMark
	hasName
	hasNameMark
	hasAddr
	hasMAC
	hasRefused // in rows of versionRefused only, and in each of them
)

// writer appends fields.
type writer struct{ buf []byte }

// AppendTransfer appends the row of a transfer. What is longer than a row may be is shortened: text at whole
// characters, lists at their end.
func AppendTransfer(dst []byte, t *model.Transfer) []byte {
	w := writer{dst}
	w.begin(KindTransfer)
	if t.Refused {
		w.buf[len(w.buf)-2] = versionRefused
	}
	w.flags(
		t.Complete, t.Ambiguous, t.Unchecked, t.Encrypted, t.Upload, t.UpdateLike, t.Declared >= 0, !t.Digest.IsZero(),
		!t.EntityDigest.IsZero(), clean(t.Host, maxText) != "", !t.HostMark.IsZero(), clean(t.Name, maxText) != "", !t.NameMark.IsZero(),
		t.Addr.IsValid(), isMAC(t.MAC), t.Refused,
	)
	w.time(t.Time)
	w.text(t.Device.String(), maxSubject)
	w.addr(t.Addr)
	w.mac(t.MAC)
	w.text(t.Peer, maxWord)
	w.text(t.Protocol, maxWord)
	w.name(t.Host, t.HostMark)
	w.name(t.Name, t.NameMark)
	w.number(t.Size)
	if t.Declared >= 0 {
		w.number(t.Declared)
	}
	w.digest(t.Digest)
	w.digest(t.EntityDigest)
	w.text(t.ContentType, maxText)
	w.parts(&t.Parts)
	w.notes(t.Notes)
	return w.buf
}

// AppendSighting appends the row of a sighting.
func AppendSighting(dst []byte, s *Sighting) []byte {
	w := writer{dst}
	w.begin(KindSighting)
	w.flags(s.Addr.IsValid(), isMAC(s.MAC), s.Router)
	w.time(s.First)
	w.time(s.Last)
	w.text(s.Device.String(), maxSubject)
	w.addr(s.Addr)
	w.mac(s.MAC)
	w.text(s.By, maxWord)
	w.number(s.Received)
	w.number(s.Served)
	marks := s.Marks[:min(len(s.Marks), maxMarks)]
	w.number(int64(len(marks)))
	for i := range marks {
		w.buf = append(w.buf, marks[i][:]...)
	}
	return w.buf
}

// AppendCounts appends the row of a run's counts.
func AppendCounts(dst []byte, c *Counts) []byte {
	w := writer{dst}
	w.begin(KindCounts)
	w.time(c.First)
	w.time(c.Last)
	list := c.Counts[:min(len(c.Counts), maxCounts)]
	w.number(int64(len(list)))
	for _, n := range list {
		w.text(n.Name, maxWord)
		w.number(n.Value)
	}
	return w.buf
}

func (w *writer) begin(k Kind) { w.buf = append(w.buf, version, byte(k)) }

// flags appends up to sixteen bits, the first the lowest.
func (w *writer) flags(bits ...bool) {
	var f uint16
	for i, b := range bits {
		if b {
			f |= 1 << i
		}
	}
	w.buf = binary.BigEndian.AppendUint16(w.buf, f)
}

func (w *writer) time(t time.Time) {
	var ns int64
	if !t.IsZero() {
		ns = t.UnixNano()
	}
	w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(ns))
}

// number appends a number that is not negative; a negative one counts as 0.
func (w *writer) number(n int64) { w.buf = binary.AppendUvarint(w.buf, uint64(max(n, 0))) }

func (w *writer) text(s string, most int) {
	s = clean(s, most)
	w.number(int64(len(s)))
	w.buf = append(w.buf, s...)
}

// name appends a text and its mark, each when it is there.
func (w *writer) name(s string, m model.Mark) {
	if s = clean(s, maxText); s != "" {
		w.text(s, maxText)
	}
	if !m.IsZero() {
		w.buf = append(w.buf, m[:]...)
	}
}

func (w *writer) addr(a netip.Addr) {
	if a.IsValid() {
		raw := a.Unmap().WithZone("").AsSlice()
		w.buf = append(append(w.buf, byte(len(raw))), raw...) //nolint:gosec // 4 or 16
	}
}

func (w *writer) mac(s string) {
	if isMAC(s) {
		raw, _ := hex.DecodeString(strings.ReplaceAll(s, ":", "")) // it is hex
		w.buf = append(w.buf, raw...)
	}
}

func (w *writer) digest(d model.Digest) {
	if !d.IsZero() {
		w.buf = append(w.buf, d[:]...)
	}
}

func (w *writer) parts(p *model.Parts) {
	prefixes := p.Prefixes[:min(len(p.Prefixes), model.MaxBlocks)]
	w.number(int64(len(prefixes)))
	for i := range prefixes {
		w.buf = append(w.buf, prefixes[i][:]...)
	}
	at := len(w.buf)
	w.buf = append(w.buf, 0, 0)
	n, next := 0, int64(0)
	for i := range p.Behind {
		b := &p.Behind[i]
		if n == model.MaxBlocks-len(prefixes) || b.Index < next || b.Index == math.MaxInt64 {
			continue // out of order: there is no other way to write it
		}
		w.number(b.Index - next)
		w.buf = append(w.buf, b.Digest[:]...)
		n, next = n+1, b.Index+1
	}
	binary.BigEndian.PutUint16(w.buf[at:], uint16(n))
}

func (w *writer) notes(list []string) {
	list = list[:min(len(list), maxNotes)]
	w.number(int64(len(list)))
	for _, n := range list {
		w.text(n, maxNote)
	}
}

// clean cuts a text to whole characters and replaces what is not UTF-8.
func clean(s string, most int) string {
	if len(s) > most {
		cut := most
		for cut > 0 && most-cut < utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "?")
	}
	return s
}

// isMAC reports whether s is a MAC in the one spelling that subjects have.
func isMAC(s string) bool {
	const digits = "0123456789abcdef"
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		if colon := i%3 == 2; colon != (s[i] == ':') || !colon && bytes.IndexByte([]byte(digits), s[i]) < 0 {
			return false
		}
	}
	return true
}

package seen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/model"
)

// maxInterned is how many texts and subjects a [Reader] keeps so as not to make them again.
const maxInterned = 4096

// Reader reads rows. It remembers texts that come again and again, and belongs to one goroutine. The zero
// value is ready for use.
type Reader struct {
	texts    map[string]string
	subjects map[string]model.Subject
	in       input
}

// Read decodes one row into r, which shares no bytes with b. It fails on whatever the writer would not have
// written.
func (rd *Reader) Read(b []byte, r *Row) error {
	*r = Row{}
	if len(b) > MaxRow {
		return fmt.Errorf("a row of %d bytes is larger than %d", len(b), MaxRow)
	}
	rd.in = input{rest: b, reader: rd}
	in := &rd.in
	v := in.byte()
	if in.err == nil && v != version && v != versionRefused {
		return fmt.Errorf("a row of version %d, known are %d and %d", v, version, versionRefused)
	}
	r.Kind = Kind(in.byte())
	if v == versionRefused && r.Kind != KindTransfer {
		in.fail("a row of version %d and kind %d", v, r.Kind)
	}
	switch r.Kind {
	case KindTransfer:
		in.transfer(&r.Transfer, v)
	case KindSighting:
		in.sighting(&r.Sighting)
	case KindCounts:
		in.counts(&r.Counts)
	default:
		in.fail("a row of unknown kind %d", r.Kind)
	}
	if in.err == nil && len(in.rest) > 0 {
		in.fail("%d bytes behind the row", len(in.rest))
	}
	return in.err
}

func (rd *Reader) intern(b []byte) string {
	if s, ok := rd.texts[string(b)]; ok {
		return s
	}
	if rd.texts == nil || len(rd.texts) >= maxInterned {
		rd.texts = make(map[string]string)
	}
	s := string(b)
	rd.texts[s] = s
	return s
}

func (rd *Reader) subject(b []byte) (model.Subject, error) {
	if s, ok := rd.subjects[string(b)]; ok {
		return s, nil
	}
	s, err := model.ParseSubject(string(b))
	if err != nil {
		return s, err
	}
	if rd.subjects == nil || len(rd.subjects) >= maxInterned {
		rd.subjects = make(map[string]model.Subject)
	}
	rd.subjects[string(b)] = s
	return s, nil
}

var errShort = errors.New("the row ends early")

// input takes fields off the front of a row. After an error it gives zero values.
type input struct {
	rest   []byte
	err    error
	reader *Reader
}

func (in *input) fail(format string, args ...any) {
	if in.err == nil {
		in.err = fmt.Errorf(format, args...)
	}
}

func (in *input) take(n int) []byte {
	if in.err != nil || n > len(in.rest) {
		if in.err == nil {
			in.err = errShort
		}
		return nil
	}
	b := in.rest[:n]
	in.rest = in.rest[n:]
	return b
}

func (in *input) byte() byte {
	if b := in.take(1); b != nil {
		return b[0]
	}
	return 0
}

// flags reads a field of which the given number of bits may be set.
func (in *input) flags(bits int) uint16 {
	b := in.take(2)
	if b == nil {
		return 0
	}
	f := binary.BigEndian.Uint16(b)
	if f>>bits != 0 {
		in.fail("flags %#x are not known", f)
	}
	return f
}

func (in *input) time() time.Time {
	b := in.take(8)
	if b == nil {
		return time.Time{}
	}
	ns := int64(binary.BigEndian.Uint64(b)) //nolint:gosec // as it was written
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

func (in *input) number() int64 {
	if in.err != nil {
		return 0
	}
	v, n := binary.Uvarint(in.rest)
	switch {
	case n == 0:
		in.err = errShort
	case n < 0 || v > math.MaxInt64 || n > 1 && in.rest[n-1] == 0:
		in.fail("a number is too large or not in its shortest form")
	default:
		in.rest = in.rest[n:]
		return int64(v)
	}
	return 0
}

// length reads the number of things that follow.
func (in *input) length(most int) int {
	n := in.number()
	if n > int64(most) {
		in.fail("%d where at most %d are allowed", n, most)
		return 0
	}
	return int(n)
}

func (in *input) raw(most int) []byte {
	b := in.take(in.length(most))
	if !utf8.Valid(b) {
		in.fail("a text is not UTF-8")
	}
	return b
}

func (in *input) text(most int) string {
	b := in.raw(most)
	if in.err != nil {
		return ""
	}
	return in.reader.intern(b)
}

func (in *input) device() model.Subject {
	b := in.raw(maxSubject)
	if in.err != nil || len(b) == 0 {
		return model.Subject{}
	}
	s, err := in.reader.subject(b)
	if err != nil {
		in.fail("the device: %w", err)
	}
	return s
}

func (in *input) addr() netip.Addr {
	a, ok := netip.AddrFromSlice(in.take(int(in.byte())))
	if in.err == nil && (!ok || a.Is4In6()) {
		in.fail("an address that cannot be right")
	}
	return a
}

func (in *input) mac() string {
	b := in.take(6)
	if b == nil {
		return ""
	}
	const digits = "0123456789abcdef"
	var s [17]byte
	for i, c := range b {
		if i > 0 {
			s[i*3-1] = ':'
		}
		s[i*3], s[i*3+1] = digits[c>>4], digits[c&15]
	}
	return in.reader.intern(s[:])
}

// name reads a text and its mark, as two flags say.
func (in *input) name(hasText, hasMark bool) (s string, m model.Mark) {
	if hasText {
		if s = in.text(maxText); s == "" {
			in.fail("an empty name")
		}
	}
	if hasMark {
		copy(m[:], in.take(len(m)))
		if m.IsZero() {
			in.fail("an empty mark")
		}
	}
	return s, m
}

func (in *input) digest(has bool) (d model.Digest) {
	if has {
		copy(d[:], in.take(len(d)))
		if d.IsZero() {
			in.fail("an empty digest")
		}
	}
	return d
}

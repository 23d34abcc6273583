package tftp

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// request reads a request (RFC 1350 section 5, RFC 2347).
func (t *Table) request(src, dst netip.AddrPort, g *flow.Datagram, write bool) {
	path, rest, ok := bytes.Cut(g.Payload[2:], []byte{0})
	mode, rest, ok2 := bytes.Cut(rest, []byte{0})
	if !ok || !ok2 || len(path) == 0 || !isMode(mode) {
		return
	}
	x := &Transfer{
		Client: src, Server: netip.AddrPortFrom(dst.Addr(), 0), Write: write, Name: nameOf(path),
		Text: !bytes.EqualFold(mode, []byte("octet")), Time: g.Time, Size: -1,
		key: key{src, dst.Addr()}, last: g.Time, want: 1, window: 1,
	}
	x.asked = len(rest) > 0
	if write {
		x.size(rest)
	}
	if old := t.by[x.key]; old != nil && old.Name == x.Name && old.Write == write && !old.final && old.want <= 2 {
		return // sent again, because the answer took long
	}
	t.start(x)
}

func isMode(b []byte) bool {
	return bytes.EqualFold(b, []byte("octet")) || bytes.EqualFold(b, []byte("netascii"))
}

// options calls f for each option and its value.
func options(b []byte, f func(name []byte, value int64)) {
	for len(b) > 0 {
		name, rest, ok := bytes.Cut(b, []byte{0})
		value, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 {
			return
		}
		b = rest
		if n, ok := number(value); ok {
			f(name, n)
		}
	}
}

func (x *Transfer) size(b []byte) {
	options(b, func(name []byte, value int64) {
		if bytes.EqualFold(name, []byte("tsize")) {
			x.Size = value
		}
	})
}

// granted reads which options the server grants. Those it does not name hold their default.
func (x *Transfer) granted(b []byte) {
	if x.answered || x.begun {
		return
	}
	x.answered, x.block = true, blockSize
	x.size(b)
	options(b, func(name []byte, value int64) {
		switch {
		case bytes.EqualFold(name, []byte("blksize")) && value >= 8 && value <= maxBlock:
			x.block = int(value)
		case bytes.EqualFold(name, []byte("windowsize")) && value >= 1 && value <= 65535:
			x.window = uint64(value)
		}
	})
}

// nameOf returns the last segment of a path.
func nameOf(path []byte) string {
	if i := bytes.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return strings.ToValidUTF8(string(path[:min(len(path), maxName)]), "\uFFFD")
}

// number reads decimal digits up to 2^50.
func number(v []byte) (int64, bool) {
	var n int64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > 1<<50 {
			return 0, false
		}
	}
	return n, len(v) > 0
}

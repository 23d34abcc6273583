package cli

import (
	"maps"
	"slices"

	"github.com/cordon-trust/cordon/internal/network"
)

// unseenIn says in words what of a capture may hide a transfer. --json has every count.
func unseenIn(l *network.Losses) []string {
	var out []string
	add := func(n int64, noun, rest string) {
		if n > 0 {
			out = append(out, counted(n, noun)+rest)
		}
	}
	add(l.GapBytes, "byte", " missing from connections")
	add(l.Cut, "packet", " captured without the end")
	add(l.BadChecksum, "segment", " dropped for a wrong checksum")
	add(l.Short+l.Malformed, "message", " with impossible lengths")
	add(l.Fragments, "fragment", " without the rest of its packet")
	add(l.UnknownLink, "packet", " of a link type that is not read")
	for _, kind := range slices.Sorted(maps.Keys(l.Encapsulated)) {
		add(l.Encapsulated[kind], "packet", " inside "+kind+", which is not opened")
	}
	add(l.Stray, "segment", " of connections that are not followed")
	add(l.Framing, "place", " where a protocol could not be followed any more")
	add(l.Uncompared, "segment", " seen again too late to be compared")
	add(l.Evicted+l.HeldEvicted+l.Objects+l.Announced+l.Datagrams+l.Ranges+l.Requests, "item", " given up for lack of room")
	add(l.Multipart+l.Undecoded, "object", " not taken apart to the end")
	return out
}

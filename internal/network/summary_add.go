package network

import "maps"

// Add counts another capture in, which was read after this one.
func (s *Summary) Add(o Summary) {
	s.Packets += o.Packets
	s.Copies += o.Copies
	s.Bytes += o.Bytes
	s.Sessions += o.Sessions
	s.Objects += o.Objects
	s.Transfers += o.Transfers
	s.Saved += o.Saved
	s.Unsaved += o.Unsaved
	s.Truncated = s.Truncated || o.Truncated
	if s.First == "" || o.First != "" && o.First < s.First {
		s.First = o.First
	}
	s.Last = max(s.Last, o.Last)
	s.Losses.add(o.Losses)
}

func (l *Losses) add(o Losses) {
	for _, c := range l.with(&o) {
		*c.to += *c.from
	}
	if l.Encapsulated == nil {
		l.Encapsulated = maps.Clone(o.Encapsulated)
		return
	}
	for kind, n := range o.Encapsulated {
		l.Encapsulated[kind] += n
	}
}

type counter struct{ to, from *int64 }

// with pairs every count of two losses. A count that is missing here fails the test beside it.
func (l *Losses) with(o *Losses) []counter {
	return []counter{
		{&l.Gaps, &o.Gaps},
		{&l.GapBytes, &o.GapBytes},
		{&l.GapsAcked, &o.GapsAcked},
		{&l.Evicted, &o.Evicted},
		{&l.HeldEvicted, &o.HeldEvicted},
		{&l.Objects, &o.Objects},
		{&l.BadChecksum, &o.BadChecksum},
		{&l.WrongChecksum, &o.WrongChecksum},
		{&l.Offload, &o.Offload},
		{&l.Cut, &o.Cut},
		{&l.Short, &o.Short},
		{&l.Fragments, &o.Fragments},
		{&l.NotIP, &o.NotIP},
		{&l.OtherIP, &o.OtherIP},
		{&l.UnknownLink, &o.UnknownLink},
		{&l.Stray, &o.Stray},
		{&l.Conflicts, &o.Conflicts},
		{&l.Uncompared, &o.Uncompared},
		{&l.Framing, &o.Framing},
		{&l.LongHeaders, &o.LongHeaders},
		{&l.Announced, &o.Announced},
		{&l.Datagrams, &o.Datagrams},
		{&l.Ranges, &o.Ranges},
		{&l.Blocks, &o.Blocks},
		{&l.Requests, &o.Requests},
		{&l.Undecoded, &o.Undecoded},
		{&l.Multipart, &o.Multipart},
	}
}

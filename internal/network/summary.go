package network

import "github.com/cordon-trust/cordon/internal/network/flow"

// Summary says what a capture held and what could not be read of it.
type Summary struct {
	Packets     int64  `json:"packets"`     // records read
	Copies      int64  `json:"copies"`      // of these, seen before: the mirror delivered them twice
	Fragments   int64  `json:"fragments"`   // of these, pieces of an IP packet
	Retransmits int64  `json:"retransmits"` // of these, with bytes that their sender had sent before
	KeepAlives  int64  `json:"keep_alives"` // of these, probes with one byte that was sent before (RFC 9293 section 3.8.4)
	Bytes       int64  `json:"bytes"`       // captured
	Sessions    int64  `json:"sessions"`    // TCP connections
	Objects     int64  `json:"objects"`     // that crossed the wire
	Transfers   int64  `json:"transfers"`
	First       string `json:"first,omitempty"` // time of the first and last packet, RFC 3339 UTC
	Last        string `json:"last,omitempty"`
	Saved       int64  `json:"saved,omitempty"`   // objects that the saver kept
	Unsaved     int64  `json:"unsaved,omitempty"` // objects that it should have kept and could not
	Truncated   bool   `json:"truncated"`
	Losses      Losses `json:"losses"`
}

// Losses counts, by cause, what was not read or not believed. A number that is not zero means that
// something may have crossed the wire unseen.
type Losses struct {
	Gaps          int64            `json:"gaps"`           // holes in connections
	GapBytes      int64            `json:"gap_bytes"`      // bytes in them
	GapsAcked     int64            `json:"gaps_acked"`     // of the holes: acknowledged, so lost by the mirror
	Evicted       int64            `json:"evicted"`        // connections given up for lack of room
	HeldEvicted   int64            `json:"held_evicted"`   // holes declared for lack of room
	Objects       int64            `json:"objects"`        // bodies that were not followed for lack of room
	BadChecksum   int64            `json:"bad_checksum"`   // segments dropped
	WrongChecksum int64            `json:"wrong_checksum"` // segments used though wrong: no good one was seen
	Offload       int64            `json:"offload"`        // segments used whose checksum was left to hardware
	Cut           int64            `json:"cut"`            // packets captured without their end
	Short         int64            `json:"short"`          // packets with impossible lengths
	Fragments     int64            `json:"fragments"`      // IP fragments given up
	NotIP         int64            `json:"not_ip"`         // neither IP nor ARP
	OtherIP       int64            `json:"other_ip"`       // neither TCP, UDP nor neighbour discovery
	UnknownLink   int64            `json:"unknown_link"`
	Encapsulated  map[string]int64 `json:"encapsulated,omitempty"` // not opened, by kind
	Stray         int64            `json:"stray"`                  // segments of no connection that is followed
	Conflicts     int64            `json:"conflicts"`              // copies that differed before they were acknowledged
	Uncompared    int64            `json:"uncompared"`             // copies that could not be compared any more
	Framing       int64            `json:"framing"`                // places at which a protocol's framing was lost
	Messages      int64            `json:"messages"`               // hello and certificate messages of TLS that were too long or malformed
	LongHeaders   int64            `json:"long_headers"`           // header sections longer than is read
	Announced     int64            `json:"announced"`              // FTP data connections that were announced and forgotten for lack of room
	Datagrams     int64            `json:"datagrams"`              // TFTP transfers given up for lack of room
	Ranges        int64            `json:"ranges"`                 // objects in ranges given up for lack of room
	Malformed     int64            `json:"malformed"`              // ARP, neighbour discovery, DHCP and DNS messages that lie about lengths
	Addresses     int64            `json:"addresses"`              // addresses, and times for which a MAC had one, forgotten for lack of room
	Names         int64            `json:"names"`                  // names that addresses were given, not kept for lack of room
	Blocks        int64            `json:"blocks"`                 // objects of which not every block is compared for lack of room
	Requests      int64            `json:"requests"`               // requests forgotten for lack of room before their response came
	Undecoded     int64            `json:"undecoded"`              // encoded bodies that were not decoded to their end for lack of room
	Multipart     int64            `json:"multipart"`              // multipart bodies that were not taken apart, or not to their end
}

func (e *engine) summary() Summary {
	c := &e.counts
	s := Summary{
		Packets: e.packets, Copies: c.Copies, Bytes: e.bytes, Sessions: c.Connections,
		Fragments: c.Fragments, Retransmits: c.Retrans, KeepAlives: c.KeepAlive,
		Objects: e.objects, Transfers: e.transfers, Saved: e.saved, Unsaved: e.unsaved,
		Losses: Losses{
			Gaps: c.Gaps, GapBytes: c.GapBytes, GapsAcked: c.GapsAcked, Evicted: c.Evicted,
			HeldEvicted: c.HeldEvicted, Objects: e.unfollowed, BadChecksum: c.WrongDrop,
			WrongChecksum: c.WrongUsed, Offload: c.Offload, Cut: c.Cut, Short: c.Short,
			Fragments: c.FragDropped, NotIP: c.NotIP, OtherIP: c.OtherIP, UnknownLink: c.UnknownLink,
			Stray: c.Stray, Conflicts: c.Conflicts, Uncompared: c.Uncompared,
			Framing: e.shared.Lost + e.tls.Lost, Messages: e.tls.Unread, LongHeaders: e.shared.TooLong,
			Announced: e.ftp.Evicted, Datagrams: e.tftp.Evicted, Ranges: e.ranges.evicted,
			Requests: e.shared.Forgotten, Undecoded: e.undecoded, Multipart: e.unopened, Blocks: e.unkept,
		},
	}
	w := e.who
	s.Losses.Malformed, s.Losses.Names = w.malformed, w.nameless+w.called.evicted
	s.Losses.Addresses = w.places.evicted + w.stations.evicted + w.stays
	if e.packets > 0 {
		s.First, s.Last = stamp(e.first), stamp(e.last)
	}
	for i, n := range c.Encapsulated {
		if n == 0 {
			continue
		}
		if s.Losses.Encapsulated == nil {
			s.Losses.Encapsulated = make(map[string]int64)
		}
		s.Losses.Encapsulated[flow.Encap(i).String()] = n
	}
	return s
}

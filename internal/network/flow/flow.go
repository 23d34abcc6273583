// Package flow turns the records of a capture into the byte streams of TCP connections.
//
// Most callers need [Decoder.Frame], which opens link, VLAN and IP headers, and [Table.Add], which
// follows connections and hands their bytes in order to a [Stream]. Nothing is allocated per packet:
// in-order bytes reach the stream as slices of the capture buffer, only what arrives early is copied.
//
// A capture is not the wire. Segments are lost, doubled, cut and reordered by the mirror, and two copies
// of the same bytes may differ. The package never repairs: it takes the first copy, says where a later
// one differed before the receiver had acknowledged it, and says where bytes are missing. It refuses
// nothing that is well formed, keeps bounded state, and counts what it gave up.
package flow

// Counts says what happened to the records of a capture. All are numbers of packets unless said
// otherwise.
type Counts struct {
	Short       int64 // headers cut off or with impossible lengths
	Cut         int64 // captured without their end (snap length)
	NotIP       int64 // LLDP, spanning tree and other frames that are neither IP nor ARP
	OtherIP     int64 // IP without TCP, UDP or neighbour discovery
	UnknownLink int64 // link types that are not opened
	Fragments   int64 // IP fragments
	FragDropped int64 // fragments given up: overlapping, incomplete or too many

	Encapsulated [EncapCount]int64 // by Encap: named and not opened

	Copies    int64 // seen before: the mirror delivered them twice
	Offload   int64 // TCP checksum not filled in; used
	WrongUsed int64 // TCP checksum wrong, sender has shown no good one; used
	WrongDrop int64 // TCP checksum wrong; dropped
	Stray     int64 // belong to no connection that is followed
	Retrans   int64 // carry bytes that were seen before
	KeepAlive int64 // one byte below the next: a probe

	Gaps        int64 // holes in connections
	GapBytes    int64 // bytes in holes
	GapsAcked   int64 // holes that the receiver acknowledged: the mirror's loss
	Conflicts   int64 // copies that differed before the bytes were acknowledged
	Uncompared  int64 // copies that could not be compared any more
	Connections int64
	Evicted     int64 // connections given up because the table was full
	HeldEvicted int64 // holes declared because too much was held back
}

// Encap is an encapsulation that is named and counted but not opened.
type Encap int

// The encapsulations.
const (
	EncapMPLS Encap = iota
	EncapPPPoE
	EncapGRE
	EncapIPIP
	EncapIPsec
	EncapVXLAN
	EncapERSPAN
	EncapGeneve
	EncapGTP
	EncapL2TP
	EncapCAPWAP
	EncapTZSP
	EncapPBB
	EncapMACsec
	EncapNSH
	EncapCount
)

var encapNames = [EncapCount]string{
	"mpls", "pppoe", "gre", "ip-in-ip", "ipsec", "vxlan", "erspan", "geneve", "gtp", "l2tp", "capwap", "tzsp",
	"mac-in-mac", "macsec", "nsh",
}

// String returns the name used in summaries.
func (e Encap) String() string { return encapNames[e] }

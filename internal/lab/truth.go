package lab

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Truth is what is known about one object that crossed the wire in clear.
type Truth struct {
	Time      time.Time      // when the first byte of the answer passed
	Device    netip.AddrPort // who received it
	Server    netip.AddrPort // who sent it
	Host      string
	Path      string
	Length    int64        // bytes of the body
	Digest    model.Digest // of the body that the server sent
	Complete  bool         // every byte of the answer, its header included, lies in some frame
	Requested bool         // every byte of the request does
	Missing   int64        // bytes of the body that lie in no frame
	Ambiguous bool         // a copy of some of its bytes with other content passed before they were acknowledged

	From, Whole int64        // where the body lies in the whole object, and the length of that; a range has Length < Whole
	Entity      model.Digest // of the decoded body, when it crossed encoded; Missing then counts in the whole answer
	Ref         any          // as in [Object]
}

// Session is what is known about one TLS connection.
type Session struct {
	Time    time.Time // of its first frame
	Device  netip.AddrPort
	Server  netip.AddrPort
	Name    string       // SNI
	Version uint16       // as crypto/tls numbers it
	Cipher  uint16       // likewise
	Group   uint16       // of the key exchange
	SPKI    model.Digest // SHA-256 of the server's public key
	Visible bool         // the certificate passes in clear: TLS 1.2
	Objects []Object     // what was fetched inside
}

// Record is the truth about a whole capture.
type Record struct {
	Objects     []Truth   // in the order in which their connections ended
	Sessions    []Session // likewise
	Connections int
	Frames      int64 // in the file
	Bytes       int64 // of frames in the file, without file headers
}

package model

import (
	"net/netip"
	"time"
)

// Transfer is one logical object that crossed the wire: what was seen, before anybody judges it.
type Transfer struct {
	Time     time.Time  // capture time of the first byte of the object's message
	Device   Subject    // the side that received the bytes
	Addr     netip.Addr // its address
	MAC      string     // its MAC, when its own link had proved it by then; else empty
	Peer     string     // the side that sent them, "address:port"
	Host     string     // the server name the request gave, lower case, without port; empty when none
	Protocol string     // "http", ...
	Name     string     // last segment of the path, decoded, without query; empty when none
	Size     int64      // bytes of the object that were seen
	Declared int64      // length the protocol announced; -1 when it did not

	Complete     bool
	Ambiguous    bool   // two copies of a byte differed before the receiver acknowledged it
	Unchecked    bool   // rests on segments whose checksum could not be checked
	Digest       Digest // of the bytes as sent; zero unless Complete
	EntityDigest Digest // of the decoded entity, when it was encoded
	ContentType  string // by magic; what the sender said is not believed
	Parts        Parts
	Refused      bool // the server said that this is not the file that was asked for, so its name and host say nothing of it
	Encrypted    bool // a session whose bytes cannot be read; Size counts those inside it that went to Device
	Notes        []string

	Upload     bool // the client sent it, so that Device is the server
	UpdateLike bool // it looks like code, firmware, an archive, configuration or a model
	HostMark   Mark // stand for Host and Name, also where these are not kept; zero while nothing is recorded
	NameMark   Mark
}

// BlockSize is the length in bytes of every block of an object but the last.
const BlockSize = 256 << 10

// MaxBlocks is how many digests the parts of one object have at most, which covers 4 GiB of it. It is the same
// for what is judged while it passes and for what is recorded, so that both are judged alike.
const MaxBlocks = 16 << 10

// Parts are digests of parts of an object, with which it can be compared with a release though bytes are
// missing. No byte lies in two of them, except that each prefix holds those before it.
type Parts struct {
	Prefixes []Digest // of the first 1, 2, ... blocks as sent, up to the first missing byte
	Behind   []Block  // whole blocks behind a missing byte, by index; the last, shorter one only when the length was announced
}

// Block is one whole block of an object.
type Block struct {
	Index  int64 // from 0; it begins at Index*BlockSize
	Digest Digest
}

// Role says what a device is for on the network.
type Role string

// The roles. What the device list does not have is taken for an endpoint until it serves others.
const (
	Endpoint      Role = "endpoint"
	Workstation   Role = "workstation"
	Server        Role = "server"
	Gateway       Role = "gateway"
	Relay         Role = "relay"
	ServiceLaptop Role = "service laptop"
)

// Roles lists every role.
var Roles = [...]Role{Endpoint, Workstation, Server, Gateway, Relay, ServiceLaptop}

// Device is what is known of the receiving side at the time of a transfer. The zero value means that
// nothing is known of it.
type Device struct {
	Subject Subject
	Product Subject // zero: not known
	Role    Role    // empty: taken for an endpoint
	Running string  // the version that the device list in force recorded; empty: none
	Listed  bool    // on the hospital's device list
}

// IsEndpoint reports whether the device uses updates itself and hands none on.
func (d Device) IsEndpoint() bool { return d.Role == "" || d.Role == Endpoint }

// Fit says whether a release is for a device's product.
type Fit string

// The answers. Unknown when the device's product is not known, or no release is concerned.
const (
	Fits       Fit = "yes"
	FitsNot    Fit = "no"
	FitUnknown Fit = "unknown"
)

// Verdict says what a transfer is against the releases this house knows. It speaks about bytes on the
// wire, not about what a device installed.
type Verdict string

// The verdicts, in the order of precedence: the first that holds is the transfer's.
const (
	Ambiguous   Verdict = "ambiguous"
	Withdrawn   Verdict = "withdrawn"
	WrongDevice Verdict = "wrong-device"
	Replayed    Verdict = "replayed"
	Verified    Verdict = "verified"
	Vouched     Verdict = "vouched"
	Altered     Verdict = "altered"
	Incomplete  Verdict = "incomplete"
	CannotSee   Verdict = "cannot-see"
	ThirdParty  Verdict = "third-party"
	Unknown     Verdict = "unknown"
)

// Judgement is a verdict with what it rests on.
type Judgement struct {
	Verdict    Verdict
	Release    Subject   // zero when no release is concerned
	Product    Subject   // the product the release is for
	Publisher  string    // organisation that published the release; a third party by its name only
	Fits       Fit       // whether Release is for the device's product
	Statement  Digest    // the statement the verdict rests on
	Unlogged   bool      // signed for Release, which its maker's publication log does not hold
	StaleSince time.Time // when our copy of the publisher's log expired; zero while it is fresh
	Why        []string  // one sentence each, in the order in which they were found
}

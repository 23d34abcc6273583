package model

import "time"

// Transfer is one logical object that crossed the wire: what was seen, before anybody judges it.
type Transfer struct {
	Time     time.Time // capture time of the first byte of the object's message
	Device   Subject   // the side that received the bytes
	Peer     string    // the side that sent them, "address:port"
	Host     string    // the server name the request gave, lower case, without port; empty when none
	Protocol string    // "http", ...
	Name     string    // last segment of the path, decoded, without query; empty when none
	Size     int64     // bytes of the object that were seen
	Declared int64     // length the protocol announced; -1 when it did not

	Complete     bool
	Ambiguous    bool   // two copies of a byte differed before the receiver acknowledged it
	Unchecked    bool   // rests on segments whose checksum could not be checked
	Digest       Digest // of the bytes as sent; zero unless Complete
	EntityDigest Digest // of the decoded entity, when it was encoded
	ContentType  string // by magic; what the sender said is not believed
	Notes        []string
}

// Device is what is known of the receiving side at the time of a transfer. The zero value means that
// nothing is known of it.
type Device struct {
	Subject Subject
	Product Subject // zero: not known
	Listed  bool    // on the hospital's device list
}

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
	Publisher  string    // organisation that published the release
	Statement  Digest    // the statement the verdict rests on
	Unlogged   bool      // signed for Release, which its maker's publication log does not hold
	StaleSince time.Time // when our copy of the publisher's log expired; zero while it is fresh
	Why        []string  // one sentence each, in the order in which they were found
}

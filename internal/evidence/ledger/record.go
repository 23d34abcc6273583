package ledger

import (
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Record is a statement in the archive that lies beside the logs.
type Record struct {
	Digest        model.Digest // of the pre-authentication encoding: the statement's identity
	PayloadType   string
	PredicateType string
	Author        string
	Role          string // that signed it; empty when no role's policy was met
	Envelope      []byte // one line of DSSE JSON; nil once erased
	Subjects      []model.Subject
	HeldAt        time.Time // checkpoint time of the batch that first held it
	Effect        string    // "fact", "claim" or "refused"; derived, may change
	Erased        time.Time // zero: envelope and salts are there
	Retracted     time.Time // zero: not retracted
	RetractedBy   model.Digest
}

// Location is where a statement stands: a statement has an entry for each time signatures were added.
type Location struct {
	Origin string
	Seq    int64
}

// HeldRoot is a trust root that this house holds.
type HeldRoot struct {
	Org       string
	Version   int64
	Statement model.Digest // the trust-root statement: its digest is the fingerprint
	Confirmed time.Time    // zero: nobody compared the fingerprint yet
}

// Mirror is how far this house followed another organisation's publication log.
type Mirror struct {
	Publisher   string
	Origin      string
	Counter     int64  // of the last head
	Size        int64  // of the tree
	Note        []byte // the signed checkpoint
	RootVersion int64
	Issued      time.Time // of the head
	Expires     time.Time // of the head
	SyncedAt    time.Time
	Location    string // where it was fetched from
}

// Fork is the proof that a log's keys signed two histories.
type Fork struct {
	Org     string
	A, B    []byte // signed checkpoints
	FoundAt time.Time
}

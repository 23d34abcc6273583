package model

import "time"

// Hold is what a person said why a finding may rest. It is derived with its finding: it stops counting by itself
// when its time is over or when there is more to the finding than the person saw.
type Hold struct {
	Reason    string    `json:"reason"`
	Until     time.Time `json:"until,omitzero"` // zero: no end was set
	Since     time.Time `json:"since"`          // when the ledger of this house held the statement
	Author    string    `json:"author"`
	Role      string    `json:"role"`
	Devices   int       `json:"devices"` // that it names
	Statement Digest    `json:"statement"`
	Ended     string    `json:"ended,omitzero"` // why it no longer counts; of a lapsed one only
}

package app

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
)

// PartInfo is the body of one message that carried a range of an object.
type PartInfo struct {
	Time     time.Time     `json:"time"`
	Device   model.Subject `json:"device"`
	Peer     string        `json:"peer"`
	Transfer string        `json:"transfer"` // name of the object it is part of
	Range    string        `json:"range"`    // first-last/whole, as Content-Range has it
	Size     int64         `json:"size"`
	Complete bool          `json:"complete"`
	Digest   model.Digest  `json:"digest,omitzero"`
}

// TransferInfo is a transfer with its verdict.
type TransferInfo struct {
	Time         time.Time     `json:"time"`
	Device       model.Subject `json:"device"`
	Peer         string        `json:"peer"`
	Host         string        `json:"host,omitzero"`
	Protocol     string        `json:"protocol"`
	Name         string        `json:"name"`
	Size         int64         `json:"size"`
	Declared     int64         `json:"declared,omitzero"` // announced length, when it is known and differs
	Digest       model.Digest  `json:"digest,omitzero"`
	EntityDigest model.Digest  `json:"entity_digest,omitzero"`
	Complete     bool          `json:"complete"`
	ContentType  string        `json:"content_type,omitzero"`
	Verdict      model.Verdict `json:"verdict"`
	Listed       model.Subject `json:"listed,omitzero"` // the device as the hospital's list has it, when it does
	Asset        string        `json:"asset,omitzero"`
	Fits         model.Fit     `json:"fits"`
	Release      model.Subject `json:"release,omitzero"`
	Publisher    string        `json:"publisher,omitzero"`
	StaleSince   time.Time     `json:"stale_since,omitzero"`
	Why          []string      `json:"why"`
}

// withNotes adds what was seen of a transfer to what was judged, without saying a thing twice.
func withNotes(why, notes []string) []string {
	said := why
	for _, n := range notes {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, n) }) {
			why = append(why, n)
		}
	}
	return why
}

// WatchSummary counts what was read.
type WatchSummary struct {
	network.Summary
	Findings int   `json:"findings"`
	Held     int   `json:"held,omitempty"`                 // findings among them that a person lets rest
	LeftOut  int   `json:"left_out_of_findings,omitempty"` // transfers and devices for which the findings had no room
	Recorded int64 `json:"recorded"`                       // transfers that became rows in the home
	Excluded int64 `json:"excluded,omitempty"`             // transfers that were not recorded because of their network
}

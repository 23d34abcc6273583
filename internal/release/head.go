package release

import (
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// HeadValidity is how long a published head counts as fresh.
const HeadValidity = 30 * 24 * time.Hour

const (
	maxHeadValidity = 366 * 24 * time.Hour
	maxEntries      = 1 << 20 // of a publication log
	maxRootVersion  = 1 << 16
)

// Head is the predicate that says what a publication holds at one moment. It is the last thing a
// publisher writes and the first that a reader checks.
type Head struct {
	evidence.Header
	Origin      string       `json:"origin"`  // of the publication log
	Counter     int64        `json:"counter"` // from 1; grows with each publication
	Size        int64        `json:"size"`    // entries in the log
	Root        model.Digest `json:"root"`    // Merkle root over them
	RootVersion int          `json:"root_version"`
	Expires     time.Time    `json:"expires"`
}

func (h Head) check() error {
	if err := checkHeader(h.Header); err != nil {
		return err
	}
	if err := checkTime(h.Expires); err != nil {
		return fmt.Errorf("expires: %w", err)
	}
	switch valid := h.Expires.Sub(h.Issued); {
	case valid <= 0 || valid > maxHeadValidity:
		return fmt.Errorf("it is valid for %s, which is outside 0 to %s", valid, maxHeadValidity)
	case h.Counter < 1 || h.Counter > maxCounter:
		return fmt.Errorf("counter %d is outside 1 to 2^53-1", h.Counter)
	case h.Size < 0 || h.Size > maxEntries:
		return fmt.Errorf("%d entries are outside 0 to %d", h.Size, maxEntries)
	case h.Root.IsZero():
		return fmt.Errorf("it has no root")
	case h.RootVersion < 1 || h.RootVersion > maxRootVersion:
		return fmt.Errorf("root version %d is outside 1 to %d", h.RootVersion, maxRootVersion)
	}
	if err := checkText(h.Origin); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	return nil
}

// Payload encodes the head as a statement about its author. It fails with BadInput when it is malformed.
func (h Head) Payload() ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "head of %q", h.Author)
	}
	org, err := model.OrgOf(h.Author)
	if err != nil {
		return nil, err
	}
	return evidence.NewPayload(evidence.PredHead, h, org)
}

// DecodeHead reads the head in a statement. Errors carry BadEnvelope.
func DecodeHead(st evidence.Statement) (Head, error) {
	var h Head
	if err := decode(st, evidence.PredHead, &h); err != nil {
		return Head{}, err
	}
	err := h.check()
	if err == nil {
		var org model.Subject
		if org, err = model.OrgOf(h.Author); err == nil {
			err = sameSubjects(st, org)
		}
	}
	if err != nil {
		return Head{}, fault.Wrap(err, fault.BadEnvelope, "the head of %q cannot be right", h.Author)
	}
	return h, nil
}

package finding

import (
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// summary says in one sentence which device fetched what, and what is odd about it.
func (s *Set) summary(g *gathered) string {
	what := fmt.Sprintf("%s %s %s from %s", who(g), took(&g.first), thing(&g.first), sender(&g.first))
	j := &g.said
	switch g.Rule {
	case model.UpdateAltered:
		return what + "; it differs from " + release(j)
	case model.UpdateAmbiguous:
		return what + "; two copies of the same bytes differed on the wire, so it may have kept other bytes than were checked"
	case model.UpdateReplayed:
		return fmt.Sprintf("%s: %s is older than what was delivered before", what, release(j))
	case model.UpdateWrongDevice:
		return fmt.Sprintf("%s: %s is for %s, which is another product", what, release(j), product(j))
	case model.UpdateWithdrawn:
		if j.Publisher != "" && j.Publisher == s.house {
			return fmt.Sprintf("%s: %s is held back by this house", what, release(j))
		}
		return fmt.Sprintf("%s: %s was taken back", what, release(j))
	case model.UpdateUnlogged:
		return fmt.Sprintf("%s: %s is signed and not in its publisher's log", what, release(j))
	case model.UpdatePlaintext:
		return fmt.Sprintf("%s %s a verified release from %s over plain %s: anybody on the way could change what comes next",
			who(g), took(&g.first), sender(&g.first), g.first.Protocol)
	}
	if !j.Release.IsZero() {
		return fmt.Sprintf("%s; what says that it is %s does not count today", what, release(j))
	}
	return what + "; it is not signed by any organisation that this house trusts"
}

// who names one device as people know it, or how many there are.
func who(g *gathered) string {
	if n := len(g.devices); n > 1 {
		return fmt.Sprintf("%d devices", n)
	}
	d := g.device
	if r, held := g.devices[d.Device]; held { // all that was said of it
		d = r
	}
	if d.Location != "" {
		return d.Called() + " (" + d.Location + ")"
	}
	return d.Called()
}

// took says whether the receiver asked for the bytes.
func took(t *model.Transfer) string {
	if t.Upload {
		return "was sent"
	}
	return "fetched"
}

// sender is who the bytes came from: of what was sent up, the host is where they went.
func sender(t *model.Transfer) string {
	if t.Upload {
		return peerAddr(t)
	}
	return channel(t)
}

func thing(t *model.Transfer) string {
	if t.Name == "" {
		return fmt.Sprintf("a file of %d bytes", sizeOf(t))
	}
	return fmt.Sprintf("%q", clip(t.Name, maxWireText))
}

func release(j *model.Judgement) string {
	if j.Release.IsZero() {
		return "the release that it resembles"
	}
	return j.Release.String()
}

func product(j *model.Judgement) string {
	if j.Product.IsZero() {
		return "a product that is not named"
	}
	return j.Product.String()
}

// seen is the first sentence of the evidence: the transfer itself.
func seen(t *model.Transfer) string {
	s := fmt.Sprintf("%s received %s from %s over %s at %s", t.Device, thing(t), t.Peer, t.Protocol, stamp(t.Time))
	if d := bytesOf(t); !d.IsZero() {
		s += ", " + d.String()
	}
	return s
}

// clip shortens text from outside to whole, valid characters.
func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "..."
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

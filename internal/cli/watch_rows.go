package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

type transferRow struct{ app.TransferInfo }

func (transferRow) kind() string { return "transfer" }

func (t transferRow) lines() []string {
	first := fmt.Sprintf("%-10s %s  %s from %s", t.Verdict, moment(t.Time), carried(&t.TransferInfo), sender(&t.TransferInfo))
	second := fmt.Sprintf("  to %s, %d bytes", receiver(&t.TransferInfo), t.Size)
	if !t.Digest.IsZero() {
		second += ", " + t.Digest.String()
	}
	out := []string{first, second}
	for _, w := range t.Why {
		out = append(out, fold("  ", w)...)
	}
	return out
}

// carried is what crossed, as its protocol named it. An encrypted session has no name.
func carried(t *app.TransferInfo) string {
	switch {
	case t.Name != "":
		return strconv.Quote(t.Name)
	case t.Verdict == model.CannotSee, t.Digest.IsZero() && t.Protocol == "tls":
		return "an encrypted session"
	}
	return "a file without a name"
}

// sender is the side that sent, first by the name under which the device asked for it.
func sender(t *app.TransferInfo) string {
	if t.Host != "" && !strings.HasPrefix(t.Peer, t.Host) {
		return t.Host + " at " + t.Peer
	}
	return t.Peer
}

type partRow struct{ app.PartInfo }

func (partRow) kind() string { return "part" }

func (p partRow) lines() []string {
	return []string{fmt.Sprintf("part       %s  %q bytes %s, %d bytes to %s", moment(p.Time), p.Transfer, p.Range, p.Size, p.Device)}
}

type findingRow struct{ model.Finding }

func (findingRow) kind() string { return "finding" }

func (f findingRow) lines() []string {
	out := []string{"FINDING    " + f.Summary}
	out = append(out, holdLines(&f.Finding)...)
	out = append(out, adviceLines(f.Finding)...)
	out = append(out, fmt.Sprintf("  %s, %s, %s", f.Severity, f.Class, f.Rule))
	out = append(out, deviceLines(f.Finding)...)
	return append(out, whyLines(f.Finding)...)
}

type summaryRow struct{ app.WatchSummary }

func (summaryRow) kind() string { return "summary" }

func (m summaryRow) lines() []string {
	found := counted(m.Findings, "finding")
	if m.Held > 0 {
		found += fmt.Sprintf(" of which %d held", m.Held)
	}
	out := []string{strings.Join([]string{
		counted(m.Packets, "packet"), counted(m.Bytes, "byte"), counted(m.Sessions, "session"), counted(m.Transfers, "transfer"), found,
	}, ", ")}
	if m.Recorded > 0 {
		out = append(out, counted(m.Recorded, "transfer")+" recorded in the home; `cordon finding list` judges by what is known later")
	}
	if m.Excluded > 0 {
		out = append(out, counted(m.Excluded, "transfer")+" not recorded, as --exclude asks")
	}
	if m.Unsaved > 0 {
		out = append(out, counted(m.Unsaved, "file")+" could not be kept for --save")
	}
	if m.LeftOut > 0 {
		out = append(out, fmt.Sprintf("there are more findings than are kept: %d transfers or devices are in none, the slighter ones first", m.LeftOut))
	}
	if unseen := unseenIn(&m.Losses); len(unseen) > 0 {
		out = append(out, fold("not seen: ", strings.Join(unseen, ", "))...)
	}
	if m.Truncated {
		out = append(out, "not everything could be read: what could be is above")
	}
	return out
}

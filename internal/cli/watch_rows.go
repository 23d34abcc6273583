package cli

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

type transferRow struct{ app.TransferInfo }

func (transferRow) kind() string { return "transfer" }

func (t transferRow) lines() []string {
	first := fmt.Sprintf("%-10s %s  %q from %s", t.Verdict, moment(t.Time), t.Name, t.Peer)
	second := fmt.Sprintf("  to %s, %d bytes", receiver(&t.TransferInfo), t.Size)
	if !t.Digest.IsZero() {
		second += ", " + t.Digest.String()
	}
	out := []string{first, second}
	for _, w := range t.Why {
		out = append(out, "  "+w)
	}
	return out
}

type partRow struct{ app.PartInfo }

func (partRow) kind() string { return "part" }

func (p partRow) lines() []string {
	return []string{fmt.Sprintf("part       %s  %q bytes %s, %d bytes to %s", moment(p.Time), p.Transfer, p.Range, p.Size, p.Device)}
}

type findingRow struct{ model.Finding }

func (findingRow) kind() string { return "finding" }

func (f findingRow) lines() []string {
	out := []string{fmt.Sprintf("FINDING    %s (%s, %s): %s", f.Rule, f.Severity, f.Class, f.Summary)}
	out = append(out, deviceLines(f.Finding)...)
	out = append(out, "  now:   "+f.Hint.Now, "  next:  "+f.Hint.Next, "  later: "+f.Hint.Later)
	for _, e := range f.Evidence {
		out = append(out, "  "+e)
	}
	return out
}

type summaryRow struct{ app.WatchSummary }

func (summaryRow) kind() string { return "summary" }

func (m summaryRow) lines() []string {
	out := []string{fmt.Sprintf("%d packets, %d bytes, %d sessions, %d transfers", m.Packets, m.Bytes, m.Sessions, m.Transfers)}
	if m.LeftOut > 0 {
		out = append(out, fmt.Sprintf("there are more findings than are kept: %d transfers or devices are in none, the slighter ones first", m.LeftOut))
	}
	if m.Truncated {
		out = append(out, "the capture is cut short: what was read is above")
	}
	return out
}

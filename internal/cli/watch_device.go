package cli

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/jsonrow"
)

var _ appender = (*seenRow)(nil)

type seenRow struct{ app.SeenInfo }

func (seenRow) kind() string { return "device" }

func (d seenRow) lines() []string {
	first := fmt.Sprintf("device     %s at %s", d.Device, d.Addr)
	switch {
	case d.MAC == "":
		first += ", no MAC proved"
	case d.Router:
		first += fmt.Sprintf(", behind %s, which stands for many addresses", d.MAC)
	default:
		first += fmt.Sprintf(", MAC %s proved by %s", d.MAC, proof(d.By))
	}
	out := []string{first, fmt.Sprintf("  %s to %s, received %s, served %d", moment(d.First), moment(d.Last), counted(d.Received, "transfer"), d.Served)}
	if !d.Listed.IsZero() {
		out = append(out, "  listed as "+d.Listed.String()+strings.Join(labelled("asset", d.Asset, "location", d.Location, "owner", d.Owner, "role", d.Role), ""))
	}
	if len(d.Names) > 0 {
		quoted := make([]string, len(d.Names))
		for i, n := range d.Names {
			quoted[i] = strconv.Quote(n)
		}
		out = append(out, fold("  ", "called "+strings.Join(quoted, ", ")+" by itself or by DNS")...)
	}
	return out
}

func (d *seenRow) appendFields(b []byte) []byte {
	b = jsonrow.String(b, "device", d.Device.String())
	b = jsonrow.String(b, "addr", text(d.Addr))
	b = appendSome(b, "mac", d.MAC)
	b = appendSome(b, "by", d.By)
	if d.Names != nil {
		b = jsonrow.Strings(b, "names", d.Names)
	}
	b = appendSome(b, "vendor_class", d.VendorClass)
	b = jsonrow.Time(b, "first", d.First)
	b = jsonrow.Time(b, "last", d.Last)
	b = jsonrow.Bool(b, "router", d.Router)
	b = jsonrow.Int(b, "received", d.Received)
	b = jsonrow.Int(b, "served", d.Served)
	b = appendSome(b, "listed", d.Listed.String())
	b = appendSome(b, "asset", d.Asset)
	b = appendSome(b, "site", d.Site)
	b = appendSome(b, "location", d.Location)
	b = appendSome(b, "zone", d.Zone)
	b = appendSome(b, "owner", d.Owner)
	b = appendSome(b, "role", d.Role)
	return appendSome(b, "criticality", d.Criticality)
}

// text is an address, or nothing.
func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// proof says in words what proved a MAC.
func proof(by string) string {
	switch by {
	case "nd":
		return "neighbour discovery"
	default:
		return strings.ToUpper(by)
	}
}

// labelled puts labels before values, each behind a comma, and leaves out what is empty.
func labelled(pairs ...string) []string {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, ", "+pairs[i]+" "+pairs[i+1])
		}
	}
	return out
}

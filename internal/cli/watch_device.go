package cli

import (
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
)

type deviceRow struct{ app.SeenInfo }

func (deviceRow) kind() string { return "device" }

func (d deviceRow) lines() []string {
	first := fmt.Sprintf("device     %s at %s", d.Device, d.Addr)
	switch {
	case d.MAC == "":
		first += ", no MAC proved"
	case d.Router:
		first += fmt.Sprintf(", behind %s, which stands for many addresses", d.MAC)
	default:
		first += fmt.Sprintf(", MAC %s proved by %s", d.MAC, proof(d.By))
	}
	out := []string{first, fmt.Sprintf("  %s to %s, received %d, served %d", moment(d.First), moment(d.Last), d.Received, d.Served)}
	if d.Listed {
		out = append(out, "  listed as "+strings.Join(labelled("asset", d.Asset, "location", d.Location, "owner", d.Owner, "role", d.Role), ", "))
	}
	if len(d.Names) > 0 {
		out = append(out, fmt.Sprintf("  called %q by itself or by DNS", d.Names))
	}
	return out
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

// labelled pairs labels with values and leaves out what is empty.
func labelled(pairs ...string) []string {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, pairs[i]+" "+pairs[i+1])
		}
	}
	return out
}

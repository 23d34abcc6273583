package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Match is a device that both lists have.
type Match struct {
	Old, New Device
	Changed  []string // the columns that differ, in the order of [Columns], "notes" last; nil when none
}

// Conflict is a row of the new list that contradicts another row, so that nobody can say which device it
// is until the list is corrected.
type Conflict struct {
	Row Device
	Why string // one sentence
}

// Comparison is what an import changes. Each row of the new list is in exactly one of Matched, New and
// Conflicting.
type Comparison struct {
	Matched     []Match
	New         []Device
	Gone        []Device // in the old list, and no row of the new one touches it
	Conflicting []Conflict
}

// Compare says which devices of two lists are the same: by vendor, model and serial, by asset, by MAC;
// where a row has none of these, by site and address. Rows that claim the same identity or address as
// another row of the new list, that join two old devices, or that give an asset another serial, conflict.
func Compare(old, current []Device) Comparison {
	c := comparing{old: old, byKey: map[string][]int{}, taken: make([]bool, len(old)), touched: make([]bool, len(old))}
	for i := range old {
		for _, k := range identities(&old[i]) {
			c.byKey[k] = append(c.byKey[k], i)
		}
	}
	shared := claims(current)
	for i := range current {
		c.row(&current[i], shared)
	}
	for i := range old {
		if !c.touched[i] {
			c.out.Gone = append(c.out.Gone, old[i])
		}
	}
	return c.out
}

// comparing is the state of one Compare. It belongs to its goroutine.
type comparing struct {
	old            []Device
	byKey          map[string][]int // old devices by each identity; the first is meant where several claim it
	taken, touched []bool           // of each old device: matched; found by any key
	out            Comparison
}

func (c *comparing) row(d *Device, shared map[string]int) {
	var found []int
	for _, k := range identities(d) {
		for n, i := range c.byKey[k] {
			c.touched[i] = true
			if n == 0 && !slices.Contains(found, i) {
				found = append(found, i)
			}
		}
	}
	var why string
	switch {
	case double(d, shared) != "":
		why = double(d, shared) + " is claimed by another row too"
	case len(found) > 1:
		why = fmt.Sprintf("it joins two devices of the list before, %s and %s", c.old[found[0]].label(), c.old[found[1]].label())
	case len(found) == 1 && c.taken[found[0]]:
		why = fmt.Sprintf("another row is %s of the list before already", c.old[found[0]].label())
	case len(found) == 1 && contradict(c.old[found[0]].serialKey(), d.serialKey()):
		why = fmt.Sprintf("%s had serial %q in the list before and has %q now", d.label(), c.old[found[0]].Serial, d.Serial)
	case len(found) == 1:
		o := &c.old[found[0]]
		c.taken[found[0]] = true
		c.out.Matched = append(c.out.Matched, Match{*o, *d, changed(o, d)})
		return
	default:
		c.out.New = append(c.out.New, *d)
		return
	}
	c.out.Conflicting = append(c.out.Conflicting, Conflict{*d, why})
}

// label names a row for people.
func (d *Device) label() string {
	switch {
	case d.Asset != "":
		return fmt.Sprintf("asset %q", clip(d.Asset))
	case d.Serial != "":
		return fmt.Sprintf("serial %q", clip(d.Serial))
	case len(d.MACs) > 0:
		return "mac " + d.MACs[0]
	case len(d.IPs) > 0:
		return "ip " + d.IPs[0].String()
	}
	return "a row without a name"
}

// The keys join parts with a NUL, which no cell holds.
func key(parts ...string) string { return strings.ToLower(strings.Join(parts, "\x00")) }

func (d *Device) serialKey() string {
	if d.Serial == "" {
		return ""
	}
	vendor := OrgName(d.Vendor)
	if vendor == "" {
		vendor = d.Vendor
	}
	return key("serial", vendor, d.Model, d.Serial)
}

func contradict(x, y string) bool { return x != "" && y != "" && x != y }

// identities are the keys by which a device is known again, the strongest first.
func identities(d *Device) []string {
	var out []string
	if k := d.serialKey(); k != "" {
		out = append(out, k)
	}
	if d.Asset != "" {
		out = append(out, key("asset", d.Asset))
	}
	for _, m := range d.MACs {
		out = append(out, key("mac", m))
	}
	if len(out) == 0 {
		out = addresses(d)
	}
	return out
}

func addresses(d *Device) []string {
	out := make([]string, 0, len(d.IPs))
	for _, a := range d.IPs {
		out = append(out, key("ip", siteName(d.Site), a.String()))
	}
	return out
}

// unique are all keys that one row of a list alone may have.
func unique(d *Device) []string {
	out := identities(d)
	for _, k := range addresses(d) {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// claims counts the rows that have each key.
func claims(list []Device) map[string]int {
	out := map[string]int{}
	for i := range list {
		for _, k := range unique(&list[i]) {
			out[k]++
		}
	}
	return out
}

// double names what another row of the list claims too; "" when nothing.
func double(d *Device, shared map[string]int) string {
	for _, k := range unique(d) {
		if shared[k] > 1 {
			parts := strings.Split(k, "\x00")
			return fmt.Sprintf("%s %q", parts[0], clip(parts[len(parts)-1]))
		}
	}
	return ""
}

// changed names the columns that differ.
func changed(x, y *Device) []string {
	differs := map[string]bool{
		"mac": !slices.Equal(x.MACs, y.MACs), "ip": !slices.Equal(x.IPs, y.IPs), "role": x.Role != y.Role,
	}
	xs, ys := x.texts(), y.texts()
	for i, name := range textColumns {
		differs[name] = *xs[i] != *ys[i]
	}
	var out []string
	for _, name := range Columns {
		if differs[name] {
			out = append(out, name)
		}
	}
	if !maps.Equal(x.Notes, y.Notes) {
		out = append(out, "notes")
	}
	return out
}

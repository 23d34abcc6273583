package app

import (
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/release"
)

// Kinds of text that have a mark.
const (
	markName = "name"
	markHost = "host"
)

// names says which names of files and hosts may be kept: those of releases, what an update channel hands
// out, and of a third party what its list has, without what the wire adds to it. Any other could name a
// patient, and only its mark is kept. A release that is learnt later puts the text back in place of the
// mark. It belongs to one goroutine.
type names struct {
	marker *model.Marker // nil where nothing was ever recorded: there is no secret, and no mark
	files  map[string]bool
	hosts  map[string]bool
	texts  map[model.Mark]string // of both

	parties *finding.Sources // what of a third party may be kept; nil: nothing
}

func newNames(secret []byte, book *release.Book) *names {
	n := &names{files: map[string]bool{}, hosts: map[string]bool{}, texts: map[model.Mark]string{}}
	if secret != nil {
		n.marker = model.NewMarker(secret)
	}
	for _, name := range book.FileNames() {
		n.files[name] = true
		n.texts[n.markOf(markName, name)] = name
	}
	for _, host := range book.Hosts() {
		n.hosts[host] = true
		n.texts[n.markOf(markHost, host)] = host
	}
	return n
}

func (n *names) markOf(kind, text string) model.Mark {
	if n.marker == nil {
		return model.Mark{}
	}
	return n.marker.Mark(kind, text)
}

// serves reports whether a release names the host.
func (n *names) serves(host string) bool { return n.hosts[host] }

// mark gives a transfer the marks of its name and host.
func (n *names) mark(t *model.Transfer) {
	name := release.NormalName(t.Name)
	if name == "" {
		name = t.Name
	}
	t.NameMark, t.HostMark = n.markOf(markName, name), n.markOf(markHost, t.Host)
}

// keepable returns the transfer, which has its marks, without the texts that may not be kept. What a device
// sends up has names of its own making, also where the server is a maker's.
func (n *names) keepable(t model.Transfer) model.Transfer {
	serves := n.hosts[t.Host]
	var dropped []string
	if host, ending, ok := n.party(&t); ok && !serves {
		dropped = append(dropped, t.Name, t.Host)
		if t.Host = host; !n.files[release.NormalName(t.Name)] {
			t.Name = ending
		}
		t.Notes = without(t.Notes, dropped)
		return t
	}
	if !n.files[release.NormalName(t.Name)] && (!serves || t.Upload) {
		dropped = append(dropped, t.Name)
		t.Name = ""
	}
	if !serves {
		dropped = append(dropped, t.Host)
		t.Host = ""
	}
	t.Notes = without(t.Notes, dropped)
	return t
}

// party returns what the list of third parties has of a download's host and name.
func (n *names) party(t *model.Transfer) (host, ending string, ok bool) {
	if n.parties == nil || t.Upload {
		return "", "", false
	}
	return n.parties.Keep(t.Host, t.Name)
}

// without leaves out the remarks that repeat one of the texts.
func without(notes, texts []string) []string {
	var out []string
next:
	for _, n := range notes {
		for _, s := range texts {
			if s != "" && strings.Contains(strings.ToLower(n), strings.ToLower(s)) {
				continue next
			}
		}
		out = append(out, n)
	}
	return out
}

// restore puts back the texts that are known by now.
func (n *names) restore(t *model.Transfer) {
	if s, ok := n.texts[t.NameMark]; ok && !t.NameMark.IsZero() {
		t.Name = s
	}
	if s, ok := n.texts[t.HostMark]; ok && !t.HostMark.IsZero() {
		t.Host = s
	}
}

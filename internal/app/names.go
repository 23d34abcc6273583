package app

import (
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
)

// Kinds of text that have a mark.
const (
	markName = "name"
	markHost = "host"
)

// names says which names of files and hosts may be kept: those of releases, and what an update channel
// hands out. Any other could name a patient, and only its mark is kept. A release that is learnt later puts
// the text back in place of the mark. It belongs to one goroutine.
type names struct {
	secret []byte
	files  map[string]bool
	hosts  map[string]bool
	texts  map[model.Mark]string // of both
}

func newNames(secret []byte, book *release.Book) *names {
	n := &names{secret: secret, files: map[string]bool{}, hosts: map[string]bool{}, texts: map[model.Mark]string{}}
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

// markOf returns the mark of a text. Where nothing was ever recorded there is no secret, and no mark.
func (n *names) markOf(kind, text string) model.Mark {
	if n.secret == nil {
		return model.Mark{}
	}
	return model.MarkOf(n.secret, kind, text)
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
	if t.Name == "" && !t.NameMark.IsZero() {
		t.Name = n.texts[t.NameMark]
	}
	if t.Host == "" && !t.HostMark.IsZero() {
		t.Host = n.texts[t.HostMark]
	}
}

package console

import (
	"cmp"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/model"
)

// named is a subject as pages show it.
type named struct {
	Subject model.Subject
	Label   string // what people call it
	Note    string // whose it is, or where; may be empty
	Of      string // whose key or role it is
	Link    string
}

// Title is label and note.
func (n named) Title() string {
	if n.Of != "" {
		return strings.TrimSpace(n.Note+" "+n.Label) + " of " + n.Of
	}
	return joined(n.Label, n.Note)
}

// Aside is what stands beside the label.
func (n named) Aside() string { return joined(n.Of, n.Note) }

// Kind is the kind in plain words.
func (n named) Kind() string { return picture.Word(n.Subject.Kind(), 1) }

// namer knows what people call subjects.
type namer struct {
	*app.Exposure
	files map[model.Subject]string // of bytes in no release
}

func (n namer) of(s model.Subject) named {
	out := named{Subject: s, Label: s.Value(), Link: evidenceOf(s)}
	parts := s.Parts()
	last := parts[len(parts)-1]
	switch s.Kind() {
	case model.KindDevice:
		if d, ok := n.Devices[s]; ok {
			l := listed{d, identify(&d)}
			return named{Subject: s, Label: l.Name(), Note: l.Where(), Link: l.Link()}
		}
		out.Label, out.Note = last, "not on the device list"
		switch len(parts) {
		case 3: // maker, model and serial
			out.Label = parts[1] + " " + last
		case 5: // an address
			out.Label = parts[3]
		}
	case model.KindKey:
		if k, ok := n.Keys[s]; ok {
			out.Label, out.Note, out.Of = k.Role+" key", string(k.Algorithm), k.Org
		} else {
			out.Label, out.Note = "a key", s.Value()
		}
	case model.KindArtifact:
		switch {
		case n.Files[s] != "":
			out.Label, out.Note = n.Files[s], "in a release"
		case n.files[s] != "":
			out.Label, out.Note = n.files[s], "in no release"
		default:
			out.Label, out.Note = "a file", s.Value()
		}
	case model.KindGate:
		out.Label, out.Of = role(last)+" role", parts[0]
		if last == "role" {
			out.Label = last
		}
	case model.KindRelease:
		out.Label, out.Note = parts[1]+" "+last, parts[0]
	case model.KindStatement:
		out.Label, out.Note = "a statement", s.Value()
	case model.KindZone:
		out.Label, out.Note = last, parts[1]
	case model.KindProduct, model.KindSite, model.KindService, model.KindLot:
		out.Label, out.Note = last, strings.Join(parts[:len(parts)-1], ", ")
	case model.KindComponent:
	case model.KindSystem, model.KindPerson, model.KindStation:
		out.Label, out.Note = strings.Join(parts, " "), picture.Word(s.Kind(), 1)
	default:
		out.Label = strings.Join(parts, " ")
	}
	return out
}

// role names the gate of a role or of a part of it in words.
func role(gate string) string {
	name, part, _ := strings.Cut(gate, ".")
	if part == "" {
		return name
	}
	return name + " " + strings.ReplaceAll(part, ".", " ")
}

// relates says a relation of the exposure graph in words.
func relates(relation string) string {
	switch relation {
	case "part-of":
		return "part of"
	case "runs-on":
		return "runs on"
	case "shares-net":
		return "same zone"
	case "fetched-by":
		return "fetched by"
	}
	if strings.HasPrefix(relation, "needs:") {
		return "counts for"
	}
	return strings.ReplaceAll(relation, "-", " ")
}

// byTitle sorts by what people read.
func byTitle(a, b named) int {
	without := func(n named) int { // what has no name comes last
		if n.Note == n.Subject.Value() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(without(a), without(b)), cmp.Compare(a.Label, b.Label), cmp.Compare(a.Note, b.Note))
}

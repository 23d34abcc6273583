package console

import (
	"context"
	"maps"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// sourceList is the page on which somebody chooses where a compromise begins.
type sourceList struct {
	Form  []*choice
	List  []beginning
	Pager pager
}

// beginning is a subject with the page of what it could reach.
type beginning struct {
	named
	Reach string
}

// beginnings are the kinds from which something follows, those that people ask about first. A part of a signing role
// is none: whoever has its keys begins there.
var beginnings = [...]model.Kind{
	model.KindOrg, model.KindKey, model.KindDevice, model.KindArtifact, model.KindRelease, model.KindProduct, model.KindZone, model.KindGate,
	model.KindComponent, model.KindService, model.KindModel, model.KindDataset, model.KindPerson, model.KindSystem,
	model.KindStation, model.KindLot, model.KindSite, model.KindAdvisory, model.KindStatement,
}

func sources(ctx context.Context, a *snapshot, r *request) (page, error) {
	e, err := a.Exposure(ctx)
	if err != nil {
		return page{}, err
	}
	names := namer{Exposure: &e}
	kind := choice{Name: "kind", Label: "Kind", Any: "any"}
	var held []model.Kind
	for k := range e.Graph.Kinds() {
		held = append(held, k)
	}
	for _, k := range beginnings {
		if slices.Contains(held, k) || k == model.KindOrg {
			kind.Values = append(kind.Values, string(k))
		}
	}
	text := choice{Name: "text", Label: "Search", Any: "name, place or subject", Free: true}
	begin := choice{Name: "from", Free: true, Hidden: true} // given and empty
	out := sourceList{Form: []*choice{&kind, &text, &begin}}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	var all []beginning
	for _, k := range beginnings {
		if !kind.is(string(k)) {
			continue
		}
		if k == model.KindOrg {
			all = append(all, organisations(names, &text)...)
		}
		first := len(all)
		for s := range e.Graph.Subjects(k) {
			if k == model.KindGate && topOf(s) != s {
				continue
			}
			if n := names.of(s); text.has(n.Label, n.Note, s.String()) {
				all = append(all, beginning{n, reachOf(s)})
			}
		}
		slices.SortStableFunc(all[first:], func(a, b beginning) int { return byTitle(a.named, b.named) })
	}
	out.List, out.Pager, err = paged(r.URL, all)
	return page{Template: "sources", Question: "What could it reach?", Place: "reach", Content: out}, err
}

// organisations are those whose roots this house holds. Whoever has one has all of its keys.
func organisations(names namer, text *choice) []beginning {
	keys := map[string][]model.Subject{}
	for k, info := range names.Keys {
		keys[info.Org] = append(keys[info.Org], k)
	}
	var out []beginning
	for _, org := range slices.Sorted(maps.Keys(keys)) {
		s, err := model.OrgOf(org)
		if err != nil || !text.has(org, s.String()) || len(keys[org]) > maxSources {
			continue
		}
		q := question{from: keys[org], harm: model.Integrity}
		q.sort()
		n := names.of(s)
		n.Note = "with all of its " + many(len(keys[org]), "key")
		out = append(out, beginning{n, q.link()})
	}
	return out
}

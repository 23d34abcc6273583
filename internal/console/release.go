package console

import (
	"context"
	"net/url"
	"slices"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
)

// oneRelease is the page of a release: what is in it, whether it stands, who signed it and who fetched it.
type oneRelease struct {
	app.ReleaseInfo
	Also      int // other statements that name this release
	Fetched   []seenOf
	Total     int
	TotalList string
	Picture   timeline
	Files     []releaseFile
	Needs     string // of the role that signed; empty: not known
	Signed    *app.Reason
	Keys      []signerKey
	Evidence  string
	Taken     string // where the evidence about its withdrawal is
}

// seenOf counts the transfers of a release with one verdict.
type seenOf struct {
	count
	First, Last string // days
}

type releaseFile struct {
	release.Artifact
	Evidence string
	Forms    []string
}

func oneReleasePage(ctx context.Context, a *snapshot, r *request) (page, error) {
	if err := choose(r.URL.Query()); err != nil {
		return page{}, err
	}
	sub, err := model.NewSubject(model.KindRelease, r.PathValue("publisher"), r.PathValue("product"), r.PathValue("version"))
	if err != nil {
		return page{}, fault.Wrap(err, fault.Usage, "this is not the name of a release").Hint("the list of releases leads to the page of each")
	}
	all, err := a.Releases(ctx)
	if err != nil {
		return page{}, err
	}
	all = slices.DeleteFunc(all, func(i app.ReleaseInfo) bool { return i.Release != sub })
	if len(all) == 0 {
		return page{}, fault.New(fault.NotFound, "this house knows no %s", sub).Hint("the list of releases leads to those that it knows")
	}
	slices.SortStableFunc(all, func(x, y app.ReleaseInfo) int { return standing(&x) - standing(&y) })
	out := oneRelease{ReleaseInfo: all[0], Also: len(all) - 1, Evidence: evidenceOf(sub)}
	use, err := a.survey.Use()
	if err != nil {
		return page{}, err
	}
	use = usesOf(use)[sub]
	out.fetched(use)
	out.Picture = (&drawing{product: out.Product, releases: all[:1], use: use, now: r.now, at: r.URL}).timeline()
	for _, f := range out.Artifacts {
		out.Files = append(out.Files, releaseFile{f, evidenceOf(model.ArtifactOf(f.SHA256)), formsOf(f.Forms)})
	}
	if w := out.Withdrawn; w != nil {
		out.Taken = evidenceOf(model.StatementOf(w.Statement))
	}
	if err := out.signatures(ctx, a); err != nil {
		return page{}, err
	}
	return page{Template: "release", Question: out.Product.Value() + " " + out.Version + ": what is it, and who fetched it?", Place: "releases", Content: out}, nil
}

// standing puts what stands before what does not.
func standing(i *app.ReleaseInfo) int {
	if i.State == "current" {
		return 0
	}
	return 1
}

// fetched counts what was seen by verdict.
func (o *oneRelease) fetched(use []app.ReleaseUse) {
	list := func(pairs ...string) string {
		q := url.Values{"release": {o.Release.String()}}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return link("/transfers", q)
	}
	o.TotalList = list()
	by := map[model.Verdict]*seenOf{}
	for _, u := range use {
		o.Total += u.Transfers
		s := by[u.Verdict]
		if s == nil {
			s = &seenOf{count: count{Word: string(u.Verdict), List: list("verdict", string(u.Verdict))}, First: u.Day}
			by[u.Verdict] = s
		}
		s.N += u.Transfers
		s.Last = u.Day
	}
	for _, v := range verdicts() {
		if s := by[model.Verdict(v)]; s != nil {
			o.Fetched = append(o.Fetched, *s)
		}
	}
}

// signatures adds who signed the statement, verified again, and what its role needs.
func (o *oneRelease) signatures(ctx context.Context, a *snapshot) error {
	said, err := a.Why(ctx, model.StatementOf(o.Statement))
	if err != nil || len(said) == 0 {
		return err
	}
	o.Signed = &said[0]
	roles, err := a.Signers(ctx)
	if err != nil {
		return err
	}
	for _, k := range o.Signed.Keys {
		o.Keys = append(o.Keys, keyLinks(app.KeyInfo{Key: k.Key, Algorithm: k.Algorithm, Family: k.Algorithm.Family()}))
	}
	for _, s := range roles {
		if s.Org == o.Signed.Author && s.Role == o.Signed.Role {
			o.Needs = needs(s)
		}
	}
	return nil
}

// formsOf says in which forms a file may cross the wire.
func formsOf(list []release.Form) []string {
	var out []string
	for _, f := range list {
		switch f.Form {
		case release.FormArchive:
			text := "an archive of " + many(len(f.Members), "file")
			if f.Truncated {
				text = "an archive of more files than are named"
			}
			out = append(out, text)
		case release.FormDelta:
			out = append(out, "a difference from "+f.From+", "+f.Name+", "+f.SHA256.String())
		case release.FormEncrypted:
			out = append(out, "encrypted for each device")
		default:
			out = append(out, f.Form)
		}
	}
	return out
}

// pageOf is where more is said of a release: its page, or, of one that this house only vouches for, its evidence.
func (s *snapshot) pageOf(sub model.Subject) string {
	if slices.ContainsFunc(s.survey.Releases(), func(i app.ReleaseInfo) bool { return i.Release == sub }) {
		return releasePage(sub)
	}
	return evidenceOf(sub)
}

package console

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// proofs is the page of what was said about a subject.
type proofs struct {
	Form    []*choice
	Subject model.Subject // zero: none was asked for
	Facts   []reason      // said by somebody who may say that with effect
	Claims  []reason      // all others, also what should be in a publication log and is not
	Pager   pager
	Command string
	Reach   string // what the subject could reach
}

// reason is a statement as the page shows it.
type reason struct {
	*app.Reason
	Proof string // the file that proves that our ledger holds it; empty: it holds none
	File  string // what that file is called
	All   string // what all keys that signed it could reach together; empty: there are not several
}

// newReason adds where a statement leads.
func newReason(r *app.Reason) reason {
	out := reason{Reason: r}
	if len(r.Indexes) > 0 {
		s := model.StatementOf(r.Statement)
		out.Proof, out.File = link("/evidence/proof", url.Values{"subject": {s.String()}}), proofName(s)
	}
	if n := len(r.Keys); n > 1 && n <= maxSources {
		var keys []model.Subject
		for _, k := range r.Keys {
			keys = append(keys, k.Key)
		}
		out.All = reachOf(keys...)
	}
	return out
}

// State is what a statement is here, in a word.
func (r reason) State() string {
	if r.Verifies == "erased" {
		return "erased"
	}
	return r.Effect
}

// Checked says in a word whether it verifies.
func (r reason) Checked() string {
	switch r.Verifies {
	case "yes":
		return "verifies"
	case "no":
		return "does not verify"
	}
	return r.Verifies
}

func evidence(ctx context.Context, a *snapshot, r *request) (page, error) {
	about := choice{Name: "subject", Label: "Subject", Any: "such as release:acme/pump-7/2.1.0 or artifact:sha256: and 64 digits", Free: true}
	out := proofs{Form: []*choice{&about}}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	p := page{Template: "evidence", Question: "Who said what about it, and does it verify?", Place: "evidence"}
	if about.Value == "" {
		p.Content = out
		return p, nil
	}
	sub, err := model.ParseSubject(about.Value)
	if err != nil {
		return page{}, fault.Wrap(err, fault.Usage, "this is not a subject").
			Hint("subjects are written kind:value, such as key:sha256:..., release:acme/pump-7/2.1.0 or device:acme/pump-7/SN-1")
	}
	all, err := a.Why(ctx, sub)
	if err != nil {
		return page{}, err
	}
	slices.SortStableFunc(all, func(x, y app.Reason) int { return rank(&x) - rank(&y) })
	some, pager, err := paged(r.URL, all)
	if err != nil {
		return page{}, err
	}
	for i := range some {
		if rank(&some[i]) == 0 {
			out.Facts = append(out.Facts, newReason(&some[i]))
		} else {
			out.Claims = append(out.Claims, newReason(&some[i]))
		}
	}
	out.Subject, out.Pager, out.Command = sub, pager, "cordon why "+sub.String()
	out.Reach = reachOf(sub)
	p.Content = out
	return p, nil
}

// rank puts facts first.
func rank(r *app.Reason) int {
	if r.Effect == "fact" {
		return 0
	}
	return 1
}

// evidenceOf is the address of the evidence about a subject.
func evidenceOf(s model.Subject) string {
	return link("/evidence", url.Values{"subject": {s.String()}})
}

// Because says why, without the word that [reason.Checked] gives.
func (r reason) Because() string { return strings.TrimPrefix(r.Check, r.Checked()+": ") }

package console

import (
	"context"
	"mime"
	"net/http"
	"strconv"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// file is what a browser saves and does not show.
type file struct {
	Name, Kind string
	Body       []byte
}

// file returns the handler of a file. What goes wrong is a page.
func (c *Console) file(build func(context.Context, *snapshot, *request) (file, error)) http.Handler {
	return c.page(func(ctx context.Context, a *snapshot, r *request) (page, error) {
		f, err := build(ctx, a, r)
		return page{raw: &f}, err
	})
}

// send sends a file whole.
func (f *file) send(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", f.Kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	_, _ = w.Write(f.Body) // whoever asked may be gone
}

// proof is the file that proves that our ledger holds the statements about a subject: the same bytes as
// `cordon log proof --json` prints.
func proof(ctx context.Context, a *snapshot, r *request) (file, error) {
	about := choice{Name: "subject", Free: true}
	if err := choose(r.URL.Query(), &about); err != nil {
		return file{}, err
	}
	sub, err := model.ParseSubject(about.Value)
	if err != nil {
		return file{}, fault.Wrap(err, fault.Usage, "this is not a subject").Hint("the page of evidence leads to the proof of each statement")
	}
	list, err := a.Proofs(ctx, sub)
	if err != nil {
		return file{}, err
	}
	body, err := app.ProofFile(list)
	return file{proofName(sub), "application/jsonl", body}, err
}

// proofName is what the file of a proof is called: by the digest for a statement, which is safe as the name of a file.
func proofName(s model.Subject) string {
	if d := s.Digest(); !d.IsZero() {
		return "proof-" + d.Hex() + ".jsonl"
	}
	return "proof.jsonl"
}

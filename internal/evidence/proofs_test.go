package evidence_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func namedProof(t testing.TB, l testLog, erased bool) evidence.NamedProof {
	t.Helper()
	p, pae := proofFixture(t, l, 11, 6)
	if erased {
		p.Salt, pae = nil, model.Digest{}
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return evidence.NamedProof{Type: "proof", Statement: pae, Log: l.id.Origin, Index: 6, Size: 11, Proof: b}
}

func TestProofFile(t *testing.T) {
	t.Parallel()
	l, stranger := newTestLog(t, testOrigin), newTestLog(t, testOrigin)
	want := []evidence.NamedProof{namedProof(t, l, false), namedProof(t, l, true)}
	file, err := evidence.EncodeProofs(want)
	if err != nil || bytes.Count(file, []byte("\n")) != 2 {
		t.Fatalf("%q, %v", file, err)
	}
	got, err := evidence.ParseProofs(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i := range got {
		if e, cp, err := got[i].Check(l.id); err != nil || e.Seq != 6 || cp.Size != 11 {
			t.Errorf("proof %d: entry %d of %d, %v", i, e.Seq, cp.Size, err)
		}
	}
	named, unnamed := got[1], got[0]
	named.Statement, unnamed.Statement = got[0].Statement, model.Digest{}
	for _, p := range []evidence.NamedProof{named, unnamed} {
		if _, _, err := p.Check(l.id); !errors.Is(err, fault.NotLogged) {
			t.Errorf("a statement that the proof does not show: %v", err)
		}
	}
	if _, _, err := got[0].Check(stranger.id); !errors.Is(err, fault.BadCheckpoint) {
		t.Errorf("under another log's keys: %v", err)
	}
	for name, change := range map[string]func(*evidence.NamedProof){
		"another index": func(p *evidence.NamedProof) { p.Index = 5 },
		"another size":  func(p *evidence.NamedProof) { p.Size = 12 },
		"no proof":      func(p *evidence.NamedProof) { p.Proof = nil },
	} {
		p := want[0]
		change(&p)
		if _, _, err := p.Check(l.id); !errors.Is(err, fault.BadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := want[0]
	other.Statement = digest("other")
	if _, _, err := other.Check(l.id); !errors.Is(err, fault.NotLogged) {
		t.Errorf("for another statement: %v", err)
	}
	for name, file := range map[string]string{
		"nothing": "", "another type": `{"type":"reached"}`, "twice the same name": `{"type":"proof","index":1,"index":2}`, "no JSON": "proof\n",
		"too many": strings.Repeat(`{"type":"proof"}`+"\n", 10_001), "too long": strings.Repeat(" ", evidence.MaxProofFile+1),
	} {
		if got, err := evidence.ParseProofs([]byte(file)); !errors.Is(err, fault.BadInput) || got != nil {
			t.Errorf("%s: %d proofs, %v", name, len(got), err)
		}
	}
}

func FuzzParseProofs(f *testing.F) {
	l := newTestLog(f, testOrigin)
	file, err := evidence.EncodeProofs([]evidence.NamedProof{namedProof(f, l, false), namedProof(f, l, true)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"type":"proof","statement":"sha256:","log":"\u001b","proof":[[[[]]]]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := evidence.ParseProofs(b)
		if err != nil {
			if !errors.Is(err, fault.BadInput) {
				t.Fatalf("the error %v has no code", err)
			}
			return
		}
		for i := range list {
			e, _, err := list[i].Check(l.id)
			if err == nil && (e.Seq != 6 || !bytes.Contains(list[i].Proof, []byte("cordon"))) {
				t.Fatalf("a proof was made up: %+v", list[i])
			}
			if p := list[i].Proof; len(p) > 0 && !p.IsValid() {
				t.Fatalf("a proof is no JSON: %q", p)
			}
		}
	})
}

package evidence_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func FuzzParseEnvelope(f *testing.F) {
	a := cast(f, "acme", evidence.Maker, evidence.RoleRoot)
	line, err := a.env.Line()
	if err != nil {
		f.Fatal(err)
	}
	roots := evidence.NewRoots("ward", a.trusted())
	f.Add(line)
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"","sig":"AAAA"},null]}`))
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e3\n0=","signatures":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		env, err := evidence.ParseEnvelope(b)
		if err != nil {
			return
		}
		again, err := env.Line()
		if err != nil {
			t.Fatal(err)
		}
		back, err := evidence.ParseEnvelope(again)
		if err != nil || back.Digest() != env.Digest() || len(back.Signatures) != len(env.Signatures) {
			t.Fatalf("written and read back it is another envelope: %v", err)
		}
		if merged, err := env.Merge(back); err != nil || len(merged.Signatures) > len(env.Signatures) {
			t.Fatalf("merged with itself: %v", err)
		}
		if v, err := roots.Verify(env); err == nil && v.Digest != a.env.Digest() {
			t.Fatal("a statement that nobody signed verifies")
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	file := model.ArtifactOf(model.DigestOf([]byte("a")))
	f.Add(payload(f, evidence.PredHead, evidence.Header{Author: "acme", Issued: issued}, subject(f, "org:acme"), file))
	f.Add([]byte(statementText(evidence.StatementType, "https://slsa.dev/provenance/v1", "["+subjectText("pump.bin", "sha256", file.Digest().Hex())+"]", "{}")))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := evidence.ParseStatement(b)
		if err != nil {
			return
		}
		for _, s := range st.Subjects {
			if again, err := model.ParseSubject(s.String()); err != nil || again != s {
				t.Fatalf("subject %q: %v", s, err)
			}
		}
		name := evidence.PredicateName(st.PredicateType)
		if own := name != st.PredicateType; own {
			if len(st.Subjects) == 0 || evidence.PredicateURI(name) != st.PredicateType {
				t.Fatalf("%q with %d subjects", st.PredicateType, len(st.Subjects))
			}
			again := payload(t, name, st.Predicate, st.Subjects...)
			if back, err := evidence.ParseStatement(again); err != nil || len(back.Subjects) != len(st.Subjects) {
				t.Fatalf("written again: %v", err)
			}
		}
		var h evidence.Header
		_ = st.Decode(&h)
	})
}

func FuzzDecodeRoot(f *testing.F) {
	a := cast(f, "acme", evidence.Maker, makerRoles...)
	a.root.Logs = []evidence.Log{{Purpose: evidence.LogHouse, LogIdentity: newTestLog(f, "acme/house").id}}
	a.seal(f)
	st, err := evidence.ParseStatement(a.env.Payload)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(st.Predicate))
	f.Add([]byte(`{"author":"acme","kind":"maker","version":1,"keys":[],"roles":[{"name":"root","thresholds":{"classical":-1}}]}`))
	org := subject(f, "org:acme")
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := evidence.DecodeRoot(evidence.Statement{
			PredicateType: evidence.PredicateURI(evidence.PredTrustRoot), Subjects: []model.Subject{org}, Predicate: b,
		})
		if err != nil {
			return
		}
		for _, role := range r.Roles {
			tally := r.Policy(role.Name, evidence.Envelope{PayloadType: evidence.PayloadType, Payload: b})
			if tally.Met() {
				t.Fatalf("role %q needs nothing", role.Name)
			}
			for _, id := range role.Keys {
				if r.RoleOf(id) != role.Name || r.Holder(id) == "" {
					t.Fatalf("key %q has role %q and holder %q", id, r.RoleOf(id), r.Holder(id))
				}
			}
		}
		if _, err := decodeRoot(rootPayload(t, r)); err != nil {
			t.Fatalf("a root that was read cannot be written: %v", err)
		}
		_ = a.root.Succeeds(r, a.env)
	})
}

func FuzzDecodeCompromise(f *testing.F) {
	key := newPen(f, evidence.Ed25519).key.ID
	for _, since := range []string{"unknown", "2026-11-10T00:00:00Z", "0000-01-01T00:00:00+23:59", "x"} {
		f.Add([]byte(`{"author":"acme","issued":"2026-11-20T12:00:00Z","key":"` + key.String() + `","since":"` + since + `"}`))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st := evidence.Statement{PredicateType: evidence.PredicateURI(evidence.PredCompromise), Subjects: []model.Subject{key}, Predicate: b}
		c, err := evidence.DecodeCompromise(st)
		if err != nil {
			return
		}
		var held evidence.Compromises
		if err := held.Add(evidence.Verified{Statement: st, Effect: evidence.Fact}); err != nil {
			t.Fatalf("read, and not taken: %v", err)
		}
		if at, known, err := c.SinceTime(); err != nil || c.Key != key || !held.Suspect(key, at) || known && held.Suspect(key, at.Add(-1)) != at.IsZero() {
			t.Fatalf("since %q: %s, %v, %v", c.Since, at, known, err)
		}
		if !held.Suspect(key, time.Time{}) || held.SuspectFor("somebody else", key, time.Time{}) != (c.Author == "somebody else") {
			t.Fatalf("by %q it reaches another's statements", c.Author)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, alg := range []evidence.Algorithm{evidence.Ed25519, evidence.ECDSAP256, evidence.ECDSAP384, evidence.MLDSA65, evidence.MLDSA87} {
		f.Add(newPen(f, alg).key.SPKI)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		k, err := evidence.ParseKey(der)
		if err != nil {
			return
		}
		if !bytes.Equal(k.SPKI, der) || k.ID != model.KeyOf(model.DigestOf(der)) || k.Algorithm.Family() == "" {
			t.Fatalf("key %s of %s", k.ID, k.Algorithm)
		}
		for _, n := range []int{0, 64, 70, 3309, 4627} {
			if k.Verify(der, make([]byte, n)) {
				t.Fatalf("%d zeros are a signature by %s", n, k.ID)
			}
		}
	})
}

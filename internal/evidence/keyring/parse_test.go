package keyring

import (
	"crypto/rand"
	"encoding/json/v2"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
)

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(`{"type":"cordon-keys/v1","role":"release","keys":[{"algorithm":"ml-dsa-65","seed":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`))
	f.Add([]byte(`{"type":"cordon-keys/v1","role":"release","log":{"origin":"x","private":["PRIVATE+KEY+x+00000000+AA==","PRIVATE+KEY+x+00000000+Bg=="]}}`))
	for _, role := range []string{"release", "recall"} { // a real one, and one of another role
		r := New("", nil, rand.Reader, true, nil)
		keys, _, err := r.newKeys(role, []evidence.Algorithm{evidence.Ed25519, evidence.MLDSA87})
		if err != nil {
			f.Fatal(err)
		}
		logs, _, err := r.newLog(role, "acme/publication")
		if err != nil {
			f.Fatal(err)
		}
		both := keys
		both.Log = logs.Log
		if raw, err := json.Marshal(both); err != nil {
			f.Fatal(err)
		} else if _, err := parseFile(raw, role); err == nil {
			f.Fatal("one file signs statements and checkpoints")
		}
		for _, made := range []file{keys, logs} {
			raw, err := json.Marshal(made)
			if err != nil {
				f.Fatal(err)
			}
			if _, err := parseFile(raw, "release"); (err == nil) != (role == "release") {
				f.Fatalf("role %q: %v", role, err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseFile(raw, "release")
		if err != nil {
			return
		}
		if got.Role != "release" {
			t.Fatalf("role %q", got.Role)
		}
		if got.Log == nil {
			if s, err := got.signers(); err != nil || len(s) != len(got.Keys) {
				t.Fatalf("%d signers of %d keys: %v", len(s), len(got.Keys), err)
			}
		} else if _, err := got.noteSigners(); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseFile(again, "release"); err != nil {
			t.Fatalf("written again: %v", err)
		}
	})
}

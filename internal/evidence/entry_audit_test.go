package evidence_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	signed := func(sigs ...string) evidence.Envelope {
		env := evidence.Envelope{PayloadType: evidence.PayloadType, Payload: []byte(`{"a":1}`)}
		for _, s := range sigs {
			env.Signatures = append(env.Signatures, evidence.Signature{Sig: base64.StdEncoding.EncodeToString([]byte(s))})
		}
		return env
	}
	salt := make([]byte, evidence.SaltSize)
	statement := signed().Digest()
	entry := func(sigs ...string) evidence.Entry {
		e := evidence.Entry{
			Seq: 3, Author: "acme", PayloadType: evidence.PayloadType, Commitment: evidence.Commit([32]byte{}, statement),
		}
		for _, s := range sigs {
			e.Signatures = append(e.Signatures, evidence.SignatureRef{Key: model.KeyOf(digest(s)), Digest: digest(s)})
		}
		return e
	}
	other := signed("one")
	other.Payload = []byte(`{"a":2}`)
	junk := signed("one")
	junk.Signatures = append(junk.Signatures, evidence.Signature{Sig: "!"})
	for name, c := range map[string]struct {
		entry     evidence.Entry
		envelope  evidence.Envelope
		salt      []byte
		statement model.Digest
		err       string // "" none
	}{
		"as logged":                {entry("one", "two"), signed("one", "two"), salt, statement, ""},
		"countersigned since":      {entry("one"), signed("zero", "one"), salt, statement, ""},
		"junk beside":              {entry("one"), junk, salt, statement, ""},
		"a signature stripped":     {entry("one", "two"), signed("one"), salt, statement, "not in the envelope"},
		"a signature exchanged":    {entry("one"), signed("other"), salt, statement, "not in the envelope"},
		"another salt":             {entry("one"), signed("one"), append([]byte{1}, salt[1:]...), statement, "does not commit"},
		"short salt":               {entry("one"), signed("one"), salt[:31], statement, "31 bytes"},
		"another statement":        {entry("one"), signed("one"), salt, digest("x"), "does not commit"},
		"another payload":          {entry("one"), other, salt, statement, "holds statement"},
		"an entry of another type": {func() evidence.Entry { e := entry("one"); e.PayloadType = "x"; return e }(), signed("one"), salt, statement, "type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, err := c.envelope.Line()
			if err != nil {
				t.Fatal(err)
			}
			err = c.entry.Audit(line, c.salt, c.statement)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
	if err := entry().Audit([]byte("{"), salt, statement); err == nil {
		t.Error("an envelope that cannot be read passed")
	}
}

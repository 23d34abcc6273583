package evidence_test

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestPredicateNames(t *testing.T) {
	t.Parallel()
	const prefix = "https://github.com/cordon-trust/cordon/predicate/"
	for _, name := range evidence.Predicates() {
		uri := evidence.PredicateURI(name)
		if uri != prefix+name+"/v1" || evidence.PredicateName(uri) != name {
			t.Errorf("%q has the type %q, which is %q", name, uri, evidence.PredicateName(uri))
		}
	}
	for _, uri := range []string{
		"https://slsa.dev/provenance/v1", "release-set", "", prefix + "release-set/v2", prefix + "release-set",
		prefix + "v1", prefix + "/v1", prefix + "x/release-set/v1", "HTTPS" + prefix[5:] + "release-set/v1",
	} {
		if got := evidence.PredicateName(uri); got != uri {
			t.Errorf("%q counts as Cordon's %q", uri, got)
		}
	}
}

func TestNewPayload(t *testing.T) {
	t.Parallel()
	file := model.ArtifactOf(model.DigestOf([]byte("firmware")))
	org := subject(t, "org:acme")
	b := payload(t, evidence.PredHead, evidence.Header{Author: "acme", Issued: issued}, org, file)
	want := `{"_type":"https://in-toto.io/Statement/v1","subject":[` +
		`{"name":"org:acme","digest":{"cordonSubject":"` + model.DigestOf([]byte("org:acme")).Hex() + `"}},` +
		`{"name":"` + file.String() + `","digest":{"sha256":"` + file.Digest().Hex() + `"}}],` +
		`"predicateType":"https://github.com/cordon-trust/cordon/predicate/head/v1",` +
		`"predicate":{"author":"acme","issued":"2026-11-20T12:00:00Z"}}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("signed bytes changed (-want +got):\n%s", diff)
	}
	st, err := evidence.ParseStatement(b)
	if err != nil {
		t.Fatal(err)
	}
	if st.Subjects[0] != org || st.Subjects[1] != file || len(st.Subjects) != 2 {
		t.Errorf("subjects %v", st.Subjects)
	}
	if _, err := evidence.NewPayload(evidence.PredHead, evidence.Header{}); err == nil {
		t.Error("a statement about nothing was made")
	}
	if _, err := evidence.NewPayload(evidence.PredHead, evidence.Header{}, make([]model.Subject, 8193)...); err == nil {
		t.Error("a statement about 8193 subjects was made")
	}
}

// statementText builds a statement by hand.
func statementText(typ, predicateType, subjects, predicate string) string {
	return fmt.Sprintf(`{"_type":%q,"subject":%s,"predicateType":%q,"predicate":%s}`, typ, subjects, predicateType, predicate)
}

func subjectText(name, alg, digest string) string {
	return fmt.Sprintf(`{"name":%q,"digest":{%q:%q}}`, name, alg, digest)
}

func TestParseStatementRefuses(t *testing.T) {
	t.Parallel()
	own := evidence.PredicateURI(evidence.PredHead)
	hex := func(s string) string { return model.DigestOf([]byte(s)).Hex() }
	org := subjectText("org:acme", "cordonSubject", hex("org:acme"))
	ok := statementText(evidence.StatementType, own, "["+org+"]", `{"author":"acme"}`)
	if _, err := evidence.ParseStatement([]byte(ok)); err != nil {
		t.Fatal(err)
	}
	body := func(predicate string) string {
		return statementText(evidence.StatementType, own, "["+org+"]", predicate)
	}
	about := func(subjects string) string {
		return statementText(evidence.StatementType, own, subjects, "{}")
	}
	file := model.ArtifactOf(model.DigestOf([]byte("a")))
	for name, text := range map[string]string{
		"empty":                          "",
		"null":                           "null",
		"Statement v0.1":                 statementText("https://in-toto.io/Statement/v0.1", own, "["+org+"]", "{}"),
		"no subject":                     about("[]"),
		"subject null":                   about("null"),
		"8193 subjects":                  about("[" + strings.Repeat(org+",", 8192) + org + "]"),
		"predicate missing":              `{"_type":"` + evidence.StatementType + `","subject":[` + org + `],"predicateType":"` + own + `"}`,
		"predicate null":                 body("null"),
		"predicate an array":             body("[]"),
		"predicate type bare":            statementText(evidence.StatementType, "head", "["+org+"]", "{}"),
		"predicate type empty":           statementText(evidence.StatementType, "", "["+org+"]", "{}"),
		"trailing value":                 ok + " {}",
		"duplicate at the top":           `{"predicate":{},` + ok[1:],
		"duplicate in the subject":       about(`[{"name":"org:acme",` + org[1:] + `]`),
		"duplicate in the digests":       about(`[{"name":"org:acme","digest":{"cordonSubject":"x","cordonSubject":"` + hex("org:acme") + `"}}]`),
		"duplicate in the predicate":     body(`{"author":"acme","author":"rival"}`),
		"duplicate deep in it":           body(`{"a":[{"b":{"c":1,"c":2}}]}`),
		"duplicate, escaped":             body(`{"author":"acme","\u0061uthor":"rival"}`),
		"deep predicate":                 body(strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)),
		"invalid UTF-8 in the predicate": body("{\"author\":\"\xc3\x28\"}"),
		"lone surrogate":                 body(`{"author":"\udfff"}`),
		"NaN":                            body(`{"n":NaN}`),
		"infinite":                       body(`{"n":-Infinity}`),
		"leading zero":                   body(`{"n":01}`),
		"hexadecimal":                    body(`{"n":0x1}`),
		"comment":                        body(`{"n":1/**/}`),
		"own subject without a kind":     about(`[` + subjectText("acme", "cordonSubject", hex("acme")) + `]`),
		"own subject, another spelling":  about(`[` + subjectText("org:ACME", "cordonSubject", hex("org:ACME")) + `]`),
		"digest of another name":         about(`[` + subjectText("org:acme", "cordonSubject", hex("org:rival")) + `]`),
		"no digest":                      about(`[{"name":"org:acme","digest":{}}]`),
		"name under sha256":              about(`[` + subjectText("org:acme", "sha256", hex("org:acme")) + `]`),
		"a file's digest beside it":      about(`[{"name":"org:acme","digest":{"cordonSubject":"` + hex("org:acme") + `","sha256":"` + hex("a") + `"}}]`),
		"artifact of other bytes":        about(`[` + subjectText(file.String(), "sha256", hex("b")) + `]`),
		"artifact in upper case":         about(`[` + subjectText(file.String(), "sha256", strings.ToUpper(hex("a"))) + `]`),
		"artifact marked as a name":      about(`[` + subjectText(file.String(), "cordonSubject", hex(file.String())) + `]`),
		"too large":                      body(`{"a":"` + strings.Repeat("a", evidence.MaxPayload) + `"}`),
		"a huge number":                  body(`{"n":` + strings.Repeat("9", evidence.MaxPayload) + `}`),
	} {
		_, err := evidence.ParseStatement([]byte(text))
		if !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(err.Error()) > 2000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// Numbers that no field can hold are an error where they are read, never another number.
func TestDecodeNumbers(t *testing.T) {
	t.Parallel()
	for _, n := range []string{"1e400", "9223372036854775808", "1.5", "-0.1", `"1"`, strings.Repeat("9", 100_000)} {
		st := evidence.Statement{PredicateType: "x:y", Predicate: []byte(`{"n":` + n + `}`)}
		var v struct {
			N int64 `json:"n"`
		}
		if err := st.Decode(&v); !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%.20s is read as %d, error %v", n, v.N, err)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%.20s: an error of %d bytes", n, len(err.Error()))
		}
	}
}

func TestForeignSubjects(t *testing.T) {
	t.Parallel()
	const slsa = "https://slsa.dev/provenance/v1"
	d := model.DigestOf([]byte("a"))
	file := model.ArtifactOf(d)
	named := subject(t, "product:acme/pump")
	parse := func(subjects string) ([]model.Subject, error) {
		st, err := evidence.ParseStatement([]byte(statementText(evidence.StatementType, slsa, subjects, "{}")))
		return st.Subjects, err
	}
	for name, tc := range map[string]struct {
		text string
		want []model.Subject
	}{
		"a file":                        {subjectText("pump.bin", "sha256", d.Hex()), []model.Subject{file}},
		"without a name":                {`{"digest":{"sha256":"` + d.Hex() + `"}}`, []model.Subject{file}},
		"a name that looks like ours":   {subjectText("model:resnet", "sha256", d.Hex()), []model.Subject{file}},
		"a git commit":                  {subjectText("repo", "gitCommit", "abc"), nil},
		"a product, not marked":         {subjectText(named.String(), "sha512", "abc"), nil},
		"a product, marked":             {subjectText(named.String(), "cordonSubject", model.DigestOf([]byte(named.String())).Hex()), []model.Subject{named}},
		"an artifact, named as we do":   {subjectText(file.String(), "sha256", d.Hex()), []model.Subject{file}},
		"a digest that is no SHA-256":   {subjectText("pump.bin", "sha256", "abc"), nil},
		"a digest in upper-case digits": {subjectText("pump.bin", "sha256", strings.ToUpper(d.Hex())), nil},
	} {
		got, err := parse("[" + tc.text + "]")
		if err != nil || !cmp.Equal(tc.want, got, cmp.Comparer(func(a, b model.Subject) bool { return a == b })) {
			t.Errorf("%s: %v, error %v, want %v", name, got, err, tc.want)
		}
	}
	for name, text := range map[string]string{
		"a product with another's mark": subjectText(named.String(), "cordonSubject", d.Hex()),
		"an artifact of other bytes":    subjectText(file.String(), "sha256", model.DigestOf(nil).Hex()),
		"no digest":                     `{"name":"pump.bin","digest":{}}`,
		"null for the digest":           `{"name":"pump.bin","digest":null}`,
	} {
		if got, err := parse("[" + text + "]"); err == nil {
			t.Errorf("%s: taken as %v", name, got)
		}
	}
}

// A statement whose bytes are read twice says the same both times: the predicate is kept as signed.
func TestPredicateIsKeptAsSigned(t *testing.T) {
	t.Parallel()
	const predicate = `{ "author" : "acme", "later": [1.0, 1e2] }`
	b := []byte(statementText(evidence.StatementType, "x:y", `[{"digest":{"sha512":"x"}}]`, predicate))
	st, err := evidence.ParseStatement(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b) // the statement must not share the caller's bytes
	if diff := cmp.Diff(predicate, string(st.Predicate)); diff != "" {
		t.Errorf("(-signed +kept):\n%s", diff)
	}
	var h evidence.Header
	if err := st.Decode(&h); err != nil || h.Author != "acme" {
		t.Errorf("author %q, error %v", h.Author, err)
	}
	if out, err := json.Marshal(h); err != nil || len(out) == 0 {
		t.Error(err)
	}
}

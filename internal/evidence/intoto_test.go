package evidence_test

import (
	"encoding/json/v2"
	"testing"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// The in-toto project's own reader takes what Cordon writes, and sees the same.
func TestInTotoReadsOurs(t *testing.T) {
	t.Parallel()
	file := model.ArtifactOf(model.DigestOf([]byte("firmware")))
	subjects := []model.Subject{subject(t, "release:acme/pump/2.1.0"), subject(t, "product:acme/pump"), file}
	b := payload(t, evidence.PredReleaseSet, evidence.Header{Author: "acme", Issued: issued}, subjects...)
	var theirs intoto.Statement
	if err := protojson.Unmarshal(b, &theirs); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Validate(); err != nil {
		t.Fatal(err)
	}
	ours, err := evidence.ParseStatement(b)
	if err != nil {
		t.Fatal(err)
	}
	if theirs.GetPredicateType() != ours.PredicateType || len(theirs.GetSubject()) != len(ours.Subjects) {
		t.Errorf("they read %d subjects of %q", len(theirs.GetSubject()), theirs.GetPredicateType())
	}
	for i, s := range theirs.GetSubject() {
		if s.GetName() != ours.Subjects[i].String() {
			t.Errorf("subject %d is %q for them, %q for us", i, s.GetName(), ours.Subjects[i])
		}
	}
	if got := theirs.GetPredicate().AsMap()["author"]; got != "acme" {
		t.Errorf("their author is %v", got)
	}
}

// Cordon takes what the in-toto project writes.
func TestWeReadInToto(t *testing.T) {
	t.Parallel()
	d := model.DigestOf([]byte("firmware"))
	predicate, err := structpb.NewStruct(map[string]any{"buildDefinition": map[string]any{"buildType": "x:y"}})
	if err != nil {
		t.Fatal(err)
	}
	theirs := &intoto.Statement{
		Type: intoto.StatementTypeUri, PredicateType: "https://slsa.dev/provenance/v1", Predicate: predicate,
		Subject: []*intoto.ResourceDescriptor{
			{Name: "pump.bin", Digest: map[string]string{"sha256": d.Hex()}},
			{Name: "source", Uri: "git+https://example.org/pump", Digest: map[string]string{"gitCommit": "0123456789012345678901234567890123456789"}},
		},
	}
	if err := theirs.Validate(); err != nil {
		t.Fatal(err)
	}
	b, err := protojson.Marshal(theirs)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := evidence.ParseStatement(b)
	if err != nil {
		t.Fatal(err)
	}
	if evidence.StatementType != intoto.StatementTypeUri || ours.PredicateType != theirs.GetPredicateType() {
		t.Errorf("type %q, predicate type %q", evidence.StatementType, ours.PredicateType)
	}
	if len(ours.Subjects) != 1 || ours.Subjects[0] != model.ArtifactOf(d) {
		t.Errorf("subjects %v", ours.Subjects)
	}
	var v map[string]any
	if err := json.Unmarshal(ours.Predicate, &v); err != nil || len(v) != 1 {
		t.Errorf("predicate %s, error %v", ours.Predicate, err)
	}
}

// What their reader finds wrong is refused here too.
func TestInTotoRefusals(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another type":     statementText("https://in-toto.io/Statement/v2", "x:y", `[{"name":"a","digest":{"sha256":"`+model.DigestOf(nil).Hex()+`"}}]`, "{}"),
		"no subject":       statementText(evidence.StatementType, "x:y", "[]", "{}"),
		"no digest":        statementText(evidence.StatementType, "x:y", `[{"name":"a","digest":{}}]`, "{}"),
		"no predicatetype": statementText(evidence.StatementType, "", `[{"name":"a","digest":{"sha256":"`+model.DigestOf(nil).Hex()+`"}}]`, "{}"),
		"no predicate":     `{"_type":"` + evidence.StatementType + `","predicateType":"x:y","subject":[{"name":"a","digest":{"sha256":"` + model.DigestOf(nil).Hex() + `"}}]}`,
		"duplicate key":    `{"_type":"x",` + statementText(evidence.StatementType, "x:y", `[{"name":"a"}]`, "{}")[1:],
	} {
		var theirs intoto.Statement
		err := protojson.Unmarshal([]byte(text), &theirs)
		if err == nil {
			err = theirs.Validate()
		}
		if err == nil {
			t.Errorf("%s: the oracle takes it", name)
		}
		if _, err := evidence.ParseStatement([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

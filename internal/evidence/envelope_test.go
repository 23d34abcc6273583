package evidence_test

import (
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// shared returns the bytes of a file of the shared test data.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("CORDON_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("the shared test data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The one vector of DSSE's protocol.md.
func TestDSSEVector(t *testing.T) {
	t.Parallel()
	var v struct {
		PayloadType string `json:"payloadType"`
		Body        string `json:"body"`
		PAE         string `json:"PAE"`
		Envelope    struct {
			Payload []byte `json:"payload"`
		} `json:"envelope"`
	}
	if err := json.Unmarshal(shared(t, "data/vectors/dsse/protocol-example.json"), &v); err != nil {
		t.Fatal(err)
	}
	if v.PAE == "" || string(v.Envelope.Payload) != v.Body {
		t.Fatalf("the vector cannot be read: %+v", v)
	}
	env := evidence.Envelope{PayloadType: v.PayloadType, Payload: v.Envelope.Payload}
	if diff := cmp.Diff(v.PAE, string(env.PAE())); diff != "" {
		t.Errorf("(-vector +ours):\n%s", diff)
	}
}

func TestEnvelopeRoundTrip(t *testing.T) {
	t.Parallel()
	env := cast(t, "acme", evidence.Maker, makerRoles...).env
	line, err := env.Line()
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(line), "\r\n") {
		t.Error("the envelope is more than one line")
	}
	again, err := evidence.ParseEnvelope(line)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(env, again); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestParseEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	env := func(typ, payload, sigs string) string {
		return fmt.Sprintf(`{"payloadType":%q,"payload":"%s","signatures":%s}`, typ, payload, sigs)
	}
	good := b64([]byte(`{"a":"??>"}`)) // its base64 differs between the alphabets
	if !strings.ContainsAny(good, "+/") {
		t.Fatalf("%q does not tell the alphabets apart", good)
	}
	if _, err := evidence.ParseEnvelope([]byte(env(evidence.PayloadType, good, "[]"))); err != nil {
		t.Fatalf("no signatures at all is the policy's affair: %v", err)
	}
	sig := `{"keyid":"a","sig":"AAAA"}`
	for name, text := range map[string]string{
		"empty":                  "",
		"not JSON":               "hello",
		"an array":               "[]",
		"null":                   "null",
		"trailing value":         env(evidence.PayloadType, good, "[]") + "{}",
		"trailing bracket":       env(evidence.PayloadType, good, "[]") + "}",
		"other payload type":     env("application/json", good, "[]"),
		"no payload type":        env("", good, "[]"),
		"empty payload":          env(evidence.PayloadType, "", "[]"),
		"base64url":              env(evidence.PayloadType, strings.NewReplacer("+", "-", "/", "_").Replace(good), "[]"),
		"base64 with a newline":  env(evidence.PayloadType, good[:4]+`\n`+good[4:], "[]"),
		"base64 with a return":   env(evidence.PayloadType, good+`\r`, "[]"),
		"base64 without padding": env(evidence.PayloadType, b64([]byte("aa"))[:3], "[]"),
		"base64, loose bits":     env(evidence.PayloadType, "YWF=", "[]"),
		"payload is a number":    `{"payloadType":"` + evidence.PayloadType + `","payload":1,"signatures":[]}`,
		"duplicate payload":      `{"payload":"YQ==",` + env(evidence.PayloadType, good, "[]")[1:],
		"duplicate signatures":   `{"signatures":[],` + env(evidence.PayloadType, good, "[]")[1:],
		"duplicate keyid":        env(evidence.PayloadType, good, `[{"keyid":"a","keyid":"b","sig":"AAAA"}]`),
		"duplicate, escaped":     `{"pa\u0079load":"YQ==",` + env(evidence.PayloadType, good, "[]")[1:],
		"duplicate in unknown":   `{"x":{"y":1,"y":2},` + env(evidence.PayloadType, good, "[]")[1:],
		"invalid UTF-8":          env(evidence.PayloadType, good, `[{"keyid":"`+"\xff"+`","sig":"AAAA"}]`),
		"lone surrogate":         env(evidence.PayloadType, good, `[{"keyid":"\ud800","sig":"AAAA"}]`),
		"byte order mark":        "\ufeff" + env(evidence.PayloadType, good, "[]"),
		"NaN":                    `{"x":NaN,` + env(evidence.PayloadType, good, "[]")[1:],
		"deep":                   `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,` + env(evidence.PayloadType, good, "[]")[1:],
		"very deep":              strings.Repeat("[", 1<<20),
		"deep objects":           strings.Repeat(`{"a":`, 5000),
		"33 signatures":          env(evidence.PayloadType, good, "["+strings.Repeat(sig+",", 32)+sig+"]"),
		"too large":              env(evidence.PayloadType, good, "[]") + strings.Repeat(" ", evidence.MaxEnvelope),
		"payload too large":      env(evidence.PayloadType, b64(make([]byte, evidence.MaxPayload+1)), "[]"),
	} {
		_, err := evidence.ParseEnvelope([]byte(text))
		if !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	if _, err := evidence.ParseEnvelope([]byte(env(evidence.PayloadType, good, "["+strings.Repeat(sig+",", 31)+sig+"]"))); err != nil {
		t.Errorf("32 signatures: %v", err)
	}
	if _, err := evidence.ParseEnvelope([]byte(env(strings.Repeat("x", 1<<20), good, "[]"))); err == nil || len(err.Error()) > 1000 {
		t.Error("a payload type of a megabyte is printed whole")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	a, b, c := newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65), newPen(t, evidence.Ed25519)
	body := payload(t, "import", evidence.Header{Author: "ward", Issued: issued}, subject(t, "org:ward"))
	first, second := sign(t, body, a, b), sign(t, body, c)
	again := first
	again.Signatures = []evidence.Signature{
		{KeyID: "another", Sig: first.Signatures[0].Sig},
		{Sig: "junk!"},
		{Sig: ""},
		second.Signatures[0],
	}
	got, err := first.Merge(again)
	if err != nil {
		t.Fatal(err)
	}
	want := sign(t, body)
	want.Signatures = append(append(want.Signatures, first.Signatures...), second.Signatures...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(first.Signatures) != 2 {
		t.Error("merging changed its receiver")
	}
	if _, err := first.Merge(sign(t, append(body, ' '), c)); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("two statements merged: %v", err)
	}
}

// failing is a signer whose backend does not answer.
type failing struct{ pen }

func (failing) Sign([]byte) ([]byte, error) { return nil, errors.New("the token is gone") }

func TestSignFails(t *testing.T) {
	t.Parallel()
	p := newPen(t, evidence.Ed25519)
	env, err := evidence.Sign([]byte("{}"), p, failing{p})
	if err == nil || !strings.Contains(err.Error(), "the token is gone") || len(env.Signatures) != 0 {
		t.Errorf("%d signatures, error %v: half an envelope must not leave", len(env.Signatures), err)
	}
}

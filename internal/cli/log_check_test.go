package cli

import (
	"encoding/json/jsontext"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

// The file that the console gives has the bytes that the command prints.
func TestProofFileIsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	p := app.ProofInfo{
		Statement: model.DigestOf([]byte("x")), Log: "mercy/house\u202e\x1b", Index: 3, Size: 7, Proof: jsontext.Value(`{"format":"<&>","checkpoint":"a\nb\u2014"}`),
	}
	line, err := encode(proofRow{p})
	if err != nil {
		t.Fatal(err)
	}
	file, err := app.ProofFile([]app.ProofInfo{p, p})
	if err != nil {
		t.Fatal(err)
	}
	if want := string(line) + "\n" + string(line) + "\n"; string(file) != want {
		t.Errorf("the file is %q, and printed is %q", file, want)
	}
}

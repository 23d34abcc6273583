package model_test

import (
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestDigest(t *testing.T) {
	t.Parallel()
	// FIPS 180-4, the message "abc".
	const want = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	d := model.DigestOf([]byte("abc"))
	if d.String() != want || d.IsZero() {
		t.Errorf("digest of abc is %s", d)
	}
	var back model.Digest
	text, err := d.MarshalText()
	if err != nil || back.UnmarshalText(text) != nil || back != d {
		t.Errorf("%s came back as %s", d, back)
	}
}

func TestZeroDigestIsTheEmptyText(t *testing.T) {
	t.Parallel()
	d := model.DigestOf(nil)
	if err := d.UnmarshalText(nil); err != nil || !d.IsZero() {
		t.Errorf("the empty text is %s, %v", d, err)
	}
	if b, err := d.MarshalText(); err != nil || len(b) != 0 {
		t.Errorf("the zero digest is written as %q, %v", b, err)
	}
}

func TestParseDigestRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "sha256:", hexA, "SHA256:" + hexA, "sha256:" + hexA[:62], "sha256:" + hexA + "aa", "sha256:" + strings.ToUpper(hexA),
		"sha256:" + hexA[:63] + "g", "sha256:" + hexA[:62] + "é", " sha256:" + hexA, "sha512:" + hexA + hexA,
	} {
		if d, err := model.ParseDigest(s); err == nil || !d.IsZero() {
			t.Errorf("%q is %s, %v", s, d, err)
		}
	}
}

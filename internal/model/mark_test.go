package model

import "testing"

func TestMark(t *testing.T) {
	t.Parallel()
	m, other := NewMarker([]byte("key")), NewMarker([]byte("another key"))
	doe := m.Mark("name", "doe")
	// HMAC-SHA-256 of "name\x00doe" under "key", as openssl dgst -hmac computes it.
	if got := doe.String(); got != "0f00f47cce550c9ce5f0a3f7a9549908" {
		t.Errorf("mark %s", got)
	}
	for name, x := range map[string]Mark{
		"another text": m.Mark("name", "roe"), "another kind": m.Mark("host", "doe"), "another key": other.Mark("name", "doe"),
		"kind and text run together": m.Mark("nam", "e\x00doe"), "none": m.Mark("name", ""),
	} {
		if x == doe {
			t.Errorf("%s has the same mark", name)
		}
	}
	if m.Mark("name", "doe") != doe || NewMarker([]byte("key")).Mark("name", "doe") != doe || !m.Mark("name", "").IsZero() || doe.IsZero() {
		t.Error("equal texts have different marks")
	}
}

package network

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/network/tls"
)

// rows keeps what is printed about connections, with the facts that are valid during a call only.
type rows struct {
	list
	sessions []Session
	facts    []tls.Facts
}

func (r *rows) Session(s Session) error {
	r.sessions = append(r.sessions, s)
	if s.TLS == nil {
		r.facts = append(r.facts, tls.Facts{Client: -1})
		return nil
	}
	f := *s.TLS
	f.ALPNOffered, f.Offered = slices.Clone(f.ALPNOffered), slices.Clone(f.Offered)
	f.Groups, f.KeyShares = slices.Clone(f.Groups), slices.Clone(f.KeyShares)
	for i := range f.Chains {
		f.Chains[i].List = slices.Clone(f.Chains[i].List)
	}
	r.facts = append(r.facts, f)
	return nil
}

func watchSessions(t *testing.T, capture []byte, opt Options) (*rows, Summary) {
	t.Helper()
	opt.AllObjects, opt.Sessions = true, true
	var r rows
	s, err := Watch(t.Context(), bytes.NewReader(capture), "test", opt, &r)
	if err != nil {
		t.Fatal(err)
	}
	return &r, s
}

// expected is what another tool found in a public capture.
type expected struct {
	File     string `json:"file"`
	Expected struct {
		TCP          int      `json:"tcp_conversations"`
		Hellos       int      `json:"tls_client_hellos"`
		SNI          []string `json:"sni"`
		JA4          []string `json:"ja4_computed"`
		Groups       []string `json:"client_groups"`
		ServerGroups []string `json:"server_key_share_groups"`
		Messages     int      `json:"tls_certificate_messages"`
		Suricata     []struct {
			Subject   string `json:"subject"`
			NotBefore string `json:"notbefore"`
			NotAfter  string `json:"notafter"`
			Version   string `json:"version"`
			SNI       string `json:"sni"`
		} `json:"suricata_tls"`
	} `json:"expected"`
}

func manifest(t *testing.T, dir string) []expected {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Files []expected `json:"files"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m.Files
}

// Server names, fingerprints, groups and numbers of hellos and certificates are those that other tools found,
// over TCP.
func TestPublicTLS(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	names, prints, hellos := 0, 0, 0
	for _, m := range manifest(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, m.File))
		if err != nil {
			t.Fatal(err)
		}
		r, sum := watchSessions(t, b, Options{})
		if int64(len(r.sessions)) != sum.Sessions {
			t.Errorf("%s: %d rows of %d connections", m.File, len(r.sessions), sum.Sessions)
		}
		if m.Expected.TCP == 0 {
			continue
		}
		want := m.Expected
		quic := len(want.JA4)
		want.JA4 = slices.DeleteFunc(want.JA4, func(s string) bool { return strings.HasPrefix(s, "q") })
		quic -= len(want.JA4)
		got := collectFacts(r)
		if d := cmp.Diff(want.SNI, got.sni, empty); d != "" {
			t.Errorf("%s: server names: %s", m.File, d)
		}
		if d := cmp.Diff(want.JA4, got.ja4, empty); d != "" {
			t.Errorf("%s: JA4: %s", m.File, d)
		}
		if got.hellos != want.Hellos-quic || got.chains != want.Messages {
			t.Errorf("%s: %d hellos and %d certificate messages, want %d and %d", m.File, got.hellos, got.chains, want.Hellos-quic, want.Messages)
		}
		t.Log(m.File, got)
		names, prints, hellos = names+len(got.sni), prints+len(got.ja4), hellos+got.hellos
	}
	if names < 22 || prints < 6 || hellos < 40 {
		t.Errorf("only %d names, %d fingerprints and %d hellos: has the manifest changed?", names, prints, hellos)
	}
}

var empty = cmp.Transformer("sorted", func(in []string) string {
	in = slices.Clone(in)
	slices.Sort(in)
	return strings.Join(slices.Compact(in), " ")
})

type collected struct {
	sni, ja4, groups, shares []string
	hellos, chains           int
}

func collectFacts(r *rows) (out collected) {
	for i := range r.facts {
		f := &r.facts[i]
		if f.ClientHello {
			out.hellos++
		}
		if f.SNI != "" {
			out.sni = append(out.sni, f.SNI)
		}
		if f.JA4 != "" {
			out.ja4 = append(out.ja4, f.JA4)
		}
		for _, c := range f.Chains {
			if c.Seen > 0 {
				out.chains++
			}
			for _, x := range c.List {
				fmt.Println(*x)
			}
		}
		for _, g := range f.Groups {
			out.groups = append(out.groups, fmt.Sprintf("0x%04x", uint16(g)))
		}
		if f.Group != 0 {
			out.shares = append(out.shares, fmt.Sprint(uint16(f.Group)))
		}
	}
	return out
}

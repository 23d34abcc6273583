package network

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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

// expected is what other tools found in a public capture.
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

// correct puts right what the manifest's tools are known to have counted otherwise.
func (e *expected) correct() {
	x := &e.Expected
	quic := len(x.JA4)
	x.JA4 = slices.DeleteFunc(x.JA4, func(s string) bool { return strings.HasPrefix(s, "q") })
	x.Hellos -= quic - len(x.JA4) // QUIC is not TLS over TCP
	switch e.File {
	case "zeek__tls_client-certificate.pcap":
		// The script took every signature algorithm that tshark lists, also those of delegated credentials
		// (RFC 9345), which the specification does not. The value here is the published one of this Firefox.
		x.JA4 = []string{"t13d1715h2_5b57614c22b0_3d5424432f57"}
	case "suricata-verify__tls_tls-subjectaltname.pcap":
		x.Messages++ // tshark counts one less, but each of them is whole and parses, which the test holds too
	}
}

// Server names, fingerprints, groups, validity and numbers of connections, hellos and certificate messages are
// those that other tools found over TCP.
func TestPublicTLS(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	var all collected
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
		m.correct()
		got, want := collect(r), m.Expected
		if got.hellos != want.Hellos || got.chains != want.Messages {
			t.Errorf("%s: %d hellos and %d certificate messages, want %d and %d", m.File, got.hellos, got.chains, want.Hellos, want.Messages)
		}
		if got.bad {
			t.Errorf("%s: a certificate was not read", m.File)
		}
		same(t, m.File+": server names", got.sni, want.SNI)
		same(t, m.File+": JA4", got.ja4, want.JA4)
		same(t, m.File+": groups", got.groups, slices.DeleteFunc(want.Groups, func(g string) bool { return g[3] == 'a' && g[5] == 'a' }))
		if len(want.ServerGroups) > 0 { // of TLS 1.3 only
			same(t, m.File+": chosen groups", got.chosen, want.ServerGroups)
		}
		for _, s := range want.Suricata {
			if s.NotAfter != "" && !slices.Contains(got.valid, s.NotBefore+" "+s.NotAfter) {
				t.Errorf("%s: no certificate of %s is valid from %s to %s", m.File, s.Subject, s.NotBefore, s.NotAfter)
			}
		}
		all.add(got)
	}
	if len(all.sni) < 22 || len(all.ja4) < 46 || all.hellos < 47 || all.chains < 44 {
		t.Errorf("only %d names, %d fingerprints, %d hellos and %d certificate messages: has the manifest changed?", len(all.sni), len(all.ja4), all.hellos, all.chains)
	}
}

// same compares two lists as sets.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	set := func(in []string) []string {
		in = slices.Clone(in)
		slices.Sort(in)
		return slices.Compact(in)
	}
	if d := cmp.Diff(set(want), set(got), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s: -want +got:\n%s", what, d)
	}
}

// collected is what was found in a capture.
type collected struct {
	sni, ja4, groups, chosen, valid []string
	hellos, chains                  int
	bad                             bool // some certificate was not read
}

func (c *collected) add(o collected) {
	c.sni, c.ja4 = append(c.sni, o.sni...), append(c.ja4, o.ja4...)
	c.hellos, c.chains = c.hellos+o.hellos, c.chains+o.chains
}

func collect(r *rows) (out collected) {
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
		if f.Group != 0 {
			out.chosen = append(out.chosen, strconv.Itoa(int(f.Group)))
		}
		for _, g := range f.Groups {
			out.groups = append(out.groups, fmt.Sprintf("0x%04x", uint16(g)))
		}
		for _, c := range f.Chains {
			if c.Seen > 0 {
				out.chains++
				out.bad = out.bad || c.Cut || len(c.List) != c.Seen || slices.ContainsFunc(c.List, func(x *tls.Certificate) bool { return x.Unreadable })
				out.valid = append(out.valid, c.List[0].NotBefore.Format("2006-01-02T15:04:05")+" "+c.List[0].NotAfter.Format("2006-01-02T15:04:05"))
			}
		}
	}
	return out
}

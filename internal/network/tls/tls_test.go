package tls

import (
	"crypto/sha256"
	ctls "crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-trust/cordon/internal/model"
)

// manyNames makes a ClientHello longer than one record.
func manyNames(n int) []string {
	out := []string{"h2"}
	for i := range n {
		out = append(out, fmt.Sprintf("%0200d", i))
	}
	return out
}

func TestRealConnections(t *testing.T) {
	t.Parallel()
	server, client := pair(t, "updates.acme.example"), pair(t, "pump-17")
	base := func(min, max uint16, protos ...string) *ctls.Config {
		return &ctls.Config{
			InsecureSkipVerify: true, ServerName: "updates.acme.example", MinVersion: min, MaxVersion: max, NextProtos: protos,
			Certificates: []ctls.Certificate{client},
		}
	}
	srv := func(protos ...string) *ctls.Config {
		return &ctls.Config{Certificates: []ctls.Certificate{server}, NextProtos: protos, MinVersion: ctls.VersionTLS10}
	}
	asks := srv("http/1.1")
	asks.ClientAuth = ctls.RequireAnyClientCert
	narrow := srv("h2")
	narrow.CurvePreferences = []ctls.CurveID{ctls.CurveP384}
	for name, c := range map[string]struct {
		client, server *ctls.Config
		retried, asked bool
	}{
		"TLS 1.2":                         {client: base(ctls.VersionTLS12, ctls.VersionTLS12), server: srv()},
		"TLS 1.2, client certificate":     {client: base(ctls.VersionTLS12, ctls.VersionTLS12, "http/1.1"), server: asks, asked: true},
		"TLS 1.1":                         {client: base(ctls.VersionTLS11, ctls.VersionTLS11), server: srv()},
		"TLS 1.3":                         {client: base(ctls.VersionTLS12, ctls.VersionTLS13), server: srv()},
		"TLS 1.3, protocol":               {client: base(ctls.VersionTLS13, ctls.VersionTLS13, "h2", "http/1.1"), server: srv("h2")},
		"TLS 1.3, client certificate":     {client: base(ctls.VersionTLS13, ctls.VersionTLS13, "http/1.1"), server: asks},
		"TLS 1.3, asked for another":      {client: base(ctls.VersionTLS13, ctls.VersionTLS13, "h2"), server: narrow, retried: true},
		"a hello of several records":      {client: base(ctls.VersionTLS12, ctls.VersionTLS13, manyNames(200)...), server: srv("h2")},
		"TLS 1.2, hello of three records": {client: base(ctls.VersionTLS12, ctls.VersionTLS12, manyNames(170)...), server: srv("h2")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := talk(t, c.client, c.server, 3_000, 200_000)
			f := play(h.turns)
			if f == nil {
				t.Fatal("it is not taken for TLS")
			}
			want := wanted(t, h)
			want.Retried = c.retried
			if h.client.Version < ctls.VersionTLS13 {
				want.Chains[1] = chainOf(server)
				if c.asked {
					want.Chains[0] = chainOf(client)
				}
				want.ALPN = h.client.NegotiatedProtocol
			}
			if d := cmp.Diff(want, f, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// wanted is what the stacks say, as facts.
func wanted(t *testing.T, h heard) *Facts {
	t.Helper()
	both := streams(h.turns)
	f := &Facts{
		ClientHello: true, ServerHello: true, SNI: h.hello.ServerName, JA4: reference(&h.hello),
		Version: Version(h.client.Version), Cipher: Cipher(h.client.CipherSuite), Group: Group(h.client.CurveID),
		App: [2]int64{applicationBytes(t, both[0]), applicationBytes(t, both[1])},
	}
	f.ALPNOffered = h.hello.SupportedProtos[:min(len(h.hello.SupportedProtos), maxList)]
	for _, v := range h.hello.SupportedVersions {
		f.Offered = append(f.Offered, Version(v))
	}
	for _, g := range h.hello.SupportedCurves {
		f.Groups = append(f.Groups, Group(g))
	}
	f.KeyShares = play(h.turns).KeyShares // no stack tells; see TestKeyShares
	return f
}

func chainOf(c ctls.Certificate) Chain {
	return Chain{Seen: 1, List: []*Certificate{{
		Digest: model.DigestOf(c.Certificate[0]), Subject: c.Leaf.Subject.String(), Issuer: c.Leaf.Issuer.String(),
		SPKI: model.DigestOf(c.Leaf.RawSubjectPublicKeyInfo), NotBefore: c.Leaf.NotBefore, NotAfter: c.Leaf.NotAfter,
	}}}
}

// reference computes JA4 from what crypto/tls read of the hello, in another way than the package does.
func reference(h *ctls.ClientHelloInfo) string {
	list := func(in []uint16, sorted bool) string {
		if sorted {
			slices.Sort(in)
		}
		var out []string
		for _, v := range in {
			out = append(out, fmt.Sprintf("%04x", v))
		}
		return strings.Join(out, ",")
	}
	hash := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s)))[:12] }
	version := map[uint16]string{0x0301: "10", 0x0302: "11", 0x0303: "12", 0x0304: "13"}[slices.Max(h.SupportedVersions)]
	name, alpn := "i", "00"
	if h.ServerName != "" {
		name = "d"
	}
	if len(h.SupportedProtos) > 0 {
		p := h.SupportedProtos[0]
		alpn = p[:1] + p[len(p)-1:]
	}
	var sigs []uint16
	for _, s := range h.SignatureSchemes {
		sigs = append(sigs, uint16(s))
	}
	rest := slices.DeleteFunc(slices.Clone(h.Extensions), func(e uint16) bool { return e == 0 || e == 16 })
	last := list(rest, true)
	if len(sigs) > 0 {
		last += "_" + list(sigs, false)
	}
	return fmt.Sprintf("t%s%s%02d%02d%s_%s_%s", version, name, len(h.CipherSuites), len(h.Extensions), alpn,
		hash(list(slices.Clone(h.CipherSuites), true)), hash(last))
}

// Go's default ClientHello does not fit one segment.
func TestKeyShares(t *testing.T) {
	t.Parallel()
	h := talk(t, &ctls.Config{InsecureSkipVerify: true, ServerName: "a.example"}, &ctls.Config{Certificates: []ctls.Certificate{pair(t, "a.example")}}, 1, 1)
	if n := len(h.turns[0].data); n < 1449 {
		t.Errorf("the first flight has %d bytes, so that this test shows nothing", n)
	}
	f := play(h.turns)
	if want := []Group{0x11ec, 0x001d}; !slices.Equal(f.KeyShares, want) || f.Group != 0x11ec || f.Group.String() != "X25519MLKEM768" {
		t.Errorf("key shares %v, want %v; group %v", f.KeyShares, want, f.Group)
	}
	if !strings.HasPrefix(f.JA4, "t13d") || f.Version.String() != "TLS 1.3" || f.Cipher.String() != "TLS_AES_128_GCM_SHA256" && f.Cipher.String() != "TLS_AES_256_GCM_SHA384" {
		t.Errorf("%s, %s, %s", f.JA4, f.Version, f.Cipher)
	}
}

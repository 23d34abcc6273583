package lab_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// ward plans n conversations, every third plain, the others TLS 1.2 and 1.3 in turn.
func ward(n int) []lab.Conversation {
	var out []lab.Conversation
	for i := range n {
		c := lab.Conversation{
			Device: netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:5%04d", 10+i, i)), Server: netip.MustParseAddrPort("10.0.9.1:80"),
			Host: "ward.example", TLS: []uint16{0, tls.VersionTLS12, tls.VersionTLS13}[i%3],
		}
		for k := range 1 + i%4 {
			c.Fetch = append(c.Fetch, lab.Object{Path: fmt.Sprintf("/%d/%d", i, k), Body: lab.NoiseBody(uint64(10*i+k), 200+1000*i)})
		}
		out = append(out, c)
	}
	return out
}

func TestEightConversationsAtATime(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r, err := lab.Write(&out, lab.Plan{Seed: 2, Lanes: 8, Conversations: slices.Values(ward(24))})
	if err != nil {
		t.Fatal(err)
	}
	all, frames := sights(t, out.Bytes(), false)
	if r.Connections != 24 || len(r.Sessions) != 16 || len(r.Objects) != 20 || int64(frames) != r.Frames {
		t.Errorf("%d connections, %d sessions, %d objects, %d frames of %d", r.Connections, len(r.Sessions), len(r.Objects), frames, r.Frames)
	}
	open, most, turns, speaker := map[netip.AddrPort]bool{}, 0, 0, netip.AddrPort{}
	for _, s := range all {
		switch {
		case s.tcp.SYN && !s.tcp.ACK:
			open[s.from] = true
		case s.tcp.FIN:
			delete(open, s.from)
		}
		most = max(most, len(open))
		dev := s.from
		if dev == r.Objects[0].Server {
			dev = s.to
		}
		if dev != speaker {
			turns++
		}
		speaker = dev
	}
	if most != 8 || turns < len(all)/5 {
		t.Errorf("at most %d connections were open, %d times in %d frames another one went on", most, turns, len(all))
	}
	flows := assemble(all)
	for _, s := range r.Sessions {
		checkSession(t, s, flows[[2]netip.AddrPort{s.Device, s.Server}].data, flows[[2]netip.AddrPort{s.Server, s.Device}].data)
	}
	checkObjects(t, r.Objects, flows)
}

// checkObjects reads every plain stream as HTTP and compares body after body.
func checkObjects(t *testing.T, objects []lab.Truth, flows map[[2]netip.AddrPort]*stream) {
	t.Helper()
	rest := map[netip.AddrPort][]byte{}
	for _, o := range objects {
		b, begun := rest[o.Device]
		if !begun {
			b = flows[[2]netip.AddrPort{o.Server, o.Device}].data
		}
		head := bytes.Index(b, []byte("\r\n\r\n")) + 4
		end := head + int(o.Length)
		if head < 4 || len(b) < end {
			t.Fatalf("%s: %d bytes are left of the stream", o.Path, len(b))
		}
		if got := body(t, b[:end]); model.DigestOf(got) != o.Digest || !o.Complete || !o.Requested || o.Missing != 0 {
			t.Errorf("%s: assembled %s, the truth is %+v", o.Path, model.DigestOf(got), o)
		}
		rest[o.Device] = b[end:]
	}
	for who, b := range rest {
		if len(b) != 0 {
			t.Errorf("%v received %d bytes more than the truth tells", who, len(b))
		}
	}
}

// checkSession finds in the bytes of both directions what the truth says about a TLS connection.
func checkSession(t *testing.T, s lab.Session, sent, received []byte) {
	t.Helper()
	hello := handshake(t, sent)
	if len(hello) == 0 || hello[0][0] != 1 || !bytes.Contains(hello[0], []byte("\x00\x0cward.example")) || s.Name != "ward.example" {
		t.Errorf("%v: no ClientHello for %q", s.Device, s.Name)
	}
	// A post-quantum key share does not fit one segment of 1,448 bytes (TLS 1.2 has none).
	if pq := s.Version == tls.VersionTLS13; (len(hello[0]) > 1448) != pq || (s.Group == uint16(tls.X25519MLKEM768)) != pq {
		t.Errorf("%v: version %x, group %d, hello of %d bytes", s.Device, s.Version, s.Group, len(hello[0]))
	}
	var spki model.Digest
	for _, m := range handshake(t, received) {
		if m[0] != 11 { // Certificate, RFC 5246 section 7.4.2
			continue
		}
		n := int(m[7])<<16 | int(m[8])<<8 | int(m[9])
		cert, err := x509.ParseCertificate(m[10 : 10+n])
		if err != nil {
			t.Fatal(err)
		}
		spki = model.DigestOf(cert.RawSubjectPublicKeyInfo)
	}
	if s.Visible != !spki.IsZero() || s.Visible && spki != s.SPKI || s.Visible != (s.Version == tls.VersionTLS12) {
		t.Errorf("%v: version %x shows key %s, the truth says %s, visible %v", s.Device, s.Version, spki, s.SPKI, s.Visible)
	}
}

// handshake returns the handshake messages in clear: those before ChangeCipherSpec or application data.
func handshake(t *testing.T, stream []byte) (out [][]byte) {
	t.Helper()
	var run []byte
	for len(stream) >= 5 && stream[0] == 22 {
		n := int(stream[3])<<8 | int(stream[4])
		run = append(run, stream[5:5+n]...)
		stream = stream[5+n:]
	}
	for len(run) >= 4 {
		n := 4 + (int(run[1])<<16 | int(run[2])<<8 | int(run[3]))
		if n > len(run) {
			t.Fatalf("handshake message of %d bytes in %d", n, len(run))
		}
		out = append(out, run[:n])
		run = run[n:]
	}
	return out
}

// A server that cannot be reached under its name, or a path that is none, is an error and no capture.
func TestConversationsFail(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*lab.Conversation){
		"space in a path": func(c *lab.Conversation) { c.Fetch[0].Path = "/a b" },
		"old version":     func(c *lab.Conversation) { c.TLS = tls.VersionTLS11 },
		"nothing":         func(c *lab.Conversation) { c.Fetch = nil },
		"ARP for IPv6": func(c *lab.Conversation) {
			c.ARP, c.Device, c.Server = true, netip.MustParseAddrPort("[::1]:1"), netip.MustParseAddrPort("[::2]:2")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := ward(6)
			change(&all[3])
			if r, err := lab.Write(io.Discard, lab.Plan{Lanes: 4, Conversations: slices.Values(all)}); err == nil || r.Connections != 0 {
				t.Errorf("error %v with %d connections", err, r.Connections)
			}
		})
	}
}

package network_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
)

// said is what a session said, kept beyond the call.
type said struct {
	device, server netip.AddrPort
	name           string
	version        uint16
	cipher, group  uint16
	spki           model.Digest
}

type sessionSink struct {
	said   []said
	prints map[string]bool
	rows   int
}

func (*sessionSink) Transfer(*model.Transfer) error { return nil }

func (s *sessionSink) Session(x network.Session) error {
	s.rows++
	if x.TLS == nil {
		return nil
	}
	f := x.TLS
	row := said{x.Ends[0], x.Ends[1], f.SNI, uint16(f.Version), uint16(f.Cipher), uint16(f.Group), model.Digest{}}
	if c := f.Chains[1]; c.Seen > 0 {
		row.spki = c.List[0].SPKI
	}
	s.said = append(s.said, row)
	s.prints[f.JA4] = true
	return nil
}

// What is seen of real clients and servers is what they agreed on, whatever the mirror does that loses nothing.
func TestSessionsOfTheWard(t *testing.T) {
	t.Parallel()
	var plan []lab.Conversation
	for i := range 60 {
		plan = append(plan, lab.Conversation{
			Device: netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:5%04d", 10+i, i)), Server: netip.MustParseAddrPort("10.0.9.1:443"),
			Host: fmt.Sprintf("s%d.ward.example", i%4), TLS: []uint16{0, tls.VersionTLS12, tls.VersionTLS13}[i%3],
			Fetch: []lab.Object{{Path: "/a", Body: lab.NoiseBody(uint64(i), 300*i)}},
		})
	}
	for name, d := range map[string]lab.Distortion{
		"clean": {}, "reordered and doubled": {Reorder: 0.1, Duplicate: 0.1}, "overlapping": {Overlap: 0.2},
		"without the handshake": {NoHandshake: true}, "twice": {Twice: true}, "merged": {Segment: 60_000}, "small segments": {Segment: 9},
		"numbers wrap": {Wrap: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			record, err := lab.Write(&out, lab.Plan{Seed: 5, Lanes: 8, Conversations: slices.Values(plan), Distortion: d})
			if err != nil {
				t.Fatal(err)
			}
			got := sessionSink{prints: map[string]bool{}}
			if _, err := network.Watch(t.Context(), &out, "ward", network.Options{Sessions: true}, &got); err != nil {
				t.Fatal(err)
			}
			if got.rows != record.Connections || len(got.said) != len(record.Sessions) {
				t.Fatalf("%d rows of %d connections, %d of %d with TLS", got.rows, record.Connections, len(got.said), len(record.Sessions))
			}
			for _, want := range record.Sessions {
				w := said{want.Device, want.Server, want.Name, want.Version, want.Cipher, want.Group, want.SPKI}
				if !want.Visible {
					w.spki = model.Digest{}
				}
				if !slices.Contains(got.said, w) {
					t.Errorf("not seen: %+v", w)
				}
			}
			if len(got.prints) != 2 || got.prints[""] {
				t.Errorf("fingerprints of two kinds of client: %v", got.prints)
			}
		})
	}
}

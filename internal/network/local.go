package network

import (
	"errors"
	"net/netip"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
	"github.com/cordon-trust/cordon/internal/network/dhcp"
	"github.com/cordon-trust/cordon/internal/network/dns"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/neighbour"
)

// local takes what neighbours on a link tell each other.
func (e *engine) local(p *capture.Packet, layer flow.Layer) {
	source, ok := flow.LinkSource(p)
	if !ok {
		return
	}
	var c neighbour.Claim
	var err error
	m, by := &e.dec.Local, "arp"
	if layer == flow.ARP {
		c, ok, err = neighbour.ARP(m.Body, source)
	} else {
		by = "nd"
		c, ok, err = neighbour.Discovery(m.Body, m.Src.IP(), source)
	}
	switch {
	case err != nil && p.Wire > len(p.Data): // it is cut, and counted as such
	case err != nil:
		e.who.malformed++
	case ok:
		e.who.claim(c, by, m.Time, 0)
	}
}

// learn takes what a datagram says about who has which address or name.
func (e *engine) learn(g *flow.Datagram) {
	names := g.SrcPort == dns.Port || g.SrcPort == dns.PortMulticast || g.SrcPort == dns.PortLLMNR
	lease := g.SrcPort == dhcp.PortServer || g.DstPort == dhcp.PortServer
	if !names && !lease || len(g.Payload) < g.Wire {
		return
	}
	if ok, _ := e.table.Believe(g); !ok {
		return
	}
	var err error
	if lease {
		err = e.lease(g)
	} else {
		err = e.names(g)
	}
	if err != nil {
		e.who.malformed++
	}
}

// lease takes a DHCP message. What the server acknowledged is proved; what the client calls itself is kept as
// its word.
func (e *engine) lease(g *flow.Datagram) error {
	m, err := dhcp.Parse(g.Payload)
	if errors.Is(err, dhcp.ErrForeign) {
		return nil
	}
	if mac := neighbour.MAC(m.MAC); err == nil && mac.Host() {
		switch {
		case m.Reply && m.Kind == dhcp.Ack && g.SrcPort == dhcp.PortServer && neighbour.Owned(m.Addr):
			end := int64(0)
			if m.Lease > 0 {
				end = g.Time + int64(m.Lease)
			}
			e.who.claim(neighbour.Claim{Addr: m.Addr, MAC: mac}, "dhcp", g.Time, end)
		case !m.Reply && (m.Name != "" || m.Vendor != ""):
			s := e.who.station(mac)
			s.names = e.who.name(s.names, m.Name)
			e.who.describe(s, m.Vendor)
		}
	}
	return err
}

// names takes an answer of DNS.
func (e *engine) names(g *flow.Datagram) error {
	found, err := dns.Answers(g.Payload)
	for _, n := range found {
		if !neighbour.Owned(n.Addr) {
			continue
		}
		c, _ := e.who.called.make(flow.AddrOf(n.Addr))
		c.last = max(c.last, g.Time)
		for _, name := range n.Names {
			c.names = e.who.name(c.names, name)
		}
	}
	return err
}

// party is who receives what the other side of a connection sends.
type party struct {
	device   model.Subject // by its address alone
	to, from netip.Addr    // from may be invalid: then the peer's text tells
	at, by   *place        // of to and from, once something was handed out
}

// seat says of a transfer who received it: the MAC that was proved for the address by then, if it stands for
// one device.
func (e *engine) seat(t *model.Transfer, p *party) {
	t.Addr = p.to
	if s := e.resident(p.to, t.Time.UnixNano()); s != nil {
		t.MAC, t.Device = s.text, s.subject
	}
}

// deviceAt returns who was at an address at a moment.
func (e *engine) deviceAt(a netip.Addr, t int64) model.Subject {
	if s := e.resident(a, t); s != nil {
		return s.subject
	}
	return e.addressed(a)
}

// resident is the station that had an address at a moment, with its names, or nil.
func (e *engine) resident(a netip.Addr, t int64) *station {
	s := e.who.resident(flow.AddrOf(a), t)
	if s != nil && s.subject.IsZero() {
		d, err := model.NewSubject(model.KindDevice, "mac", s.text)
		if err != nil {
			e.err = err // never: a MAC is always one
			return nil
		}
		s.subject = d
	}
	return s
}

// handed counts a transfer with those between whom it crossed.
func (e *engine) handed(t *model.Transfer, p *party) {
	at := t.Time.UnixNano()
	p.at = e.who.again(p.at, p.to)
	e.who.count(p.at, at).received++
	if !p.from.IsValid() {
		peer, err := netip.ParseAddrPort(t.Peer)
		if err != nil {
			return
		}
		p.from = peer.Addr()
	}
	p.by = e.who.again(p.by, p.from)
	e.who.count(p.by, at).served++
}

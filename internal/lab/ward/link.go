package ward

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// packets collects the frames of one event.
type packets struct{ frames []lab.Frame }

// udp adds a datagram. One that no frame can carry is left out: all are made here and are small.
func (p *packets) udp(after time.Duration, g frame.Datagram) {
	g.TTL = 64
	if raw, err := g.Append(nil); err == nil {
		p.frames = append(p.frames, lab.Frame{After: after, Data: raw})
	}
}

func (p *packets) arp(after time.Duration, from, to frame.Host, reply bool) {
	if raw, err := frame.AppendARP(nil, from, to, reply, frame.Tags{}); err == nil {
		p.frames = append(p.frames, lab.Frame{After: after, Data: raw})
	}
}

// beyond is a host that is reached through the router.
func beyond(a netip.Addr) frame.Host { return frame.Host{MAC: routerMAC(), Addr: a} }

// gate is the router as the link of a device sees it.
func gate(d *Device) frame.Host {
	return frame.Host{MAC: routerMAC(), Addr: routerOn(linkOf(d.host.Addr))}
}

// greet asks who has the router's address, as a device does that has just come up.
func greet(_ *day, e *errand) lab.Event {
	var p packets
	p.arp(0, e.who.host, gate(e.who), false)
	p.arp(300*time.Microsecond, gate(e.who), e.who.host, true)
	return lab.Event{At: e.at, Frames: p.frames}
}

// lease asks for an address by way of the router's relay agent: in full after power came on, else once more
// for the same one; then it asks for the router.
func lease(d *day, e *errand) lab.Event {
	var p packets
	me, id := e.who.host, e.dice.Uint32()
	nobody := frame.Host{MAC: me.MAC, Addr: netip.IPv4Unspecified()}
	ask := func(after time.Duration, kind byte) {
		p.udp(after, frame.Datagram{From: nobody, To: frame.Broadcast(), FromPort: 68, ToPort: 67, Payload: leaseMessage(e.who, id, kind)})
	}
	answer := func(after time.Duration, kind byte) {
		p.udp(after, frame.Datagram{From: gate(e.who), To: me, FromPort: 67, ToPort: 68, Payload: leaseMessage(e.who, id, kind)})
	}
	at := time.Duration(0)
	if d.number == 1 || d.number == powerCut && e.appointment.at >= blackout {
		ask(0, discover)
		answer(3*time.Millisecond, offer)
		at = 5 * time.Millisecond
	}
	ask(at, request)
	answer(at+3*time.Millisecond, ack)
	p.arp(at+10*time.Millisecond, me, gate(e.who), false)
	p.arp(at+10*time.Millisecond+300*time.Microsecond, gate(e.who), me, true)
	return lab.Event{At: e.at, Frames: p.frames}
}

// The kinds of a DHCP message (RFC 2132 section 9.6).
const (
	discover = 1
	offer    = 2
	request  = 3
	ack      = 5
)

// leaseMessage returns a DHCP message about a device (RFC 2131 section 2).
func leaseMessage(d *Device, id uint32, kind byte) []byte {
	fromServer := kind == offer || kind == ack
	b := make([]byte, 236, 320)
	b[0], b[1], b[2] = 1, 1, 6
	binary.BigEndian.PutUint32(b[4:], id)
	router := gate(d).Addr.As4()
	if fromServer {
		b[0] = 2
		you := d.host.Addr.As4()
		copy(b[16:], you[:])
		copy(b[24:], router[:]) // the relay agent
	}
	copy(b[28:], d.host.MAC[:])
	b = append(b, 0x63, 0x82, 0x53, 0x63, 53, 1, kind)
	server := netServer().As4()
	if fromServer {
		b = append(append(b, 54, 4), server[:]...)
		b = append(b, 51, 4, 0, 1, 0x51, 0x80) // a day
		b = append(b, 1, 4, 255, 255, 240, 0)
		b = append(append(b, 3, 4), router[:]...)
		b = append(append(b, 6, 4), server[:]...)
	} else {
		name := strings.ToLower(d.Asset)
		b = append(append(b, 12, byte(len(name))), name...)
		b = append(append(b, 60, byte(len(d.Model))), d.Model...)
		if kind == request {
			you := d.host.Addr.As4()
			b = append(append(b, 50, 4), you[:]...)
		}
		b = append(b, 55, 5, 1, 3, 6, 15, 42)
	}
	b = append(b, 255)
	return append(b, make([]byte, max(0, 300-len(b)))...)
}

// lookUp returns the question for a name and its answer.
func (d *day) lookUp(e *errand, host string, is netip.Addr) []lab.Frame {
	var p packets
	id, port := uint16(e.dice.Uint32()), e.port()
	p.udp(0, frame.Datagram{From: e.who.host, To: beyond(netServer()), FromPort: port, ToPort: 53, ID: id, Payload: nameMessage(id, host, netip.Addr{})})
	p.udp(900*time.Microsecond, frame.Datagram{From: beyond(netServer()), To: e.who.host, FromPort: 53, ToPort: port, ID: id, Payload: nameMessage(id, host, is)})
	return p.frames
}

// nameMessage returns a question for the address of a name (RFC 1035 section 4), with its answer when is is
// valid.
func nameMessage(id uint16, host string, is netip.Addr) []byte {
	be := binary.BigEndian
	flags, answers := uint16(0x0100), uint16(0)
	if is.IsValid() {
		flags, answers = 0x8180, 1
	}
	b := be.AppendUint16(nil, id)
	for _, v := range []uint16{flags, 1, answers, 0, 0} {
		b = be.AppendUint16(b, v)
	}
	for label := range strings.SplitSeq(host, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	b = append(b, 0, 0, 1, 0, 1)
	if !is.IsValid() {
		return b
	}
	b = append(b, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4) // the name above, for five minutes
	return append(b, is.AsSlice()...)
}

// askTime asks the hospital's clock (RFC 5905).
func askTime(_ *day, e *errand) lab.Event {
	var p packets
	ask, answer := make([]byte, 48), make([]byte, 48)
	ask[0] = 0x23
	copy(answer, []byte{0x24, 2, 6, 0xec})
	for i, after := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond} {
		at := e.at.Add(after)
		binary.BigEndian.PutUint32(answer[16+8*i:], uint32(at.Unix()+2_208_988_800))
	}
	p.udp(0, frame.Datagram{From: e.who.host, To: beyond(netServer()), FromPort: 123, ToPort: 123, Payload: ask})
	p.udp(1500*time.Microsecond, frame.Datagram{From: beyond(netServer()), To: e.who.host, FromPort: 123, ToPort: 123, Payload: answer})
	return lab.Event{At: e.at, Frames: p.frames}
}

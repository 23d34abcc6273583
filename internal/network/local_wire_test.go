package network

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/neighbour"
)

type mac = [6]byte

// pumpMAC is the MAC of number n in the ward.
func pumpMAC(n byte) mac { return mac{2, 0x4d, 0x50, 0, 0, n} }

// add puts a frame into the capture at its next moment.
func (w *wire) add(from, to mac, typ uint16, body []byte) {
	w.now += w.step
	b := append(slices.Clone(to[:]), from[:]...)
	b = append(binary.BigEndian.AppendUint16(b, typ), body...)
	w.frames = append(w.frames, frame{time: w.now, data: b})
}

// pass lets time go by.
func (w *wire) pass(d time.Duration) { w.now += int64(d) }

// arp says that addr is at m, as a gratuitous request does.
func (w *wire) arp(m mac, addr string) {
	a := netip.MustParseAddr(addr).AsSlice()
	b := append([]byte{0, 1, 8, 0, 6, 4, 0, 1}, m[:]...)
	b = append(append(append(b, a...), 0, 0, 0, 0, 0, 0), a...)
	w.add(m, mac{255, 255, 255, 255, 255, 255}, 0x0806, b)
}

// advertise says that an IPv6 address is at m.
func (w *wire) advertise(m mac, addr string) {
	a := netip.MustParseAddr(addr).AsSlice()
	all := netip.MustParseAddr("ff02::1").AsSlice()
	b := append([]byte{136, 0, 0, 0, 0x20, 0, 0, 0}, a...)
	b = append(append(b, 2, 1), m[:]...)
	pseudo := append(append(slices.Clone(a), all...), 0, 0, 0, byte(len(b)), 0, 0, 0, 58)
	binary.BigEndian.PutUint16(b[2:], ^naiveSum(append(pseudo, b...)))
	ip := append([]byte{0x60, 0, 0, 0, 0, byte(len(b)), 58, 255}, a...)
	w.add(m, mac{0x33, 0x33, 0, 0, 0, 1}, 0x86dd, append(append(ip, all...), b...))
}

// udp sends a datagram without a checksum, as IPv4 allows.
func (w *wire) udp(m mac, from, to string, payload []byte) {
	be := binary.BigEndian
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	p := be.AppendUint16(be.AppendUint16(nil, a.Port()), b.Port())
	p = append(be.AppendUint16(be.AppendUint16(p, uint16(8+len(payload))), 0), payload...)
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0}
	be.PutUint16(ip[2:], uint16(20+len(p)))
	ip = append(append(ip, a.Addr().AsSlice()...), b.Addr().AsSlice()...)
	be.PutUint16(ip[10:], ^naiveSum(ip))
	w.add(m, pumpMAC(0xfe), 0x0800, append(ip, p...))
}

// dhcp sends a message about the host m; options are as on the wire.
func (w *wire) dhcp(m mac, reply bool, addr string, options ...byte) {
	b := make([]byte, 236)
	b[0], b[1], b[2] = 1, 1, 6
	copy(b[28:], m[:])
	b = append(append(append(b, 99, 130, 83, 99), options...), 255)
	if !reply {
		w.udp(m, "0.0.0.0:68", "255.255.255.255:67", b)
		return
	}
	b[0] = 2
	copy(b[16:], netip.MustParseAddr(addr).AsSlice())
	w.udp(pumpMAC(0xfd), "10.0.0.1:67", "255.255.255.255:68", b)
}

// lease gives addr to m for so many seconds.
func (w *wire) lease(m mac, addr string, seconds uint32) {
	w.dhcp(m, true, addr, append([]byte{53, 1, 5, 51, 4}, binary.BigEndian.AppendUint32(nil, seconds)...)...)
}

// hello lets m ask for an address under a name.
func (w *wire) hello(m mac, name, vendor string) {
	o := append([]byte{53, 1, 3, 12, byte(len(name))}, name...)
	w.dhcp(m, false, "", append(append(o, 60, byte(len(vendor))), vendor...)...)
}

// resolve answers that a name of two labels has an address.
func (w *wire) resolve(first, second, addr string) {
	b := []byte{0, 7, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, byte(len(first))}
	b = append(append(append(b, first...), byte(len(second))), second...)
	b = append(b, 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
	w.udp(pumpMAC(0xfc), "10.0.0.2:53", "10.0.0.10:40000", append(b, netip.MustParseAddr(addr).AsSlice()...))
}

func netipAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

func addrOf(s string) flow.Addr { return flow.AddrOf(netipAddr(s)) }

func claimOf(addr string, m mac) neighbour.Claim {
	return neighbour.Claim{Addr: netipAddr(addr), MAC: m}
}

package ward

import (
	"hash/fnv"
	"net/netip"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
)

// domain is that of the hospital's own names.
const domain = "hospital.example"

func netServer() netip.Addr  { return netip.AddrFrom4([4]byte{10, 10, 0, 53}) }
func hl7Server() netip.Addr  { return netip.AddrFrom4([4]byte{10, 10, 0, 75}) }
func pacsServer() netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 0, 104}) }

// resolve returns the address of a name. Those outside the hospital lie in networks for documentation
// (RFC 5737); content networks move every few days, as they do.
func (d *day) resolve(host string) netip.Addr {
	h := fnv.New32a()
	_, _ = h.Write([]byte(host))
	last := byte(1 + h.Sum32()%250)
	switch {
	case host == updateHost:
		return netip.AddrFrom4([4]byte{203, 0, 113, 10})
	case strings.HasSuffix(host, ".acme.example"):
		return netip.AddrFrom4([4]byte{203, 0, 113, last})
	case strings.HasSuffix(host, "."+domain):
		return netip.AddrFrom4([4]byte{10, 10, 1, last})
	case strings.HasSuffix(host, ".nimbus.example"), strings.HasSuffix(host, "windowsupdate.com"):
		return netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + (uint32(last)+uint32(d.number/3))%250)})
	}
	return netip.AddrFrom4([4]byte{198, 51, 100, last})
}

// call is a connection to a host that is known by its name: a lookup, and then the conversation.
func (d *day) call(e *errand, host string, port uint16, c lab.Conversation) lab.Event {
	c.Device, c.Host = e.end(), host
	c.Server = netip.AddrPortFrom(d.resolve(host), port)
	c.Route, c.Trip = routerMAC(), time.Duration(4_000+e.dice.IntN(16_000))*time.Microsecond
	if c.Rate == 0 {
		c.Rate = 50_000_000
	}
	return lab.Event{
		At: e.at, Frames: d.lookUp(e, host, c.Server.Addr()), Talk: &c,
		After: time.Duration(2_000+e.dice.IntN(3_000)) * time.Microsecond,
	}
}

// near is a connection to another device, mostly of the same link, which is found by ARP.
func (d *day) near(e *errand, server *Device, name string, port uint16, c lab.Conversation) lab.Event {
	c.Device, c.Host = e.end(), name
	c.Server = netip.AddrPortFrom(server.host.Addr, port)
	if linkOf(e.who.host.Addr) != linkOf(server.host.Addr) {
		c.Route = routerMAC()
	} else {
		c.ARP = e.arg%8 == 0
	}
	return lab.Event{At: e.at, Talk: &c}
}

// first returns the device of a kind that serves another: the ward's devices are spread over them.
func (d *day) first(k kind, device int) *Device {
	all := d.of[k]
	if len(all) == 0 {
		return nil
	}
	return &d.devices[all[device%len(all)]]
}

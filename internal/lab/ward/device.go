package ward

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/cordon-trust/cordon/internal/lab/frame"
	"github.com/cordon-trust/cordon/internal/model"
)

// kind is what a device is; each has habits of its own.
type kind uint8

const (
	pump kind = iota
	monitor
	pumpServer
	gateway
	programmer
	workstation // of an imaging modality
	laptop      // of a service engineer
	router
	hospital // a server in the data centre
)

// Device is one line of the ward's device list.
type Device struct {
	Asset, Vendor, Model, Serial, Version string
	MAC                                   string // empty: never seen on a link of the ward
	IPs                                   []netip.Addr
	Location, Zone, Owner                 string
	Role                                  model.Role
	Criticality                           string

	kind kind
	host frame.Host // the first address
}

// site is the one site of the ward.
const site = "main"

// Columns are those of the device list that [Ward.WriteDevices] writes.
const Columns = "asset,vendor,model,serial,version,mac,ip,site,location,zone,owner,role,criticality"

// Devices returns the list, pumps first, the router and the hospital's servers last. It is not to be changed.
func (w *Ward) Devices() []Device { return w.devices }

// WriteDevices writes the device list as CSV (RFC 4180) in the form that `cordon device import` takes.
func (w *Ward) WriteDevices(to io.Writer) error {
	c := csv.NewWriter(to)
	_ = c.Write(strings.Split(Columns, ",")) // Flush tells
	for _, d := range w.devices {
		ips := make([]string, len(d.IPs))
		for i, a := range d.IPs {
			ips[i] = a.String()
		}
		_ = c.Write([]string{
			d.Asset, d.Vendor, d.Model, d.Serial, d.Version, d.MAC, strings.Join(ips, " "), site, d.Location, d.Zone,
			d.Owner, string(d.Role), d.Criticality,
		})
	}
	c.Flush()
	return c.Error()
}

// stock says what the devices of a kind have in common.
type stock struct {
	kind                                   kind
	prefix, vendor, model, serial, version string
	zone, owner, criticality               string
	role                                   model.Role
	link, first                            int // which /20 they are on, and the first address there
}

// The links of the ward, each a /20 of 10.20.0.0/16 with the router as its first host.
const (
	pumpLink = iota
	monitorLink
	serviceLink
	imagingLink
	links
)

func stocks() []stock {
	const clinical, it, imaging = "clinical engineering", "hospital IT", "imaging service"
	return []stock{
		{pump, "PUMP", maker, "pump-7", "AP7", "2.0.0", "infusion", clinical, "high", model.Endpoint, pumpLink, 10},
		{monitor, "MON", maker, "monitor-3", "AM3", "5.3.0", "monitoring", clinical, "high", model.Endpoint, monitorLink, 10},
		{pumpServer, "PSRV", maker, "pump-server", "APS", "9.1", "infusion", it, "high", model.Server, pumpLink, 2},
		{gateway, "GW", maker, "ward-gateway", "AGW", "3.2", "monitoring", it, "high", model.Gateway, monitorLink, 2},
		{programmer, "PROG", "cardio-example", "programmer-20", "CP2", "1.8", "service", clinical, "medium", model.Endpoint, serviceLink, 10},
		{workstation, "WS", "imaging-example", "modality-ws", "IW", "10.4", "imaging", imaging, "medium", model.Workstation, imagingLink, 10},
		{laptop, "LAP", "service-example", "laptop-5", "SL5", "11", "service", imaging, "low", model.ServiceLaptop, serviceLink, 2},
	}
}

// counts says how many devices of each kind a ward of n has. There is always a pump; the pumps are the rest.
func counts(n int) map[kind]int {
	c := map[kind]int{workstation: n / 10, monitor: n / 5}
	for k, from := range map[kind]int{pumpServer: 2, gateway: 4, programmer: 6, laptop: 20} {
		if n >= from {
			c[k] = 1 + n/500
		}
	}
	c[pump] = n
	for k, m := range c {
		if k != pump {
			c[pump] -= m
		}
	}
	return c
}

func (w *Ward) populate() {
	w.of, w.byAddr = map[kind][]int{}, map[netip.Addr]int{}
	dice, many := w.dice("devices"), counts(w.opt.Devices)
	for _, b := range stocks() {
		for i := range many[b.kind] {
			host := frame.HostAt(onLink(b.link, b.first, i))
			w.add(Device{
				Asset: fmt.Sprintf("%s-%03d", b.prefix, i+1), Vendor: b.vendor, Model: b.model,
				Serial: fmt.Sprintf("%s-%05d", b.serial, 10_000+7*i+dice.IntN(7)), Version: b.version,
				MAC: macText(host.MAC), IPs: []netip.Addr{host.Addr}, Location: place(b.kind, i), Zone: b.zone, Owner: b.owner,
				Role: b.role, Criticality: b.criticality, kind: b.kind, host: host,
			})
		}
	}
	w.addRouter()
	for i, s := range []struct{ asset, model string }{{"SRV-NET", "dns, dhcp and time"}, {"SRV-HL7", "interface engine"}, {"SRV-PACS", "image archive"}} {
		addr := []netip.Addr{netServer(), hl7Server(), pacsServer()}[i]
		w.add(Device{
			Asset: s.asset, Model: s.model, IPs: []netip.Addr{addr}, Location: "data centre", Zone: "servers", Owner: "hospital IT",
			Role: model.Server, Criticality: "high", kind: hospital, host: frame.Host{Addr: addr},
		})
	}
}

func (w *Ward) addRouter() {
	d := Device{
		Asset: "RTR-001", Model: "router", MAC: macText(routerMAC()), Location: "ward 3, wiring closet", Zone: "network",
		Owner: "hospital IT", Role: model.Gateway, Criticality: "high", kind: router, host: frame.Host{MAC: routerMAC(), Addr: routerOn(pumpLink)},
	}
	for link := range links {
		d.IPs = append(d.IPs, routerOn(link))
	}
	w.add(d)
}

func (w *Ward) add(d Device) {
	w.of[d.kind] = append(w.of[d.kind], len(w.devices))
	for _, a := range d.IPs {
		w.byAddr[a] = len(w.devices)
	}
	w.devices = append(w.devices, d)
}

func place(k kind, i int) string {
	switch k {
	case pumpServer, gateway:
		return "ward 3, wiring closet"
	case workstation:
		return fmt.Sprintf("imaging, room %d", 1+i)
	case programmer, laptop:
		return "clinical engineering"
	}
	return fmt.Sprintf("ward %d, bed %d", 3+i/24, 1+i%24)
}

// onLink returns the i-th address of a link from a first one on. Every network of 256 is used up to 250.
func onLink(link, first, i int) netip.Addr {
	const each = 240
	return netip.AddrFrom4([4]byte{10, 20, byte(16*link + i/each), byte(first + i%each)})
}

// routerOn returns the router's address on a link.
func routerOn(link int) netip.Addr { return netip.AddrFrom4([4]byte{10, 20, byte(16 * link), 1}) }

// routerMAC is the same on every link, as with most routers.
func routerMAC() [6]byte { return frame.HostAt(routerOn(pumpLink)).MAC }

// linkOf returns the link of an address, -1 for none of the ward.
func linkOf(a netip.Addr) int {
	b := a.As4()
	if b[0] != 10 || b[1] != 20 {
		return -1
	}
	return int(b[2] / 16)
}

func macText(m [6]byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

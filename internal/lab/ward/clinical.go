package ward

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
)

// The hosts that devices speak to inside TLS.
const (
	telemetryHost = "telemetry.acme.example"
	analyticsHost = "analytics.nimbus.example"
	serviceHost   = "remote.service.example"
	recordHost    = "records." + domain
)

// cloud returns the deed of fetching something between two sizes from a host inside TLS. Half of the
// clients speak version 1.2, whose certificates a sensor sees.
func cloud(host string, least, most int) deed {
	return func(d *day, e *errand) lab.Event {
		c := lab.Conversation{TLS: 0x0303 + uint16(e.device%2), Agent: e.who.Model}
		size := least + e.dice.IntN(most-least)
		c.Fetch = []lab.Object{
			{Path: "/v2/session", Body: lab.NoiseBody(e.dice.Uint64(), 400+e.dice.IntN(800))},
			{Path: "/v2/data", Body: lab.NoiseBody(e.dice.Uint64(), size)},
		}
		return d.call(e, host, 443, c)
	}
}

// poll is how a pump tells its server that all is well, and asks what is new.
func poll(d *day, e *errand) lab.Event {
	server := d.first(pumpServer, e.device)
	if server == nil {
		return lab.Event{At: e.at}
	}
	down := d.number == outage && e.appointment.at >= outageFrom && e.appointment.at < outageTo
	c := lab.Conversation{Agent: "pump-7/" + e.who.Version, Refused: down}
	if !down {
		said := fmt.Sprintf(`{"asset":%q,"version":%q,"battery":%d,"alarms":0,"uptime":%d}`, e.who.Asset, e.who.Version, 40+e.dice.IntN(61), e.dice.IntN(1<<20))
		told := fmt.Sprintf(`{"library":%d,"configuration":%d,"message":null,"next":900}`, d.libraryVersion(), d.number)
		c.Fetch = []lab.Object{{Path: "/v1/status", Post: []byte(said), Body: lab.BytesBody([]byte(told)), Type: "application/json", Ref: fetch{meant: Noise}}}
	}
	return d.near(e, server, "pumps."+domain, 80, c)
}

// libraryVersion says which drug library is in force: a new one every fourth day.
func (d *day) libraryVersion() int { return 17 + (d.number-1)/4 }

// library is a pump that fetches the drug library, as text with nothing of any patient.
func library(d *day, e *errand) lab.Event {
	name := fmt.Sprintf("drug-library-%d.xml", d.libraryVersion())
	return d.fromPumpServer(e, "/library/"+name, "text/xml", d.drugs())
}

// drugs returns the drug library in force.
func (d *day) drugs() []byte {
	var b strings.Builder
	dice := d.dice("library", d.libraryVersion())
	fmt.Fprintf(&b, "<?xml version=\"1.0\"?>\n<library version=\"%d\" site=%q>\n", d.libraryVersion(), site)
	for i := range 220 {
		fmt.Fprintf(&b, " <drug id=\"D%04d\" name=\"synthetic %d\" unit=\"mL/h\" low=\"%d.%d\" high=\"%d\" max=\"%d\"/>\n",
			1000+i, i+1, dice.IntN(3), dice.IntN(10), 10+dice.IntN(40), 60+dice.IntN(140))
	}
	b.WriteString("</library>\n")
	return []byte(b.String())
}

// configuration is a pump that fetches what is set for it.
func configuration(d *day, e *errand) lab.Event {
	text := fmt.Sprintf("{\"asset\":%q,\"profile\":%q,\"alarm_volume\":%d,\"lock\":true,\"rates\":[", e.who.Asset, e.who.Zone, 4+e.dice.IntN(5))
	for i := range 60 {
		text += fmt.Sprintf("%d,", 10+i*e.dice.IntN(9))
	}
	return d.fromPumpServer(e, "/configuration/"+strings.ToLower(e.who.Asset)+".json", "application/json", []byte(text+"0]}\n"))
}

func (d *day) fromPumpServer(e *errand, path, mime string, body []byte) lab.Event {
	server := d.first(pumpServer, e.device)
	if server == nil {
		return lab.Event{At: e.at}
	}
	return d.near(e, server, "pumps."+domain, 80, lab.Conversation{
		Agent: "pump-7/" + e.who.Version,
		Fetch: []lab.Object{{Path: path, Body: lab.BytesBody(body), Type: mime, Ref: fetch{meant: Noise}}},
	})
}

// report is a monitor that sends its results to the gateway; forward is the gateway that hands results on
// to the interface engine.
func report(d *day, e *errand) lab.Event {
	if g := d.first(gateway, e.device); g != nil {
		return d.near(e, g, "", 2575, lab.Conversation{Say: results(e, 1)})
	}
	return lab.Event{At: e.at}
}

func forward(d *day, e *errand) lab.Event {
	engine := &d.devices[d.of[hospital][1]]
	return d.near(e, engine, "", 2575, lab.Conversation{Say: results(e, 2+e.dice.IntN(4)), Trip: 2 * time.Millisecond})
}

// store is a modality that sends an image to the archive.
func store(d *day, e *errand) lab.Event {
	archive := &d.devices[d.of[hospital][2]]
	return d.near(e, archive, "", 11112, lab.Conversation{Say: study(e), Rate: 200_000_000, Trip: time.Millisecond})
}

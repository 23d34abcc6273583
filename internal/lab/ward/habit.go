package ward

import "time"

// When things happen, since midnight.
const (
	hour    = time.Hour
	morning = 7 * hour
	evening = 18 * hour
)

// habits writes down what a device does on any day.
func (d *day) habits(device int) {
	b := d.diary(device, "habits", 0)
	switch who := &d.devices[device]; who.kind {
	case pump:
		b.wake()
		b.pump(d.number)
	case monitor:
		b.wake()
		b.every(30*time.Minute, report)
		b.some(2, 0, 24*hour, cloud(telemetryHost, 2_000, 20_000))
	case pumpServer, gateway:
		b.at(time.Duration(b.dice.IntN(1000))*time.Millisecond, greet, 0)
		b.server(who.kind)
	case programmer, laptop:
		b.wake()
		b.some(3, morning, evening, cloud(serviceHost, 20_000, 200_000))
		if who.kind == laptop {
			b.some(2, morning, evening, fetchStatus)
		}
	case workstation:
		b.wake()
		b.workstation()
	case router, hospital: // what they do is seen where they serve
	}
}

// wake is how a device with a leased address begins the day. All are switched on before the first one, and
// on the third day the power of the ward fails.
func (b *diary) wake() {
	b.at(time.Duration(b.dice.IntN(600_000))*time.Millisecond, lease, 0)
	if b.day.number == powerCut {
		b.at(blackout+time.Duration(b.dice.IntN(90_000))*time.Millisecond, lease, 0)
	}
}

// Things that go wrong on a ward and mean no harm.
const (
	outage   = 2 // the day on which the pump servers are down for a while
	powerCut = 3
	blackout = 3*hour + 10*time.Minute

	outageFrom, outageTo = 9 * hour, 9*hour + 20*time.Minute
)

func (b *diary) pump(number int) {
	b.every(15*time.Minute, poll)
	if number == outage {
		b.some(3, outageFrom, outageTo, poll) // a device that gets no answer tries again
	}
	if number == powerCut {
		b.at(blackout+95*time.Second+time.Duration(b.dice.IntN(60_000))*time.Millisecond, poll, 0)
	}
	if (number+b.device)%2 == 0 {
		b.some(1, 5*hour, 7*hour, library)
	}
	b.some(1, 0, 24*hour, configuration)
	b.some(1, 0, 24*hour, cloud(telemetryHost, 4_000, 30_000))
	b.some(1, 0, 24*hour, askTime)
}

func (b *diary) server(k kind) {
	b.every(time.Hour, askTime)
	if k == gateway {
		b.every(10*time.Minute, forward)
		b.every(time.Hour, cloud(analyticsHost, 80_000, 250_000))
		return
	}
	b.some(2, 1*hour, 4*hour, fetchPackage)
	b.some(4, 0, 24*hour, cloud(telemetryHost, 10_000, 90_000))
}

func (b *diary) workstation() {
	b.some(7+b.dice.IntN(4), morning+hour, evening, store)
	b.some(8, morning, evening, cloud(recordHost, 20_000, 150_000))
	b.some(1, 12*hour, 14*hour, fetchUpdate)
	b.some(1, 12*hour, 14*hour, fetchDefinitions)
	b.some(1, morning, evening, fetchTrustList)
	b.some(3, morning, evening, fetchStatus)
	b.some(1, 0, 24*hour, askTime)
}

// powerless reports whether the ward has no power at a time.
func (b *diary) powerless(at time.Duration) bool {
	return b.day.number == powerCut && at >= blackout-5*time.Minute && at < blackout
}

package ward

import (
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// maxWave bounds how many devices get a release on one day, and so the size of a capture.
const maxWave = 40

// rollOut writes down which devices get the newest release of their product today: a quarter of the pumps,
// then the next quarter, and so on, each in the next of the styles, and one monitor in eight.
func (d *day) rollOut() {
	from, to := turn(len(d.order), 4, d.number)
	for i := from; i < to; i++ {
		b := d.diary(d.order[i], "roll-out", 1000)
		at := 10*hour + time.Duration(i-from)*2*time.Minute + time.Duration(b.dice.IntN(60_000))*time.Millisecond
		b.at(at, fetchRelease(pumpNew, i%styles), 0)
		if i%styles == ranged { // the rest of it, on a connection of its own
			b.at(at+3*time.Second, fetchRest(pumpNew), 0)
		}
	}
	monitors := d.of[monitor]
	from, to = turn(len(monitors), 8, d.number)
	for _, device := range monitors[from:to] {
		b := d.diary(device, "roll-out", 1000)
		b.some(1, 13*hour, 15*hour, fetchRelease(monitorNew, plain))
	}
}

// turn returns the range of those whose turn it is when one part in so many comes each day, from day 1 on.
func turn(n, parts, number int) (from, to int) {
	wave := min(maxWave, max(1, n/parts))
	from = min(n, (number-1)*wave)
	return from, min(n, from+wave)
}

// How a release crosses the wire and is seen: each style is another way in which a mirror is not the wire.
const (
	plain  = iota
	ranged // in ranges, on two connections
	zipped // gzip, in chunks
	routed // seen before and after a router
	tagged // with other VLAN tags each way
	lossy  // the mirror loses some of the frames
	merged // segments joined by the network card, checksums not filled in
	shaken // out of order, sent again, and past the end of the sequence numbers
	styles // how many there are
)

func distortion(style int) *lab.Distortion {
	switch style {
	case routed:
		return &lab.Distortion{Twice: true}
	case tagged:
		return &lab.Distortion{Tags: [2]frame.Tags{{Inner: 120}, {Outer: 7, Inner: 121}}}
	case lossy:
		return &lab.Distortion{Lose: 0.03}
	case merged:
		return &lab.Distortion{Segment: 8 * 1448, Sum: frame.SumPseudo}
	case shaken:
		return &lab.Distortion{Reorder: 0.02, Duplicate: 0.02, Overlap: 0.01, Wrap: true}
	}
	return nil
}

// fetchRelease returns the deed of fetching a release from its maker.
func fetchRelease(which, style int) deed {
	return func(d *day, e *errand) lab.Event {
		r := &d.releases[which]
		if style == ranged {
			return d.fetchRanges(e, r)
		}
		return d.fromMaker(e, distortion(style), lab.Object{
			Path: "/fw/" + r.Name, Body: lab.BytesBody(r.Body), Gzip: style == zipped, Ref: fetch{meant: Genuine, release: r},
		})
	}
}

func (d *day) fromMaker(e *errand, seen *lab.Distortion, all ...lab.Object) lab.Event {
	return d.call(e, updateHost, 80, lab.Conversation{Agent: e.who.Model + "/" + e.who.Version, Fetch: all, Mirror: seen, Rate: 20_000_000})
}

const ranges = 5 // of one download

// fetchRanges fetches all ranges of a release but the last, fetchRest that one.
func (d *day) fetchRanges(e *errand, r *Release) lab.Event {
	whole := &parted{left: int64(len(r.Body)), complete: true}
	d.parted[e.device] = whole
	var all []lab.Object
	for i := range int64(ranges - 1) {
		o := piece(r, i, whole)
		if i == 2 {
			o.Wait = time.Second
		}
		all = append(all, o)
	}
	return d.fromMaker(e, nil, all...)
}

func fetchRest(which int) deed {
	return func(d *day, e *errand) lab.Event {
		return d.fromMaker(e, nil, piece(&d.releases[which], ranges-1, d.parted[e.device]))
	}
}

func piece(r *Release, i int64, whole *parted) lab.Object {
	size := int64(len(r.Body))
	return lab.Object{
		Path: "/fw/" + r.Name, Body: lab.BytesBody(r.Body), From: i * size / ranges, To: (i + 1) * size / ranges,
		Ref: fetch{meant: Genuine, release: r, parted: whole},
	}
}

// story writes down what a person should know about: on the first day a pump fetches what is in no release
// and another one a release with a byte changed on the way; on the second a pump fetches an older release
// than it got the day before.
func (d *day) story() {
	last := len(d.order) - 1
	switch d.number {
	case 1:
		b := d.diary(d.order[last], "story", 2000)
		b.some(1, 14*hour, 14*hour+40*time.Minute, fetchStranger)
		b = d.diary(d.order[max(0, last-1)], "story", 3000)
		b.some(1, 15*hour, 15*hour+40*time.Minute, fetchAltered)
	case 2:
		b := d.diary(d.order[0], "story", 2000)
		b.some(1, 11*hour+30*time.Minute, 12*hour, fetchOld)
	}
}

func fetchStranger(d *day, e *errand) lab.Event {
	return d.fromMaker(e, nil, lab.Object{Path: "/fw/" + strangerName, Body: lab.BytesBody(d.stranger), Ref: fetch{meant: Stranger}})
}

func fetchAltered(d *day, e *errand) lab.Event {
	r := &d.releases[pumpNew]
	return d.fromMaker(e, nil, lab.Object{Path: "/fw/" + r.Name, Body: lab.BytesBody(d.altered), Ref: fetch{meant: Altered, release: r}})
}

func fetchOld(d *day, e *errand) lab.Event {
	r := &d.releases[pumpOld]
	return d.fromMaker(e, nil, lab.Object{Path: "/fw/" + r.Name, Body: lab.BytesBody(r.Body), Ref: fetch{meant: Older, release: r}})
}

package ward

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
)

// appointment is something that a device does at a time of the day. What it is in detail is decided when
// its time has come, so that a day of thousands of devices is a short list.
type appointment struct {
	at     time.Duration // since midnight
	device int
	n      int // of the device's appointments of the day
	do     deed
	arg    int
}

// deed is what a device does.
type deed func(*day, *errand) lab.Event

// day is one day while it is being made. It is owned by one goroutine.
type day struct {
	*Ward
	number int // from 1
	start  time.Time
	list   []appointment
	parted map[int]*parted // downloads in ranges, by device
}

// errand is an appointment whose time has come.
type errand struct {
	appointment
	who  *Device
	dice *rand.Rand
	at   time.Time
}

// WriteDay writes the capture of a day, counted from 1, in the order of time, and tells what each device
// fetched when its connection ended; tell may be nil. Days are independent of each other, but the servers'
// certificates last from one day to the next.
func (w *Ward) WriteDay(ctx context.Context, to io.Writer, number int, tell func(Fetch) error) (lab.Size, error) {
	if number < 1 || number > MaxDays {
		return lab.Size{}, fmt.Errorf("ward: day %d: 1 to %d", number, MaxDays)
	}
	if tell == nil {
		tell = func(Fetch) error { return nil }
	}
	authority := w.authorities[0]
	if number >= migration {
		authority = w.authorities[1]
	}
	if number > 1 && w.renewed != number && (number-1)%4 == 0 {
		authority.Renew() // certificates are replaced every fourth day
		w.renewed = number
	}
	d := w.plan(number)
	return lab.Play(ctx, to, lab.Script{
		Seed: w.dice("play", number).Uint64(), Start: d.start, Events: d.events(), Authority: authority,
		Object:  func(t lab.Truth) error { return d.object(t, tell) },
		Session: func(s lab.Session) error { return tell(d.session(s)) },
	})
}

// migration is the day from which the servers' certificates come from another authority.
const migration = 10

// plan lists what happens on a day.
func (w *Ward) plan(number int) *day {
	d := &day{Ward: w, number: number, start: w.opt.Start.AddDate(0, 0, number-1), parted: map[int]*parted{}}
	for i := range w.devices {
		d.habits(i)
	}
	d.rollOut()
	d.story()
	slices.SortFunc(d.list, func(a, b appointment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.device, b.device), cmp.Compare(a.n, b.n))
	})
	return d
}

// events yields what happens, in the order of time.
func (d *day) events() iter.Seq[lab.Event] {
	return func(yield func(lab.Event) bool) {
		for _, a := range d.list {
			e := &errand{
				appointment: a, who: &d.devices[a.device], dice: d.dice("errand", d.number, a.device, a.n), at: d.start.Add(a.at),
			}
			if !yield(a.do(d, e)) {
				return
			}
		}
	}
}

// diary is where the appointments of one device are written down.
type diary struct {
	day    *day
	device int
	n      int
	dice   *rand.Rand
}

func (d *day) diary(device int, purpose string, first int) *diary {
	return &diary{day: d, device: device, n: first, dice: d.dice(purpose, d.number, device)}
}

// at writes down one appointment. What would lie outside the day, or in a power cut,
// is left out.
func (b *diary) at(at time.Duration, do deed, arg int) {
	if at >= 0 && at < lastMinute && !b.powerless(at) {
		b.day.list = append(b.day.list, appointment{at, b.device, b.n, do, arg})
	}
	b.n++
}

// lastMinute is when nothing begins any more, so that nothing goes on after midnight.
const lastMinute = 23*time.Hour + 59*time.Minute

// some writes down n appointments at any time between two hours.
func (b *diary) some(n int, from, to time.Duration, do deed) {
	for range n {
		b.at(from+time.Duration(b.dice.Int64N(int64(to-from))), do, b.dice.IntN(1<<20))
	}
}

// every writes down an appointment in each interval, always about as late in it, as a timer of a device is.
func (b *diary) every(interval time.Duration, do deed) {
	phase := time.Duration(b.dice.Int64N(int64(interval)))
	for i := range int(24 * time.Hour / interval) {
		b.at(time.Duration(i)*interval+phase+time.Duration(b.dice.IntN(2000))*time.Millisecond, do, i)
	}
}

// port returns the device's port for a connection: another one for every appointment of the day.
func (e *errand) port() uint16 { return uint16(32768 + (e.n*7+e.device*13)%28000) }

// end returns the device's side of a connection.
func (e *errand) end() netip.AddrPort { return netip.AddrPortFrom(e.who.host.Addr, e.port()) }

package cli

import (
	"sync/atomic"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/clock"
)

// The days of a demo's story, counted back from today. What is published 9 days ago is good for 30 days.
const (
	demoKeysMade  = 28
	demoConfirmed = 6
	demoImported  = 5
	demoWard      = 1
	demoToday     = 0
)

// demoSigned are the days on which the maker signs the releases of the ward, in their order.
var demoSigned = [...]int{26, 12, 9}

// storyClock is the clock of the homes in a demo. It is not the time: the maker of the story signs weeks before
// the ward fetches, which takes a second here, so the clock is turned to the day of each step and runs on from there.
// The last steps are of today, and from then on it tells the time. What is signed under it has dates that are as
// made up as the ward, which the root of each of these homes says by being that of a lab. It is safe for concurrent use.
type storyClock struct {
	ahead atomic.Int64 // of the machine's clock, as a [time.Duration]; behind it when negative
}

var _ clock.Clock = (*storyClock)(nil)

// Now returns the time in the story, in UTC.
func (c *storyClock) Now() time.Time {
	return clock.System{}.Now().Add(time.Duration(c.ahead.Load()))
}

// turn goes to nine in the morning so many days ago, or to the present.
func (c *storyClock) turn(daysAgo int) {
	if daysAgo == demoToday {
		c.ahead.Store(0)
		return
	}
	now := clock.System{}.Now()
	day := now.AddDate(0, 0, -daysAgo).Truncate(24 * time.Hour)
	c.ahead.Store(int64(day.Add(9 * time.Hour).Sub(now)))
}

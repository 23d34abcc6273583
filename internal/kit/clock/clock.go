// Package clock is where Cordon reads the time, so that tests can set it. Times are UTC.
package clock

import "time"

// Clock tells the present time.
type Clock interface {
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now returns the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Fixed is a clock that stands still.
type Fixed time.Time

// Now returns the fixed time.
func (f Fixed) Now() time.Time { return time.Time(f).UTC() }

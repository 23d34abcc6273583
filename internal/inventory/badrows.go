package inventory

import (
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// MaxBadRows is how many bad rows of one file are named.
const MaxBadRows = 100

// BadRow is one line that could not be read, and why.
type BadRow struct {
	Line int // from 1, the header's own; of a record over several lines, its first
	Err  error
}

// BadRows are the lines of a device list that could not be read. [ReadDevices] returns it as the cause of
// its fault.
type BadRows struct {
	Rows []BadRow // at most MaxBadRows, by line
	More int      // bad rows that are not named
}

// Error names every line.
func (b *BadRows) Error() string {
	parts := make([]string, 0, len(b.Rows)+1)
	for _, r := range b.Rows {
		parts = append(parts, fmt.Sprintf("line %d: %v", r.Line, r.Err))
	}
	if b.More > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", b.More))
	}
	return strings.Join(parts, "; ")
}

func (b *BadRows) add(line int, err error) {
	if len(b.Rows) == MaxBadRows {
		b.More++
		return
	}
	b.Rows = append(b.Rows, BadRow{line, err})
}

// fault returns the error for the operator; nil when no row is bad.
func (b *BadRows) fault() error {
	switch n := len(b.Rows) + b.More; n {
	case 0:
		return nil
	case 1:
		return fault.Wrap(b, fault.BadRows, "one row of the device list cannot be read and nothing was taken")
	default:
		return fault.Wrap(b, fault.BadRows, "%d rows of the device list cannot be read and nothing was taken", n)
	}
}

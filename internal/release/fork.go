package release

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// ForkError says that a publication log showed two histories. Both notes are signed by the log's keys and
// cannot both be honest: whoever holds them can prove it. It is of the family [fault.LogForked].
type ForkError struct {
	Org   string
	A, B  []byte // signed notes, the one held before first
	cause *fault.Error
}

func forked(org string, held, shown note) *ForkError {
	return &ForkError{Org: org, A: held.signed, B: shown.signed, cause: fault.New(fault.LogForked,
		"the publication log of %q shows two histories: %d entries with root %s were seen before, and %d entries with root %s do not continue them",
		org, held.size, held.root, shown.size, shown.root)}
}

// note is a checkpoint as far as a fork is about it.
type note struct {
	signed []byte
	size   int64
	root   fmt.Stringer
}

// Error is the text of the fault.
func (e *ForkError) Error() string { return e.cause.Error() }

// Unwrap returns the fault.
func (e *ForkError) Unwrap() error { return e.cause }

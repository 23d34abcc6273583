// Package fault is Cordon's one error type: a stable code, a sentence for the operator, a hint, and
// the cause. It crosses every boundary (rooms, command line, HTTP, logs) unchanged.
//
// Most callers need two calls: [New] for something Cordon itself refuses, [Wrap] for something that
// failed underneath. The exit code follows from the code, see [Table]. A fault never carries secrets:
// its public text may be printed, logged and sent to a partner.
package fault

import (
	"errors"
	"fmt"
)

// Error is a failure with a stable code. The zero value is not useful; use [New] or [Wrap].
type Error struct {
	code   Code
	public string
	hint   string
	cause  error
}

// New returns a fault with the given code. The text says what happened to which thing, in lower case,
// without a final full stop.
func New(code Code, format string, args ...any) *Error {
	return &Error{code: code, public: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault that keeps err as its cause. The cause's text is appended to the public text.
// Wrapping nil returns nil, typed as *Error: use it only where err is known to be set.
func Wrap(err error, code Code, format string, args ...any) *Error {
	if err == nil {
		return nil
	}
	return &Error{code: code, public: fmt.Sprintf(format, args...), cause: err}
}

// Hint returns the fault with a sentence that says what to do next.
func (e *Error) Hint(format string, args ...any) *Error {
	c := *e
	c.hint = fmt.Sprintf(format, args...)
	return &c
}

// Error is the public text, followed by the cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.public
	}
	return e.public + ": " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a [Code] equal to this fault's, so that errors.Is(err, fault.NotFound)
// asks for a family.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.code
}

// Code returns the stable code.
func (e *Error) Code() Code { return e.code }

// CodeOf returns the code of the outermost fault in err's chain, or [Internal] when there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.code
	}
	return Internal
}

// HintOf returns the first hint in err's chain; when nobody gave one, the standing hint of its code.
func HintOf(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if f, ok := e.(*Error); ok && f.hint != "" { //nolint:errorlint // walks the chain by hand
			return f.hint
		}
	}
	return Table[CodeOf(err)].Hint
}

// ExitOf maps an error to the process exit code of DESIGN section 7; nil is 0.
func ExitOf(err error) int {
	if err == nil {
		return 0
	}
	if d, ok := Table[CodeOf(err)]; ok {
		return d.Exit
	}
	return 1
}

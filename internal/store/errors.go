package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteError    = 1
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// sqliteCode returns the primary result code inside an error. It asks for the method instead of the
// driver's type, so that a driver in front of the real one can report faults.
func sqliteCode(err error) (int, bool) {
	var c interface {
		error
		Code() int
	}
	if !errors.As(err, &c) {
		return 0, false
	}
	return c.Code() & 0xff, true
}

// classify gives a database error its stable code. Faults pass unchanged; nil stays nil.
func classify(err error, doing string) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return fault.Wrap(err, fault.Interrupted, "database: %s", doing)
	}
	code, ok := sqliteCode(err)
	if !ok {
		return fmt.Errorf("database: %s: %w", doing, err)
	}
	switch code {
	case sqliteBusy, sqliteLocked:
		return fault.Wrap(err, fault.Locked, "database: %s: another process is writing", doing)
	case sqliteReadOnly:
		return fault.Wrap(err, fault.ReadOnly, "database: %s", doing)
	case sqliteFull:
		return fault.Wrap(err, fault.DiskFull, "database: %s", doing)
	case sqliteCorrupt, sqliteNotADB:
		return fault.Wrap(err, fault.Damaged, "database: %s", doing)
	case sqliteIOErr:
		return fault.Wrap(err, fault.WriteFailed, "database: %s", doing)
	case sqliteCantOpen:
		return fault.Wrap(err, fault.ReadFailed, "database: %s", doing)
	}
	return fmt.Errorf("database: %s: %w", doing, err)
}

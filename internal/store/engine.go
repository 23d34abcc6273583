package store

import (
	"context"

	sqlite3 "modernc.org/sqlite/lib"
)

// Engine returns the version of SQLite that is linked in.
func Engine() string { return sqlite3.SQLITE_VERSION }

// Schema returns the version of the database's schema.
func (db *DB) Schema(ctx context.Context) (int64, error) { return versionOf(ctx, db.reads) }

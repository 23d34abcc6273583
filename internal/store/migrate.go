package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

//go:embed migrations
var migrations embed.FS

// schemaVersion is the newest migration in the binary.
const schemaVersion = 2

// versionOf returns the schema's version; 0 when the database has none yet.
func versionOf(ctx context.Context, db *sql.DB) (int64, error) {
	var v int64
	err := ctx.Err()
	if err == nil {
		err = db.QueryRowContext(context.WithoutCancel(ctx), `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&v)
	}
	switch code, known := sqliteCode(err); {
	case err == nil:
		return v, nil
	case known && code == sqliteError: // no such table
		return 0, nil
	}
	return 0, classify(err, "read the version of the schema")
}

// checkVersion says whether this binary can use the schema as it is.
func checkVersion(v int64) error {
	if v > schemaVersion {
		return fault.New(fault.NewerSchema, "the database has schema %d, this program knows up to %d", v, schemaVersion).
			Hint("use the newer cordon that wrote it")
	}
	return nil
}

// setUp brings the schema up to date. Several processes may open a new home at once, and SQLite does not
// wait for its turn when it switches to a write-ahead log; so this does, as long as a write would.
func setUp(ctx context.Context, db *sql.DB, wait time.Duration) error {
	const pause = 20 * time.Millisecond
	for deadline := time.Now().Add(wait); ; {
		err := migrate(ctx, db)
		if !errors.Is(err, fault.Locked) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return classify(ctx.Err(), "wait for the turn to set up")
		case <-time.After(pause):
		}
	}
}

// migrate is one attempt. When another process was faster it fails, and looks again.
func migrate(ctx context.Context, db *sql.DB) error {
	v, err := versionOf(ctx, db)
	if err != nil {
		return err
	}
	if err := checkVersion(v); err != nil || v == schemaVersion {
		return err
	}
	if err := runMigrations(ctx, db); err != nil {
		switch now, again := versionOf(ctx, db); {
		case again == nil && now == schemaVersion:
			return nil
		case again == nil && now > v: // the other process is not done yet
			return fault.Wrap(err, fault.Locked, "another process brings the schema up to date")
		}
		return classify(err, "bring the schema up to date")
	}
	return nil
}

func runMigrations(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	_, err = p.Up(ctx)
	return err
}

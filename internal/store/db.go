package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"modernc.org/sqlite"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// defaultWait is how long a write waits for another process before it gives up with exit code 12.
const defaultWait = 5 * time.Second

// Options are what [Open] may be told. The zero value opens for reading and writing.
type Options struct {
	ReadOnly bool
	// Still makes ReadOnly change no byte of the database, not even by folding in what a process that was killed
	// left in the write-ahead log.
	Still bool
	// Driver speaks to SQLite; nil: modernc.org/sqlite. Tests put a faulty one in front of it.
	Driver driver.Driver
	// Wait is how long a write waits for its turn; 0: five seconds.
	Wait time.Duration
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	path   string
	wait   time.Duration
	reads  *sql.DB
	writes *sql.DB // nil when opened for reading only
	// turn holds the one write session; whoever takes it out owns it until it is put back.
	turn   chan *session
	asking chan *changes
	frozen bool // it is read as a file that nobody changes; set while it is opened
}

// Open opens the database at path; unless read-only it creates the file (mode 0600) and brings its
// schema up to date. Errors carry [fault.NoHome], [fault.ReadOnly], [fault.Damaged], [fault.NewerSchema],
// [fault.DiskFull] or [fault.Locked].
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	if opts.Wait == 0 {
		opts.Wait = defaultWait
	}
	if opts.Driver == nil {
		opts.Driver = &sqlite.Driver{}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	db := &DB{path: abs, wait: opts.Wait, turn: make(chan *session, 1), asking: make(chan *changes, 1)}
	db.turn <- &session{}
	db.asking <- &changes{}
	if opts.ReadOnly {
		err = db.openReadOnly(ctx, opts)
	} else {
		err = db.openWritable(ctx, opts)
	}
	if err != nil {
		_ = db.Close() // the first error says more
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	return db, nil
}

func (db *DB) openWritable(ctx context.Context, opts Options) error {
	if err := createFile(db.path); err != nil {
		return err
	}
	db.writes = db.pool(opts, accessWrite, 1)
	if err := setUp(ctx, db.writes, opts.Wait); err != nil {
		return err
	}
	db.reads = db.pool(opts, accessRead, max(4, runtime.NumCPU()))
	return nil
}

// createFile makes the database file before SQLite does, because SQLite would leave its mode to umask.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(err, fault.NoHome, "there is no such folder")
	case errors.Is(err, fs.ErrPermission) || isReadOnlyFS(err):
		return fault.Wrap(err, fault.ReadOnly, "the file cannot be written")
	case err != nil:
		return fault.Wrap(err, fault.WriteFailed, "create the file")
	}
	return f.Close()
}

// openReadOnly tries the ways to read a database in WAL mode, the least careless first: with the shared
// memory file that SQLite may create, with the one that is there, and, where neither can be and no
// writer left anything in a WAL, as a file that nobody changes.
func (db *DB) openReadOnly(ctx context.Context, opts Options) error {
	if _, err := os.Stat(db.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(err, fault.NoHome, "there is no database")
		}
		return fault.Wrap(err, fault.ReadFailed, "look at the file")
	}
	var first error
	for _, a := range waysToRead(db.path, opts) {
		if a == accessImmutable && walHolds(db.path) {
			return fault.Wrap(first, fault.ReadOnly, "its write-ahead log holds changes that cannot be read from a read-only folder").
				Hint("copy the home, with the -wal file, to a folder that can be written")
		}
		pool := db.pool(opts, a, max(4, runtime.NumCPU()))
		v, err := versionOf(ctx, pool)
		if err == nil {
			db.reads, db.frozen = pool, a == accessImmutable
			return checkReadable(v)
		}
		_ = pool.Close() // nothing was written
		if code := fault.CodeOf(err); code != fault.ReadOnly && code != fault.ReadFailed && code != fault.WriteFailed {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func waysToRead(path string, opts Options) []access {
	switch {
	case !opts.Still:
		return []access{accessRead, accessReadOnly, accessImmutable}
	case walHolds(path):
		// Opened for reading by the system too, SQLite cannot fold the log in when it closes the file.
		return []access{accessReadOnly, accessImmutable}
	}
	return []access{accessImmutable}
}

func checkReadable(v int64) error {
	if v == 0 {
		return fault.New(fault.NoHome, "the database was never set up")
	}
	if v < schemaVersion {
		return fault.New(fault.OldSchema, "the database has the older schema %d and must be written once to bring it to %d", v, schemaVersion)
	}
	return checkVersion(v)
}

// walHolds reports whether a write-ahead log lies beside the database with something in it.
func walHolds(path string) bool {
	st, err := os.Stat(path + "-wal")
	return err == nil && st.Size() > 0
}

// Close closes the database. It waits for an update that is under way.
func (db *DB) Close() error {
	s, c := <-db.turn, <-db.asking
	err := errors.Join(s.drop(false), c.close())
	for _, p := range []*sql.DB{db.reads, db.writes} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	db.turn <- s
	db.asking <- c
	return err
}

// Path returns where the database lies.
func (db *DB) Path() string { return db.path }

// View runs fn on a snapshot. It takes no lock and never waits for a writer.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	s := &session{}
	err := s.connect(ctx, db.reads)
	if err == nil {
		err = s.begin(context.WithoutCancel(ctx), db.reads, "BEGIN") // it waits for nobody; see [Tx.ready]
	}
	if err != nil {
		return classify(err, "begin reading")
	}
	defer func() { _ = s.end(ctx, "ROLLBACK"); _ = s.drop(false) }() // nothing was written that could fail
	return fn(&Tx{session: s})
}

// Update runs fn in one durable transaction under the database's write lock. When fn fails nothing is
// kept. It fails with [fault.Locked] when another writer holds the lock for longer than [Options.Wait].
// When the commit itself fails it is not known whether the batch is durable; the next Update starts from
// what the database then says.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if db.writes == nil {
		return fault.New(fault.ReadOnly, "the database %q was opened for reading only", db.path)
	}
	s, err := db.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer func() { db.turn <- s }()
	if err := s.begin(ctx, db.writes, "BEGIN IMMEDIATE"); err != nil {
		return classify(err, "begin writing")
	}
	committed := false
	defer func() {
		// Whatever went wrong, the connection must not keep the lock.
		if !committed && s.end(ctx, "ROLLBACK") != nil {
			_ = s.drop(true)
		}
	}()
	if err := fn(&Tx{session: s, write: true}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return classify(err, "commit")
	}
	if err := s.end(ctx, "COMMIT"); err != nil {
		return classify(err, "commit")
	}
	committed = true
	return nil
}

func (db *DB) takeTurn(ctx context.Context) (*session, error) {
	timer := time.NewTimer(db.wait)
	defer timer.Stop()
	select {
	case s := <-db.turn:
		return s, nil
	case <-timer.C:
		return nil, fault.New(fault.Locked, "database: another write of this process takes longer than %s", db.wait)
	case <-ctx.Done():
		return nil, classify(ctx.Err(), "wait for the turn to write")
	}
}

// Scrub moves everything into the main file and empties the write-ahead log, so that what was erased is
// in neither. It may have to wait for readers; a reader that stays makes it fail with [fault.Locked].
func (db *DB) Scrub(ctx context.Context) error {
	if db.writes == nil {
		return fault.New(fault.ReadOnly, "the database %q was opened for reading only", db.path)
	}
	s, err := db.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer func() { db.turn <- s }()
	if err := s.connect(ctx, db.writes); err != nil {
		return classify(err, "empty the write-ahead log")
	}
	var busy, log, done int
	if err := s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return classify(err, "empty the write-ahead log")
	}
	if busy != 0 {
		return fault.New(fault.Locked, "database: a reader keeps the write-ahead log from being emptied")
	}
	return nil
}

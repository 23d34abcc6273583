package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strconv"
	"syscall"
)

// access is a way to open the file.
type access int

const (
	accessWrite     access = iota
	accessRead             // may create the shared memory file beside a WAL
	accessReadOnly         // only with the shared memory file that is there
	accessImmutable        // as a file that nobody changes: SQLite looks at no WAL
)

// pool returns connections of one kind; none is opened yet.
func (db *DB) pool(opts Options, a access, size int) *sql.DB {
	p := sql.OpenDB(connector{opts.Driver, dsn(db.path, a, opts)})
	p.SetMaxOpenConns(size)
	p.SetMaxIdleConns(size)
	return p
}

func dsn(path string, a access, opts Options) string {
	q := url.Values{}
	q.Set("_busy_timeout", strconv.FormatInt(opts.Wait.Milliseconds(), 10))
	q.Set("_foreign_keys", "on")
	q.Set("_dqs", "0")
	q.Set("_defensive", "1")
	q.Add("_pragma", "trusted_schema(0)")
	switch a {
	case accessWrite:
		q.Set("mode", "rw")
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "FULL")
		// What is erased is overwritten, also inside pages that stay in use.
		q.Add("_pragma", "secure_delete(1)")
		// Batches are megabytes: fold the log into the file once in a while, not after each.
		q.Add("_pragma", "wal_autocheckpoint(4000)")
		q.Add("_pragma", "journal_size_limit(67108864)")
		// Room for the pages of one batch. More than that made appends no faster, and a watch that records is
		// to stay within 64 MiB.
		q.Add("_pragma", "cache_size(-6144)")
	case accessRead:
		q.Set("mode", "rw")
		q.Set("_query_only", "1")
	case accessReadOnly:
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
	case accessImmutable:
		q.Set("mode", "ro")
		q.Set("immutable", "1")
		q.Set("_query_only", "1")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// connector opens connections with one driver, without a name in database/sql's registry.
type connector struct {
	driver driver.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func isReadOnlyFS(err error) bool { return errors.Is(err, syscall.EROFS) }

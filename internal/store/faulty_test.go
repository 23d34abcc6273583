package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

var errInjected = errors.New("injected input/output error")

// mode says how the chosen write fails.
type mode int

const (
	notDone    mode = iota // nothing happened
	doneButBad             // it happened and is reported as failed
	killBefore             // the process dies before it
	killAfter              // the process dies after it
)

// faulty is SQLite's driver with one write that fails. It counts BEGIN IMMEDIATE, every statement that
// writes, and COMMIT.
type faulty struct {
	maxPages int // of the database; 0: no limit

	mu     sync.Mutex // guards what follows
	armed  bool
	count  int
	failAt int // from 1; 0: none
	mode   mode
}

// arm counts from here and lets the n-th write fail.
func (f *faulty) arm(n int, m mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.count, f.failAt, f.mode = true, 0, n, m
}

func (f *faulty) writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// around runs one write, or what is to happen in its place.
func (f *faulty) around(query string, run func() (driver.Result, error)) (driver.Result, error) {
	word, _, _ := strings.Cut(query, " ")
	f.mu.Lock()
	hit := false
	if f.armed && query != "BEGIN" && word != "ROLLBACK" && word != "PRAGMA" {
		f.count++
		hit = f.count == f.failAt
	}
	m := f.mode
	f.mu.Unlock()
	if !hit {
		return run()
	}
	switch m {
	case notDone:
		return nil, errInjected
	case killBefore:
		die()
	}
	res, err := run()
	if m == killAfter {
		die()
	}
	return res, errors.Join(err, errInjected)
}

// die ends the process as kill -9 does.
func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	panic(err)
}

func (f *faulty) Open(name string) (driver.Conn, error) {
	c, err := openSQLite(name)
	if err != nil {
		return nil, err
	}
	if f.maxPages > 0 {
		q := fmt.Sprintf("PRAGMA max_page_count = %d", f.maxPages)
		if _, err := c.ExecContext(context.Background(), q, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &faultyConn{c, f}, nil
}

// conn is what database/sql uses of the real driver's connection.
type conn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.SessionResetter
	driver.Validator
}

func openSQLite(name string) (conn, error) {
	raw, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return nil, err
	}
	c, ok := raw.(conn)
	if !ok {
		return nil, fmt.Errorf("a connection is of type %T", raw)
	}
	return c, nil
}

type faultyConn struct {
	conn
	f *faulty
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.f.around(query, func() (driver.Result, error) { return c.conn.ExecContext(ctx, query, args) })
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	raw, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := raw.(stmt)
	if !ok {
		return nil, fmt.Errorf("a statement is of type %T", raw)
	}
	return &faultyStmt{s, c.f, query}, nil
}

type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	stmt
	f     *faulty
	query string
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.f.around(s.query, func() (driver.Result, error) { return s.stmt.ExecContext(ctx, args) })
}

// cannotOpen is SQLite's driver in a folder where nothing can be created or changed.
type cannotOpen struct{}

// codeError is an error with a result code, as the driver's are.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("result code %d", int(e)) }
func (e codeError) Code() int     { return int(e) }

func (c cannotOpen) Open(name string) (driver.Conn, error) {
	if !strings.Contains(name, "immutable=1") {
		return nil, codeError(14)
	}
	return openSQLite(name)
}

// execSQL changes a closed database behind the store's back.
func execSQL(t *testing.T, path, query string) {
	t.Helper()
	c, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), query, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	stdsync "sync"

	"modernc.org/sqlite"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

var errInjected = errors.New("injected input/output error")

// trouble is what happens to the operation that is chosen.
type trouble int

const (
	notDone    trouble = iota // nothing happened, and an error is reported
	doneButBad                // it happened, and an error is reported
	killBefore                // the process dies before it
	killAfter                 // the process dies after it
	killWithin                // of a write to a file, the process dies when half is written; else as killBefore
)

func (t trouble) String() string {
	return [...]string{"not done", "done but error", "killed before", "killed after", "killed within"}[t]
}

// counter counts the operations that change something and lets the chosen one go wrong. The zero value
// lets all of them pass. One counter may serve a database and a file system, so that their operations
// stand in one order.
type counter struct {
	mu     stdsync.Mutex // guards what follows
	names  []string
	failAt int // from 1; 0: none
	how    trouble
}

// hit notes an operation and reports whether it is the chosen one.
func (c *counter) hit(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = append(c.names, name)
	return len(c.names) == c.failAt
}

// ops returns the names of the operations so far.
func (c *counter) ops() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.names...)
}

// around runs one operation, or what is to happen in its place.
func (c *counter) around(name string, run, half func() error) error {
	if !c.hit(name) {
		return run()
	}
	switch c.how {
	case notDone:
		return errInjected
	case killBefore:
		die()
	case killWithin:
		if half != nil {
			_ = half()
		}
		die()
	}
	err := run()
	if c.how == killAfter {
		die()
	}
	return errors.Join(err, errInjected)
}

// die ends the process as kill -9 does.
func die() {
	if p, err := os.FindProcess(os.Getpid()); err != nil || p.Kill() != nil {
		panic("the process cannot kill itself")
	}
	select {} // until the signal is delivered
}

// faultyDriver is SQLite's driver whose writes are counted: BEGIN IMMEDIATE, every statement that writes,
// COMMIT, and the emptying of the write-ahead log.
type faultyDriver struct{ c *counter }

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

func (f faultyDriver) Open(name string) (driver.Conn, error) {
	raw, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return nil, err
	}
	c, ok := raw.(conn)
	if !ok {
		return nil, fmt.Errorf("a connection is of type %T", raw)
	}
	return &faultyConn{c, f.c}, nil
}

// sql runs one statement through the counter when it changes something.
func (c *counter) sql(query string, run func() error) error {
	word, _, _ := strings.Cut(query, " ")
	if query == "BEGIN" || word == "ROLLBACK" || word == "SELECT" || word == "PRAGMA" && !strings.Contains(query, "wal_checkpoint") {
		return run()
	}
	if len(query) > 30 {
		query = query[:30]
	}
	return c.around(query, run, nil)
}

type faultyConn struct {
	conn
	c *counter
}

func (f *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	err = f.c.sql(query, func() (err error) { res, err = f.conn.ExecContext(ctx, query, args); return err })
	return res, err
}

func (f *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = f.c.sql(query, func() (err error) { rows, err = f.conn.QueryContext(ctx, query, args); return err })
	if err != nil && rows != nil {
		_ = rows.Close()
	}
	return rows, err
}

// BeginTx is how the migrations begin. As with the real driver, nothing stays open after an error.
func (f *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	var tx driver.Tx
	err := f.c.sql("begin a migration", func() error {
		begun, err := f.conn.BeginTx(ctx, opts)
		if err == nil {
			tx = begun
		}
		return err
	})
	if err == nil {
		return faultyTx{tx, f.c}, nil
	}
	if tx != nil {
		_ = tx.Rollback()
	}
	return nil, err
}

type faultyTx struct {
	driver.Tx
	c *counter
}

func (f faultyTx) Commit() error {
	tried := false
	err := f.c.sql("commit a migration", func() error { tried = true; return f.Tx.Commit() })
	if err != nil && !tried {
		_ = f.Rollback()
	}
	return err
}

func (f *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	raw, err := f.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := raw.(stmt)
	if !ok {
		return nil, fmt.Errorf("a statement is of type %T", raw)
	}
	return &faultyStmt{s, f.c, query}, nil
}

type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	stmt
	c     *counter
	query string
}

func (f *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (res driver.Result, err error) {
	err = f.c.sql(f.query, func() (err error) { res, err = f.stmt.ExecContext(ctx, args); return err })
	return res, err
}

// countedFS is a file system whose operations go through a counter.
type countedFS struct {
	disk.FS
	c *counter
}

var _ disk.FS = countedFS{}

func (f countedFS) CreateTemp(dir, pattern string) (file disk.File, err error) {
	err = f.c.around("create", func() (err error) { file, err = f.FS.CreateTemp(dir, pattern); return err }, nil)
	return countedFile{file, f.c}, err
}

func (f countedFS) Rename(from, to string) error {
	return f.c.around("rename", func() error { return f.FS.Rename(from, to) }, nil)
}

func (f countedFS) Link(from, to string) error {
	return f.c.around("link", func() error { return f.FS.Link(from, to) }, nil)
}

func (f countedFS) Remove(name string) error {
	return f.c.around("remove", func() error { return f.FS.Remove(name) }, nil)
}

func (f countedFS) Mkdir(name string, perm fs.FileMode) error {
	return f.c.around("mkdir", func() error { return f.FS.Mkdir(name, perm) }, nil)
}

func (f countedFS) SyncDir(dir string) error {
	return f.c.around("syncdir", func() error { return f.FS.SyncDir(dir) }, nil)
}

type countedFile struct {
	disk.File
	c *counter
}

func (f countedFile) Write(p []byte) (n int, err error) {
	err = f.c.around("write",
		func() (err error) { n, err = f.File.Write(p); return err },
		func() error { _, err := f.File.Write(p[:len(p)/2]); return err })
	return n, err
}

func (f countedFile) Chmod(mode fs.FileMode) error {
	return f.c.around("chmod", func() error { return f.File.Chmod(mode) }, nil)
}

func (f countedFile) Sync() error { return f.c.around("sync", f.File.Sync, nil) }

func (f countedFile) Close() error { return f.c.around("close", f.File.Close, nil) }

package store

import (
	"context"
	"database/sql"
)

// changes is the connection on which [DB.Changes] asks. Whoever takes it out of its channel owns it until it is
// put back.
type changes struct {
	conn  *sql.Conn // nil until somebody asked
	query *sql.Stmt
}

// Changes returns a number that is another one whenever anything was committed since it was last asked, by this
// process or another: SQLite itself finds out by looking at the write-ahead log (PRAGMA data_version), so a writer
// need not help, and one that was killed cannot forget to. It may also change when nothing was committed. Numbers
// can be compared only with those that the same DB gave. It costs some microseconds and reads no table.
//
// known is false where nobody would notice a change: where the database lies on a medium that cannot be written,
// it is read as a file that nobody changes.
func (db *DB) Changes(ctx context.Context) (number int64, known bool, err error) {
	if db.frozen {
		return 0, false, nil
	}
	var c *changes
	select {
	case c = <-db.asking:
	case <-ctx.Done():
		return 0, false, classify(ctx.Err(), "wait to ask for changes")
	}
	defer func() { db.asking <- c }()
	ctx = context.WithoutCancel(ctx) // it is asked in no time, and the connection must stay whole:
	// the number belongs to it, and on another would mean something else.
	if err := c.connect(ctx, db.reads); err != nil {
		return 0, false, classify(err, "ask for changes")
	}
	if err := c.query.QueryRowContext(ctx).Scan(&number); err != nil {
		return 0, false, classify(err, "ask for changes")
	}
	return number, true, nil
}

func (c *changes) connect(ctx context.Context, pool *sql.DB) error {
	if c.conn != nil {
		return nil
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	query, err := conn.PrepareContext(ctx, "PRAGMA data_version")
	if err != nil {
		_ = conn.Close() // the first error says more
		return err
	}
	c.conn, c.query = conn, query
	return nil
}

func (c *changes) close() error {
	if c.conn == nil {
		return nil
	}
	_ = c.query.Close() // the connection ends with it
	err := c.conn.Close()
	c.conn, c.query = nil, nil
	return err
}

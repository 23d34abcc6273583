package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// session is one connection with the statements prepared on it. It runs BEGIN and COMMIT itself: after a
// commit that failed, database/sql would put the connection back with the transaction, and the write
// lock, still open. It belongs to one goroutine at a time.
type session struct {
	conn  *sql.Conn            // nil until connected
	stmts map[string]*sql.Stmt // by query
	bulks map[bulkKey]string   // built queries
}

type bulkKey struct {
	head string
	rows int
}

func (s *session) connect(ctx context.Context, pool *sql.DB) error {
	if s.conn != nil {
		return nil
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	s.conn, s.stmts, s.bulks = conn, map[string]*sql.Stmt{}, map[bulkKey]string{}
	return nil
}

func (s *session) begin(ctx context.Context, pool *sql.DB, how string) error {
	if err := s.connect(ctx, pool); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, how); err != nil {
		return errors.Join(err, s.drop(true))
	}
	return nil
}

// end runs COMMIT or ROLLBACK, also for a context that was cancelled meanwhile.
func (s *session) end(ctx context.Context, how string) error {
	if s.conn == nil {
		return nil
	}
	_, err := s.conn.ExecContext(context.WithoutCancel(ctx), how)
	return err
}

// drop gives the connection back; when it is spoilt, for good.
func (s *session) drop(spoilt bool) error {
	if s.conn == nil {
		return nil
	}
	var err error
	for _, st := range s.stmts {
		err = errors.Join(err, st.Close())
	}
	if spoilt {
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // tells the pool to close it
	}
	if cerr := s.conn.Close(); cerr != nil && !errors.Is(cerr, sql.ErrConnDone) {
		err = errors.Join(err, cerr)
	}
	s.conn, s.stmts, s.bulks = nil, nil, nil
	return err
}

func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed by drop
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	s.stmts[query] = st
	return st, nil
}

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
	conn  *sql.Conn           // nil until connected
	stmts map[string]prepared // by query
	bulks map[bulkKey]string  // built queries
}

// prepared is a statement that lives as long as its session.
type prepared struct{ stmt *sql.Stmt }

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
	s.conn, s.stmts, s.bulks = conn, map[string]prepared{}, map[bulkKey]string{}
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
		err = errors.Join(err, st.stmt.Close())
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

func (s *session) prepare(ctx context.Context, query string) (prepared, error) {
	if p, ok := s.stmts[query]; ok {
		return p, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return prepared{}, fmt.Errorf("prepare: %w", err)
	}
	s.stmts[query] = prepared{stmt}
	return prepared{stmt}, nil
}

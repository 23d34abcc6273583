package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Tx is a transaction: the handle that [DB.View] and [DB.Update] give to their function. It must not be
// kept after that function returns, nor used by two goroutines.
type Tx struct {
	session *session
	write   bool
}

// ready prepares a statement and returns the context to run it with. The context that is given is asked between
// statements, and between rows, but not watched inside them: that takes the driver two goroutines for each, which
// cost more than most statements do.
func (t *Tx) ready(ctx context.Context, query string) (context.Context, prepared, error) {
	if err := ctx.Err(); err != nil {
		return ctx, prepared{}, err
	}
	ctx = context.WithoutCancel(ctx)
	p, err := t.session.prepare(ctx, query)
	return ctx, p, err
}

// exec runs a statement that writes and returns the number of rows it touched.
func (t *Tx) exec(ctx context.Context, doing, query string, args ...any) (int64, error) {
	if !t.write {
		return 0, fault.New(fault.Internal, "database: %s: a snapshot cannot be written", doing)
	}
	ctx, p, err := t.ready(ctx, query)
	if err != nil {
		return 0, classify(err, doing)
	}
	res, err := p.stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, classify(err, doing)
	}
	n, err := res.RowsAffected()
	return n, classify(err, doing)
}

// row runs a query for at most one row; ok is false when there is none.
func (t *Tx) row(ctx context.Context, doing, query string, args []any, into ...any) (ok bool, err error) {
	ctx, p, err := t.ready(ctx, query)
	if err != nil {
		return false, classify(err, doing)
	}
	err = p.stmt.QueryRowContext(ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, classify(err, doing)
}

// each runs a query and calls fn for every row. fn must not use the transaction: PostgreSQL answers one
// query at a time, so callers collect a page and go on after it.
func (t *Tx) each(ctx context.Context, doing, query string, args []any, fn func(scan func(...any) error) error) (err error) {
	unwatched, p, err := t.ready(ctx, query)
	if err != nil {
		return classify(err, doing)
	}
	rows, err := p.stmt.QueryContext(unwatched, args...)
	if err != nil {
		return classify(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		err := ctx.Err()
		if err == nil {
			err = fn(rows.Scan)
		}
		if err != nil {
			return classify(err, doing)
		}
	}
	return classify(rows.Err(), doing)
}

// bulkRows is how many rows one INSERT carries; measured, more gain nothing.
const bulkRows = 32

// bulk inserts n rows of the given number of columns, many in each statement. args appends the values of
// row i.
func (t *Tx) bulk(ctx context.Context, doing, head string, cols int, tail string, n int, args func(dst []any, i int) []any) error {
	values := make([]any, 0, bulkRows*cols)
	for i, size := 0, bulkRows; i < n; {
		for size > n-i {
			size /= 2 // powers of two, so that few distinct statements are prepared
		}
		values = values[:0]
		for range size {
			values = args(values, i)
			i++
		}
		if _, err := t.exec(ctx, doing, t.session.bulkQuery(head, cols, tail, size), values...); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) bulkQuery(head string, cols int, tail string, rows int) string {
	key := bulkKey{head, rows}
	if q, ok := s.bulks[key]; ok {
		return q
	}
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(" VALUES ")
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		for c := range cols {
			b.WriteByte("(,"[min(c, 1)])
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(r*cols + c + 1))
		}
		b.WriteByte(')')
	}
	b.WriteByte(' ')
	b.WriteString(tail)
	s.bulks[key] = b.String()
	return s.bulks[key]
}

// stampLayout keeps nine digits, so that stamps sort as text.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

// stamp prints a time for storing; the zero time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

// stamped reads a stored time into a variable.
type stamped struct{ to *time.Time }

// Scan implements sql.Scanner.
func (s stamped) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fault.New(fault.Damaged, "database: a time is stored as %T", v)
	}
	*s.to = time.Time{}
	if text == "" {
		return nil
	}
	t, err := time.Parse(stampLayout, text)
	if err != nil {
		return fault.Wrap(err, fault.Damaged, "database: a time is stored as %q", text)
	}
	*s.to = t
	return nil
}

// digested reads a stored digest into a variable; NULL is the zero digest.
type digested struct{ to *model.Digest }

// Scan implements sql.Scanner.
func (d digested) Scan(v any) error {
	*d.to = model.Digest{}
	if v == nil {
		return nil
	}
	b, ok := v.([]byte)
	if !ok || len(b) != len(d.to) {
		return fault.New(fault.Damaged, "database: a digest is stored as %d bytes", len(b))
	}
	copy(d.to[:], b)
	return nil
}

// subjected reads a stored subject into a variable.
type subjected struct{ to *model.Subject }

// Scan implements sql.Scanner.
func (s subjected) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fault.New(fault.Damaged, "database: a subject is stored as %T", v)
	}
	sub, err := model.ParseSubject(text)
	if err != nil {
		return fault.Wrap(err, fault.Damaged, "database: a stored subject cannot be read")
	}
	*s.to = sub
	return nil
}

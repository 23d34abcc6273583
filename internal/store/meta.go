package store

import "context"

// Meta keeps single values by name.
type Meta struct{ tx *Tx }

// Meta returns the single values.
func (t *Tx) Meta() Meta { return Meta{t} }

// Get returns a value; ok is false when there is none.
func (m Meta) Get(ctx context.Context, name string) (value []byte, ok bool, err error) {
	ok, err = m.tx.row(ctx, "read a value", `SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
	return value, ok, err
}

// Put stores a value in place of the one before.
func (m Meta) Put(ctx context.Context, name string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	_, err := m.tx.exec(ctx, "store a value", `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

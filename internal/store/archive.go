package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Archive keeps the statements that lie beside the logs.
type Archive struct{ tx *Tx }

// Archive returns the archive of statements.
func (t *Tx) Archive() Archive { return Archive{t} }

// Put stores records. A new one is stored as it is. Of one that is held already, envelope, role and
// effect are replaced (the caller has merged the signatures) and an erasure is undone; when it was first
// held, its subjects and a retraction stay.
func (a Archive) Put(ctx context.Context, records []ledger.Record) error {
	held, err := a.ids(ctx, records)
	if err != nil {
		return err
	}
	var next int64
	if _, err := a.tx.row(ctx, "number statements", `SELECT COALESCE(MAX(id), 0) FROM statements`, nil, &next); err != nil {
		return err
	}
	var fresh, again []*ledger.Record
	var ids []int64
	for i := range records {
		r := &records[i]
		if _, ok := held[r.Digest]; ok {
			again = append(again, r)
			continue
		}
		next++
		held[r.Digest] = next // a second record of the same digest in this call is an update
		fresh, ids = append(fresh, r), append(ids, next)
	}
	if err := a.insert(ctx, fresh, ids); err != nil {
		return err
	}
	for _, r := range again {
		_, err := a.tx.exec(ctx, "update a statement",
			`UPDATE statements SET role = $1, effect = $2, envelope = $3, erased_at = '' WHERE id = $4`,
			r.Role, r.Effect, r.Envelope, held[r.Digest])
		if err != nil {
			return err
		}
	}
	return nil
}

func (a Archive) insert(ctx context.Context, fresh []*ledger.Record, ids []int64) error {
	const head = `INSERT INTO statements (id, digest, payload_type, predicate_type, author, role, effect, held_at, erased_at, retracted_at, envelope)`
	err := a.tx.bulk(ctx, "store statements", head, 11, "", len(fresh), func(dst []any, i int) []any {
		r := fresh[i]
		return append(dst, ids[i], r.Digest[:], r.PayloadType, r.PredicateType, r.Author, r.Role, r.Effect,
			stamp(r.HeldAt), stamp(r.Erased), "", r.Envelope)
	})
	if err != nil {
		return err
	}
	type link struct {
		statement int64
		place     int
		subject   model.Subject
	}
	var links []link
	for i, r := range fresh {
		for place, s := range r.Subjects {
			links = append(links, link{ids[i], place, s})
		}
	}
	return a.tx.bulk(ctx, "index statements", `INSERT INTO statement_subjects (statement, place, subject)`, 3, "", len(links),
		func(dst []any, i int) []any {
			return append(dst, links[i].statement, links[i].place, links[i].subject.String())
		})
}

// ids returns the numbers of those records that are held already.
func (a Archive) ids(ctx context.Context, records []ledger.Record) (map[model.Digest]int64, error) {
	held := map[model.Digest]int64{}
	for i, size := 0, bulkRows; i < len(records); {
		for size > len(records)-i {
			size /= 2
		}
		args := make([]any, size)
		for j := range args {
			args[j] = records[i+j].Digest[:]
		}
		i += size
		err := a.tx.each(ctx, "look statements up", `SELECT id, digest FROM statements WHERE digest IN (`+places(size)+`)`, args,
			func(scan func(...any) error) error {
				var id int64
				var d model.Digest
				err := scan(&id, digested{&d})
				held[d] = id
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// places returns "$1,$2,...,$n".
func places(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	return b.String()
}

// SetEffect replaces the derived effect of a statement.
func (a Archive) SetEffect(ctx context.Context, digest model.Digest, role, effect string) error {
	return a.one(ctx, digest, "set the effect of a statement",
		`UPDATE statements SET role = $1, effect = $2 WHERE digest = $3`, role, effect, digest[:])
}

// Retract marks a statement as taken back by another.
func (a Archive) Retract(ctx context.Context, digest, by model.Digest, at time.Time) error {
	return a.one(ctx, digest, "retract a statement",
		`UPDATE statements SET retracted_at = $1, retracted_by = $2 WHERE digest = $3`, stamp(at), by[:], digest[:])
}

// Erase removes the envelope of a statement and the salts of its entries in every log. Digest, type,
// author and subjects stay, and so does every proof of the trees. The bytes are gone from the files only
// after [DB.Scrub].
func (a Archive) Erase(ctx context.Context, digest model.Digest, at time.Time) error {
	err := a.one(ctx, digest, "erase a statement",
		`UPDATE statements SET envelope = NULL, erased_at = $1 WHERE digest = $2`, stamp(at), digest[:])
	if err != nil {
		return err
	}
	_, err = a.tx.exec(ctx, "erase salts", `UPDATE entries SET salt = NULL WHERE statement = $1`, digest[:])
	return err
}

// ForgetSubjects removes a statement from the index by subject, for a subject that names a person. A
// question about that subject then no longer finds the statement.
func (a Archive) ForgetSubjects(ctx context.Context, digest model.Digest) error {
	_, err := a.tx.exec(ctx, "forget subjects",
		`DELETE FROM statement_subjects WHERE statement = (SELECT id FROM statements WHERE digest = $1)`, digest[:])
	return err
}

// one runs an update that must meet the one statement.
func (a Archive) one(ctx context.Context, digest model.Digest, doing, query string, args ...any) error {
	n, err := a.tx.exec(ctx, doing, query, args...)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "no statement %q is held", digest)
	}
	return err
}

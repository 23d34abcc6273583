package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cordon-trust/cordon/internal/model"
)

// How a row begins in a segment, behind its digest.
const (
	rowErased = 0
	rowHeld   = 1
)

// RowOverhead is how many bytes a row takes in a segment beside its body.
const RowOverhead = len(model.Digest{}) + 1 + SaltSize + 4

// AppendRow appends a row to a segment: the form in which the rows of a batch lie beside the ledger, one
// after another. An erased row is its digest.
func AppendRow(dst []byte, r Row) []byte {
	dst = append(dst, r.Digest[:]...)
	if len(r.Salt) != SaltSize {
		return append(dst, rowErased)
	}
	dst = append(dst, rowHeld)
	dst = append(dst, r.Salt...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(r.Body))) //nolint:gosec // a body is far below 4 GiB
	return append(dst, r.Body...)
}

// ReadRows reads a segment. The rows share its bytes. Whether they are those that were signed, only
// [RowBatch.Check] says.
func ReadRows(segment []byte) ([]Row, error) {
	var out []Row
	for whole := len(segment); len(segment) > 0; {
		var r Row
		n := copy(r.Digest[:], segment)
		if segment = segment[n:]; n < len(r.Digest) || len(segment) == 0 {
			return nil, errors.New("a segment of rows ends within a row")
		}
		kind := segment[0]
		segment = segment[1:]
		switch kind {
		case rowErased:
		case rowHeld:
			if len(segment) < SaltSize+4 {
				return nil, errors.New("a segment of rows ends within a salt")
			}
			r.Salt = segment[:SaltSize:SaltSize]
			size := binary.BigEndian.Uint32(segment[SaltSize:])
			segment = segment[SaltSize+4:]
			if uint64(size) > uint64(len(segment)) {
				return nil, errors.New("a segment of rows ends within a body")
			}
			r.Body = segment[:size:size]
			segment = segment[size:]
		default:
			return nil, fmt.Errorf("a segment has a row of unknown kind %d", kind)
		}
		if out == nil {
			out = make([]Row, 0, whole/(whole-len(segment))+1) // as many as there are when all are as long as the first
		}
		out = append(out, r)
	}
	return out, nil
}

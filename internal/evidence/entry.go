package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json/v2"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/model"
)

// Limits of a log entry. The sequence stays below 2^53 so that every JSON reader keeps it exact.
const (
	entryMaxBytes      = 16 << 10
	entryMaxSignatures = 64
	entryMaxSeq        = 1<<53 - 1
	entryMaxType       = 128
)

// SaltSize is the number of random bytes that blind a commitment or a row.
const SaltSize = 32

// SignatureRef fixes one verified signature without revealing it.
type SignatureRef struct {
	Key    model.Subject // key:sha256:<SubjectPublicKeyInfo>
	Digest model.Digest  // SHA-256 of the raw signature bytes
}

// Entry is what a log says in public about one statement: who said something, under which signatures,
// and a blinded commitment to what. Statement and salt lie beside the log.
type Entry struct {
	Seq         int64
	Author      string // organisation name
	Commitment  model.Digest
	PayloadType string
	Signatures  []SignatureRef
}

// Commit blinds the digest of a statement's pre-authentication encoding: SHA-256(salt || digest).
func Commit(salt [SaltSize]byte, pae model.Digest) model.Digest {
	var b [SaltSize + sha256.Size]byte
	copy(b[:], salt[:])
	copy(b[SaltSize:], pae[:])
	return sha256.Sum256(b[:])
}

// LeafHash is the RFC 6962 leaf hash of an encoded entry.
func LeafHash(entry []byte) tlog.Hash { return tlog.RecordHash(entry) }

// Encode returns the canonical JSON of e, with the signatures in order of key and digest. The strings
// an entry may hold need no escape in canonical JSON, so the encoder writes them as they are.
func (e Entry) Encode() ([]byte, error) {
	sigs := slices.Clone(e.Signatures)
	slices.SortFunc(sigs, compareSignatureRefs)
	if err := e.check(sigs); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 192+len(sigs)*176)
	b = append(b, `{"author":"`...)
	b = append(b, e.Author...)
	b = append(b, `","commitment":"`...)
	b = append(b, e.Commitment.String()...)
	b = append(b, `","payloadType":"`...)
	b = append(b, e.PayloadType...)
	b = append(b, `","seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"signatures":[`...)
	for i, s := range sigs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"key":"`...)
		b = append(b, s.Key.String()...)
		b = append(b, `","sha256":"`...)
		b = append(b, s.Digest.Hex()...)
		b = append(b, `"}`...)
	}
	return append(b, `]}`...), nil
}

func compareSignatureRefs(a, b SignatureRef) int {
	return cmp.Or(strings.Compare(a.Key.String(), b.Key.String()), bytes.Compare(a.Digest[:], b.Digest[:]))
}

func (e Entry) check(sorted []SignatureRef) error {
	if e.Seq < 0 || e.Seq > entryMaxSeq {
		return fmt.Errorf("entry sequence %d is outside 0 to 2^53-1", e.Seq)
	}
	if err := model.CheckOrg(e.Author); err != nil {
		return fmt.Errorf("entry author: %w", err)
	}
	if e.Commitment.IsZero() {
		return fmt.Errorf("entry %d has no commitment", e.Seq)
	}
	if err := checkEntryType(e.PayloadType); err != nil {
		return err
	}
	if len(sorted) > entryMaxSignatures {
		return fmt.Errorf("entry %d has %d signatures, more than %d", e.Seq, len(sorted), entryMaxSignatures)
	}
	for i, s := range sorted {
		if s.Key.Kind() != model.KindKey || s.Digest.IsZero() {
			return fmt.Errorf("entry %d: signature %d does not name a key and a digest", e.Seq, i)
		}
		if i > 0 && s == sorted[i-1] {
			return fmt.Errorf("entry %d names one signature of %q twice", e.Seq, s.Key)
		}
	}
	return nil
}

// checkEntryType keeps out whatever JSON would have to escape.
func checkEntryType(t string) error {
	if t == "" || len(t) > entryMaxType {
		return fmt.Errorf("payload type %q must have 1 to %d bytes", t, entryMaxType)
	}
	for i := range len(t) {
		if c := t[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return fmt.Errorf("payload type %q has a byte that is not allowed", t)
		}
	}
	return nil
}

type entryJSON struct {
	Author      string               `json:"author"`
	Commitment  model.Digest         `json:"commitment"`
	PayloadType string               `json:"payloadType"`
	Seq         int64                `json:"seq"`
	Signatures  []entrySignatureJSON `json:"signatures"`
}

type entrySignatureJSON struct {
	Key    model.Subject `json:"key"`
	SHA256 string        `json:"sha256"`
}

// ParseEntry reads an entry of at most 16 KiB. It refuses every spelling but the canonical one, so that
// an entry has one encoding and one leaf hash.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) > entryMaxBytes {
		return Entry{}, fmt.Errorf("entry of %d bytes is longer than %d", len(b), entryMaxBytes)
	}
	var w entryJSON
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil {
		return Entry{}, fmt.Errorf("parse entry: %w", err)
	}
	e := Entry{Seq: w.Seq, Author: w.Author, Commitment: w.Commitment, PayloadType: w.PayloadType}
	for _, s := range w.Signatures {
		d, err := model.ParseHexDigest(s.SHA256)
		if err != nil {
			return Entry{}, fmt.Errorf("parse entry: signature of %q: %w", s.Key, err)
		}
		e.Signatures = append(e.Signatures, SignatureRef{Key: s.Key, Digest: d})
	}
	again, err := e.Encode()
	if err != nil {
		return Entry{}, fmt.Errorf("parse entry: %w", err)
	}
	if !bytes.Equal(again, b) {
		return Entry{}, fmt.Errorf("entry %d is not in canonical form", e.Seq)
	}
	return e, nil
}

package model

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// Mark stands for a text that is not kept, such as a file name that could name a patient: equal texts have
// equal marks, and without the key nobody can tell the text from its mark. The zero mark stands for no text.
type Mark [16]byte

// Marker makes marks under one secret key. It belongs to one goroutine.
type Marker struct {
	mac hash.Hash
	sum []byte
}

// NewMarker returns a marker for a secret key.
func NewMarker(key []byte) *Marker { return &Marker{mac: hmac.New(sha256.New, key)} }

// Mark returns the mark of a text of one kind: the first half of HMAC-SHA-256. Texts of different kinds have
// different marks. The empty text has the zero mark.
func (m *Marker) Mark(kind, text string) Mark {
	if text == "" {
		return Mark{}
	}
	m.mac.Reset()
	m.sum = append(append(append(m.sum[:0], kind...), 0), text...)
	_, _ = m.mac.Write(m.sum) // a hash never fails
	m.sum = m.mac.Sum(m.sum[:0])
	return Mark(m.sum[:len(Mark{})])
}

// IsZero reports whether m stands for no text.
func (m Mark) IsZero() bool { return m == Mark{} }

// String returns the mark in lower-case hex.
func (m Mark) String() string { return hex.EncodeToString(m[:]) }

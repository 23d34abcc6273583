package model

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Mark stands for a text that is not kept, such as a file name that could name a patient: equal texts have
// equal marks, and without the key nobody can tell the text from its mark. The zero mark stands for no text.
type Mark [16]byte

// MarkOf returns the mark of a text of one kind under a secret key: the first half of HMAC-SHA-256. Texts of
// different kinds have different marks. The empty text has the zero mark.
func MarkOf(key []byte, kind, text string) Mark {
	if text == "" {
		return Mark{}
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return Mark(h.Sum(nil)[:len(Mark{})])
}

// IsZero reports whether m stands for no text.
func (m Mark) IsZero() bool { return m == Mark{} }

// String returns the mark in lower-case hex.
func (m Mark) String() string { return hex.EncodeToString(m[:]) }

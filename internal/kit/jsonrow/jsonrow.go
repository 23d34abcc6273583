// Package jsonrow appends the fields of a JSON object one by one, for rows that are printed by the ten
// thousand. The bytes are those that encoding/json/v2 would write for a struct with these fields, with the
// strings made visible as package visible does.
//
// Most callers need [String], [Int] and [Time]. Each function appends a comma, the key and the value, so a
// caller begins with an object that has a first member and ends it with a brace. A caller leaves out itself
// what is to be left out. Nothing is allocated where dst has room. A key must be a constant that needs no
// escape; the functions refuse nothing else, and two fields of one key are the caller's mistake.
package jsonrow

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/visible"
)

// Key appends the key of a field whose value the caller appends.
func Key(dst []byte, key string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

// String appends a text. Bytes that are not UTF-8 become U+FFFD.
func String(dst []byte, key, value string) []byte {
	return visible.AppendJSON(Key(dst, key), value)
}

// Word appends a text of the program's own that needs no escape, such as a verdict or a subject.
func Word(dst []byte, key, value string) []byte {
	return append(append(append(Key(dst, key), '"'), value...), '"')
}

// Strings appends a list of texts; a nil list is an empty one.
func Strings(dst []byte, key string, list []string) []byte {
	dst = append(Key(dst, key), '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = visible.AppendJSON(dst, s)
	}
	return append(dst, ']')
}

// Int appends a whole number.
func Int(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(Key(dst, key), value, 10)
}

// Bool appends true or false.
func Bool(dst []byte, key string, value bool) []byte {
	return strconv.AppendBool(Key(dst, key), value)
}

// Time appends a time as RFC 3339 with as many digits of a second as it has. Its year must lie between 0 and
// 9999, for which RFC 3339 has a form; any other time is null.
func Time(dst []byte, key string, value time.Time) []byte {
	dst = Key(dst, key)
	year, month, day := value.Date()
	if year < 0 || year > 9999 {
		return append(dst, "null"...)
	}
	if value.Location() != time.UTC {
		return append(value.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
	}
	hour, minute, second := value.Clock()
	dst = pair(pair(append(dst, '"'), year/100), year%100)
	dst = pair(append(dst, '-'), int(month))
	dst = pair(append(dst, '-'), day)
	dst = pair(append(dst, 'T'), hour)
	dst = pair(append(dst, ':'), minute)
	dst = pair(append(dst, ':'), second)
	return append(fraction(dst, value.Nanosecond()), 'Z', '"')
}

// pair appends a number below 100 with two digits.
func pair(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) } //nolint:gosec // digits

// fraction appends nanoseconds as decimals of a second, without zeros at the end.
func fraction(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	digits := 9
	for ; n%10 == 0; n /= 10 {
		digits--
	}
	dst = append(dst, ".000000000"[:1+digits]...)
	for at := len(dst) - 1; n > 0; at-- {
		dst[at] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}

// SHA256 appends a digest as "sha256:" and 64 hex digits; one that is all zero stands for none and is the
// empty text.
func SHA256(dst []byte, key string, digest [32]byte) []byte {
	dst = append(Key(dst, key), '"')
	if digest != [32]byte{} {
		dst = hex.AppendEncode(append(dst, "sha256:"...), digest[:])
	}
	return append(dst, '"')
}

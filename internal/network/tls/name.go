package tls

import (
	"fmt"
	"strings"
	"sync"

	ctls "crypto/tls"
)

// Version is a version as its two bytes on the wire.
type Version uint16

// The versions that are told apart.
const (
	SSL2  Version = 0x0002
	SSL3  Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// String returns the usual name, such as "TLS 1.2", or the number in hexadecimal.
func (v Version) String() string {
	switch v {
	case SSL2:
		return "SSL 2.0"
	case SSL3:
		return "SSL 3.0"
	case TLS10:
		return "TLS 1.0"
	case TLS11:
		return "TLS 1.1"
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	}
	return fmt.Sprintf("0x%04x", uint16(v))
}

// MarshalText returns String.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Cipher is a cipher suite as its two bytes on the wire.
type Cipher uint16

// String returns the registered name of a suite that is in use, or the number in hexadecimal.
func (c Cipher) String() string {
	if name, ok := cipherNames()[uint16(c)]; ok {
		return name
	}
	return ctls.CipherSuiteName(uint16(c))
}

// cipherNames keeps the names that crypto/tls knows, because it makes its lists anew for each question.
var cipherNames = sync.OnceValue(func() map[uint16]string {
	names := make(map[uint16]string)
	for _, list := range [...][]*ctls.CipherSuite{ctls.CipherSuites(), ctls.InsecureCipherSuites()} {
		for _, c := range list {
			names[c.ID] = c.Name
		}
	}
	return names
})

// MarshalText returns String.
func (c Cipher) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Group is a group for the agreement on keys as its two bytes on the wire.
type Group uint16

// String returns the name that IANA has registered for a group that is in use, or the number in hexadecimal.
func (g Group) String() string {
	switch g {
	case 0x0017:
		return "secp256r1"
	case 0x0018:
		return "secp384r1"
	case 0x0019:
		return "secp521r1"
	case 0x001d:
		return "x25519"
	case 0x001e:
		return "x448"
	case 0x0100:
		return "ffdhe2048"
	case 0x0101:
		return "ffdhe3072"
	case 0x0200:
		return "MLKEM512"
	case 0x0201:
		return "MLKEM768"
	case 0x0202:
		return "MLKEM1024"
	case 0x11eb:
		return "SecP256r1MLKEM768"
	case 0x11ec:
		return "X25519MLKEM768"
	case 0x11ed:
		return "SecP384r1MLKEM1024"
	case 0x6399:
		return "X25519Kyber768Draft00"
	}
	return fmt.Sprintf("0x%04x", uint16(g))
}

// MarshalText returns String.
func (g Group) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// String returns what the alert says, "" when none was seen.
func (a Alert) String() string {
	if !a.Seen {
		return ""
	}
	return strings.TrimPrefix(ctls.AlertError(a.Code).Error(), "tls: ")
}

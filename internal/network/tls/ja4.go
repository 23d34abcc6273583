package tls

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// none stands for the hash of an empty list.
const none = "000000000000"

const hexDigits = "0123456789abcdef"

// printer collects what the JA4 fingerprint of a client is made of (TLS over TCP only; specification JA4.md
// of FoxIO, BSD 3-clause). The lists are without GREASE.
type printer struct {
	version                         Version
	named                           bool // a server name was sent
	alpn                            string
	ciphers, extensions, signatures []uint16
	text                            []byte // scratch
}

func (p *printer) reset(version Version) {
	*p = printer{version: version, ciphers: p.ciphers[:0], extensions: p.extensions[:0], signatures: p.signatures[:0], text: p.text[:0]}
}

// versions takes the versions of the extension, which hold before that of the hello itself.
func (p *printer) versions(offered []Version) { p.version = slices.Max(offered) }

// fingerprint returns the fingerprint of what was collected. Devices send few different hellos, so each
// fingerprint is made once.
func (s *Shared) fingerprint() string {
	p := &s.print
	slices.Sort(p.ciphers)
	slices.Sort(p.extensions)
	p.text = p.appendHead(p.text[:0])
	head := len(p.text)
	p.text = appendList(p.text, p.ciphers)
	middle := len(p.text)
	kept := slices.DeleteFunc(p.extensions, func(e uint16) bool { return e == extName || e == extALPN }) // told in the head
	p.text = appendList(p.text, kept)
	if len(kept) > 0 && len(p.signatures) > 0 {
		p.text = appendList(append(p.text, '_'), p.signatures)
	}
	if out, ok := s.prints[string(p.text)]; ok {
		return out
	}
	out := string(p.text[:head]) + "_" + short(p.text[head:middle]) + "_" + short(p.text[middle:])
	if len(p.text) > maxKey {
		return out
	}
	if s.prints == nil || len(s.prints) >= maxCached {
		s.prints = make(map[string]string)
	}
	s.prints[string(p.text)] = out
	return out
}

// appendHead appends the part that is read as it stands.
func (p *printer) appendHead(b []byte) []byte {
	b = append(append(b, 't'), versionMark(p.version)...)
	if p.named {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	b = appendCount(b, len(p.ciphers))
	b = appendCount(b, len(p.extensions))
	if p.alpn == "" {
		return append(b, '0', '0')
	}
	first, last := p.alpn[0], p.alpn[len(p.alpn)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return append(b, first, last)
	}
	return append(b, hexDigits[first>>4], hexDigits[last&15]) // of the whole name in hexadecimal
}

func versionMark(v Version) string {
	switch v {
	case TLS13:
		return "13"
	case TLS12:
		return "12"
	case TLS11:
		return "11"
	case TLS10:
		return "10"
	case SSL3:
		return "s3"
	case SSL2:
		return "s2"
	}
	return "00"
}

func appendCount(b []byte, n int) []byte {
	const digits = "0123456789"
	n = min(n, 99)
	return append(b, digits[n/10], digits[n%10])
}

func appendList(b []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, hexDigits[v>>12], hexDigits[v>>8&15], hexDigits[v>>4&15], hexDigits[v&15])
	}
	return b
}

// short is the hash of a list of the fingerprint.
func short(list []byte) string {
	if len(list) == 0 {
		return none
	}
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:6])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

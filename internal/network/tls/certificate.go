package tls

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Certificate is what is wanted of a certificate. It is shared by all connections that carried it and never
// changes.
type Certificate struct {
	Digest     model.Digest `json:"digest"`              // of all of it
	Unreadable bool         `json:"unreadable,omitzero"` // it does not parse: what follows is zero
	Subject    string       `json:"subject,omitempty"`   // RFC 2253, at most 512 bytes
	Issuer     string       `json:"issuer,omitempty"`    // likewise
	SPKI       model.Digest `json:"spki,omitzero"`       // of its public key
	NotBefore  time.Time    `json:"not_before,omitzero"` // UTC
	NotAfter   time.Time    `json:"not_after,omitzero"`
}

// Chain is what one side sent as its certificates, its own first.
type Chain struct {
	Seen int            // certificates in the message; more than in List when it was too long
	List []*Certificate // the first of them
	Cut  bool           // the message is malformed behind them
}

// certificates reads a Certificate message of TLS 1.2 and below (RFC 5246 section 7.4.2).
func (c *Conn) certificates(side int, b []byte) bool {
	chain := &c.facts.Chains[side]
	r := reader{b: b}
	all := reader{b: r.take(r.u24())}
	for len(all.b) > 0 {
		der := all.take(all.u24())
		if all.bad {
			break
		}
		if chain.Seen++; len(chain.List) < maxChain {
			chain.List = append(chain.List, c.shared.certificate(der))
		}
	}
	chain.Cut = r.bad || all.bad || len(r.b) > 0
	return !chain.Cut
}

// certificate opens a certificate, or finds it among those that were opened before.
func (s *Shared) certificate(der []byte) *Certificate {
	d := sha256.Sum256(der)
	if found := s.certs[d]; found != nil {
		return found
	}
	if s.certs == nil || len(s.certs) >= maxCached {
		s.certs = make(map[[32]byte]*Certificate)
	}
	out := &Certificate{Digest: model.Digest(d)}
	s.certs[d] = out
	x, err := x509.ParseCertificate(der)
	if err != nil {
		out.Unreadable = true
		return out
	}
	out.Subject, out.Issuer = written(x.RawSubject, &x.Subject), written(x.RawIssuer, &x.Issuer)
	out.SPKI = model.Digest(sha256.Sum256(x.RawSubjectPublicKeyInfo))
	out.NotBefore, out.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	return out
}

// written is a name as text. Writing takes time that grows with the square of its parts, so that a name nobody
// would read is not written.
func written(raw []byte, n *pkix.Name) string {
	if len(raw) > maxDN {
		return fmt.Sprintf("(a name of %d bytes)", len(raw))
	}
	s := nameless(n.String())
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "..."
}

// nameless takes the person out of mail addresses: a client's certificate may carry the account of one.
func nameless(s string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		begin := 1 + strings.LastIndexAny(s[:at], "=,+<:; ")
		b.WriteString(s[:begin])
		b.WriteString("*@")
		s = s[at+1:]
	}
}

// intern returns b as a string. Names come again and again, so few of them are made.
func (s *Shared) intern(b []byte) string {
	if out, ok := s.names[string(b)]; ok {
		return out
	}
	if s.names == nil || len(s.names) >= maxNames {
		s.names = make(map[string]string)
	}
	out := string(b)
	s.names[out] = out
	return out
}

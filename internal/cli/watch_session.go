package cli

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/jsonrow"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

type sessionRow struct{ *app.SessionInfo }

var _ appender = sessionRow{}

func (sessionRow) kind() string { return "session" }

func (s sessionRow) lines() []string {
	out := []string{
		fmt.Sprintf("session    %s  %s from %s to %s", moment(s.Time), s.Protocol, s.Client, s.Server),
		fmt.Sprintf("  of %s, %d bytes sent, %d received, %s", s.Device, s.ClientBytes, s.ServerBytes, ended(s.End)),
	}
	if s.Gaps > 0 {
		out = append(out, "  not captured of it: "+counted(s.GapBytes, "byte")+" in "+counted(s.Gaps, "hole"))
	}
	var said []string
	add := func(format, value string) {
		if value != "" {
			said = append(said, fmt.Sprintf(format, value))
		}
	}
	add("server name %q", s.SNI)
	if s.Version != 0 {
		said = append(said, s.Version.String(), s.Cipher.String())
	}
	if s.Group != 0 {
		said = append(said, s.Group.String())
	}
	add("protocol %q", s.ALPN)
	add("JA4 %s", s.JA4)
	if len(said) > 0 {
		out = append(out, "  "+strings.Join(said, ", "))
	}
	for i, c := range s.Certificates {
		if i == 0 && !c.Unreadable {
			out = append(out, fmt.Sprintf("  certificate of %q by %q, until %s", c.Subject, c.Issuer, moment(c.NotAfter)))
		}
	}
	if s.Partial {
		out = append(out, "  not all that it said in clear could be read")
	}
	return out
}

// ended says in words how a session came to its end.
func ended(how string) string {
	switch how {
	case "fin":
		return "closed"
	case "rst":
		return "reset"
	case "idle":
		return "fell silent"
	case "evicted":
		return "given up for lack of room"
	case "reused":
		return "its ports were used again"
	case "cut":
		return "open when the capture ended"
	}
	return "ended: " + how
}

func (s sessionRow) appendFields(b []byte) []byte {
	b = jsonrow.Time(b, "time", s.Time)
	b = jsonrow.Time(b, "last", s.Last)
	b = jsonrow.Word(b, "device", s.Device.String())
	b = appendEnd(b, "client", s.Client)
	b = jsonrow.Word(b, "server_device", s.ServerDevice.String())
	b = appendEnd(b, "server", s.Server)
	b = jsonrow.String(b, "client_by", s.ClientBy)
	b = jsonrow.Bool(b, "handshake", s.Handshake)
	b = jsonrow.String(b, "end", s.End)
	b = jsonrow.String(b, "protocol", s.Protocol)
	b = jsonrow.Int(b, "client_bytes", s.ClientBytes)
	b = jsonrow.Int(b, "server_bytes", s.ServerBytes)
	b = appendCount(b, "gaps", s.Gaps)
	b = appendCount(b, "gap_bytes", s.GapBytes)
	return s.appendTLS(b)
}

func (s sessionRow) appendTLS(b []byte) []byte {
	b = appendSome(b, "sni", s.SNI)
	b = appendFlag(b, "ech", s.ECH)
	b = appendFlag(b, "legacy", s.Legacy)
	b = appendSome(b, "ja4", s.JA4)
	b = appendNames(b, "versions", s.Versions)
	if s.Version != 0 {
		b = jsonrow.Word(b, "version", s.Version.String())
	}
	if s.Cipher != 0 {
		b = jsonrow.Word(b, "cipher", s.Cipher.String())
	}
	b = appendNames(b, "groups", s.Groups)
	b = appendNames(b, "key_shares", s.KeyShares)
	if s.Group != 0 {
		b = jsonrow.Word(b, "group", s.Group.String())
	}
	b = appendFlag(b, "retried", s.Retried)
	if len(s.ALPNOffered) > 0 {
		b = jsonrow.Strings(b, "alpn_offered", s.ALPNOffered)
	}
	b = appendSome(b, "alpn", s.ALPN)
	b = appendCertificates(b, "certificates", s.Certificates)
	b = appendCertificates(b, "client_certificates", s.ClientCertificates)
	b = appendSome(b, "client_alert", s.ClientAlert)
	b = appendSome(b, "server_alert", s.ServerAlert)
	b = appendCount(b, "client_data", s.ClientData)
	b = appendCount(b, "server_data", s.ServerData)
	b = appendFlag(b, "inexact", s.Inexact)
	b = appendFlag(b, "partial", s.Partial)
	return appendFlag(b, "broken", s.Broken)
}

func appendCertificates(b []byte, key string, list []*tls.Certificate) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(jsonrow.Key(b, key), '[')
	for i, c := range list {
		if i > 0 {
			b = append(b, ',')
		}
		at := len(b)
		b = jsonrow.SHA256(b, "digest", c.Digest)
		b[at] = '{' // instead of the comma before the first member
		b = appendFlag(b, "unreadable", c.Unreadable)
		b = appendSome(b, "subject", c.Subject)
		b = appendSome(b, "issuer", c.Issuer)
		if !c.SPKI.IsZero() {
			b = jsonrow.SHA256(b, "spki", c.SPKI)
		}
		if !c.NotBefore.IsZero() {
			b = jsonrow.Time(b, "not_before", c.NotBefore)
		}
		if !c.NotAfter.IsZero() {
			b = jsonrow.Time(b, "not_after", c.NotAfter)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendEnd appends an address and port, which needs no escape.
func appendEnd(b []byte, key string, v netip.AddrPort) []byte {
	return append(v.AppendTo(append(jsonrow.Key(b, key), '"')), '"')
}

func appendNames[T fmt.Stringer](b []byte, key string, list []T) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(jsonrow.Key(b, key), '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), v.String()...), '"')
	}
	return append(b, ']')
}

// appendSome, appendCount and appendFlag leave out what is empty.
func appendSome(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return jsonrow.String(b, key, value)
}

func appendCount(b []byte, key string, value int64) []byte {
	if value == 0 {
		return b
	}
	return jsonrow.Int(b, key, value)
}

func appendFlag(b []byte, key string, value bool) []byte {
	if !value {
		return b
	}
	return jsonrow.Bool(b, key, true)
}

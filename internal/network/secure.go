package network

import (
	"bytes"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

// hidden is how many encrypted bytes towards one side make a session worth a transfer of its own: an update
// may have been among them.
const hidden = 64 << 10

// Labels of connections, by what they carry.
const (
	labelTCP uint8 = iota // not known
	labelHTTP
	labelFTP
	labelTLS
	labelSSH
)

var labelNames = [...]string{labelTCP: "tcp", labelHTTP: "http", labelFTP: "ftp", labelTLS: "tls", labelSSH: "ssh"}

// label says what the connection carries.
func (s *stream) label() uint8 {
	switch {
	case s.http != nil:
		return labelHTTP
	case s.control != nil, s.file != nil:
		return labelFTP
	case s.tls != nil && s.tls.Facts() != nil:
		return labelTLS
	}
	return s.conn.Label
}

// watchesEnds reports whether anybody wants to know that a connection is over.
func (e *engine) watchesEnds() bool { return e.sessions != nil || e.opt.Keep != nil }

// beginsTLS tells from its bytes that a connection is TLS, or SSH, of which no more is read.
func (s *stream) beginsTLS(side int, c *flow.Chunk) bool {
	e := s.engine
	if s.opaque || !e.watchesEnds() {
		return false
	}
	first := c.Off == 0 && c.FromSYN[side]
	if !tls.Looks(c.Bytes, first) {
		if c.Off == 0 && bytes.HasPrefix(c.Bytes, []byte("SSH-")) { // RFC 4253 section 4.2
			s.conn.Label = labelSSH
		}
		return false
	}
	if n := len(e.secure); n > 0 {
		s.tls, e.secure = e.secure[n-1], e.secure[:n-1]
	}
	s.tls = tls.New(s.tls, &e.tls)
	return true
}

// dataTLS takes bytes of what looks like TLS. When it turns out to be something else they are looked at again.
func (s *stream) dataTLS(side int, c *flow.Chunk) bool {
	s.tls.Data(side, c)
	if !s.tls.Refused() {
		return true
	}
	s.closeTLS()
	s.opaque, s.missed = true, true
	return s.Data(side, c)
}

// closeTLS takes the parser back.
func (s *stream) closeTLS() {
	if s.tls != nil {
		s.tls.Release()
		s.engine.secure = append(s.engine.secure, s.tls)
		s.tls = nil
	}
}

// conceal hands out what an encrypted connection may have carried, one transfer for each side that received
// much, if it is wanted.
func (e *engine) conceal(c *flow.Conn, facts *tls.Facts, label uint8) {
	if e.opt.Keep == nil || label != labelTLS && label != labelSSH {
		return
	}
	client, _ := clientOf(c, facts)
	for side := range 2 {
		n, host := int64(c.Sent(side)), "" //nolint:gosec // far below 2^63
		if facts != nil {
			n, host = facts.App[side], strings.ToLower(strings.TrimSuffix(facts.SNI, "."))
		}
		if n <= hidden || e.err != nil {
			continue
		}
		to := e.device(c.Side(side ^ 1).Addr())
		t := model.Transfer{
			Time: time.Unix(0, c.First()).UTC(), Device: to.device, Peer: c.Side(side).String(), Host: host,
			Protocol: labelNames[label], Size: n, Declared: -1, Encrypted: true, Upload: side == client,
		}
		if facts != nil && facts.Inexact[side] {
			t.Notes = append(t.Notes, "not all of the session could be counted")
		}
		if e.seat(&t, &to); e.opt.Keep(&t) {
			e.transfers++
			e.handed(&t, &to)
			e.err = e.sink.Transfer(&t)
		}
	}
}

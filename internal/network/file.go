package network

import (
	"net/netip"

	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/ftp"
	"github.com/cordon-trust/cordon/internal/network/http"
)

// portData is where servers connect from when the client listens (RFC 959 section 3.2).
const portData = ftp.Port - 1

// file is an FTP data connection. What it carries is known from its control connection, perhaps late.
type file struct {
	use    *ftp.Transfer // nil when it was not announced
	server int           // side
	msg    http.Message  // what it carries, once a byte was seen
	whole  bool          // seen from its first byte on
	open   bool
	over   bool
}

func (s *stream) ends() [2]netip.AddrPort {
	return [2]netip.AddrPort{s.conn.Side(0), s.conn.Side(1)}
}

// announced makes a stream an FTP data connection if a control connection announced it.
func (e *engine) announced(s *stream) {
	if x, server := e.ftp.Take(s.ends()); x != nil {
		s.file = &file{use: x, server: server}
	}
}

// beginsFTP tells from its port or its greeting that a connection is FTP.
func (s *stream) beginsFTP(side int, c *flow.Chunk) bool {
	a, b := s.conn.Side(0).Port(), s.conn.Side(1).Port()
	whole := c.FromSYN[0] && c.FromSYN[1] && !s.missed
	switch {
	case a == ftp.Port || b == ftp.Port:
		server := 0
		if b == ftp.Port {
			server = 1
		}
		s.control = ftp.New(&s.engine.ftp, s.ends(), server, whole)
	case whole && c.Off == 0 && ftp.Greets(c.Bytes):
		s.control = ftp.New(&s.engine.ftp, s.ends(), side, true)
	case !s.missed && c.Off == 0 && c.FromSYN[side] && (a == portData || b == portData) && !http.Looks(c.Bytes):
		s.file = &file{}
		if b == portData {
			s.file.server = 1
		}
	default:
		return false
	}
	return true
}

// dataFTP takes bytes of either kind of connection.
func (s *stream) dataFTP(side int, c *flow.Chunk) bool {
	if s.control != nil {
		return s.control.Data(side, c)
	}
	f := s.file
	if f.over {
		return true
	}
	if !f.open {
		if f.use != nil && f.use.Verb == ftp.Listing {
			return false
		}
		s.beginFile(side, c.Off, c.Time, c.FromSYN[side])
	}
	m := &f.msg
	if side != m.Side {
		return true
	}
	m.Unchecked = m.Unchecked || c.Unchecked
	m.Seen += int64(len(c.Bytes))
	m.Stop = c.Off + uint64(len(c.Bytes))
	s.Body(m, int64(c.Off-m.Start), c.Bytes) //nolint:gosec // far below 2^63
	return true
}

// beginFile begins the object when its first byte is seen or known to be missing.
func (s *stream) beginFile(side int, off uint64, t int64, whole bool) {
	f := s.file
	f.open, f.whole = true, whole
	f.msg = http.Message{Side: side, Start: off, Time: t, Request: side != f.server, Declared: -1, First: -1, Whole: -1}
	s.Begin(&f.msg)
}

// gapFTP notes missing bytes of a data connection.
func (s *stream) gapFTP(side int, off, n uint64, t int64) {
	f := s.file
	if f.over {
		return
	}
	if !f.open {
		s.beginFile(side, off, t, s.conn.Handshake(side))
	}
	if m := &f.msg; side == m.Side {
		m.Missing += int64(n) //nolint:gosec // far below 2^63
		m.Stop = off + n
	}
}

// endFTP ends the object of a data connection. closed is whether its sender closed it.
func (s *stream) endFTP(side int, closed bool) {
	f := s.file
	m := &f.msg
	if !f.open || f.over || side != m.Side {
		return
	}
	f.over = true
	o := s.current[side]
	if o == nil {
		return // there was no room for it
	}
	x, why := f.use, ""
	switch {
	case x == nil:
		why = "the control connection that says what it is was not seen, so that it may be a listing"
	case x.Verb == ftp.None:
		why = "no command was seen that says what it is, so that it may be a listing"
	case x.Verb == ftp.Listing:
		o.discard()
		s.current[side] = nil
		s.engine.recycle(o)
		return
	case (x.Verb == ftp.Retrieve) != (side == f.server):
		why = "the bytes go the other way than the command asked for"
	default:
		m.Name, m.Declared = x.Name, x.Size
	}
	m.Complete = closed && f.whole && m.Missing == 0
	o.protocol = "ftp"
	o.extra = f.remarks(closed, why)
	if x != nil {
		if x.Failed || m.Declared > m.Seen && !x.Text && x.From == 0 {
			m.Complete = false
		}
		if x.From > 0 && why == "" {
			m.First, m.Notes = x.From, http.NotePart
		}
	}
	o.declared = m.Declared
	if !f.whole || x != nil && x.Text {
		o.dropBlocks(s.engine) // offsets here are not offsets in the file
	}
	s.Done(m)
}

// remarks says what is to be known about the file. why says why it is not known which it is.
func (f *file) remarks(closed bool, why string) []string {
	var out []string
	if why != "" {
		out = append(out, why)
	}
	if !f.whole {
		out = append(out, "its beginning was not seen")
	}
	if !closed {
		out = append(out, "the close of its connection, which says where it ends, was not seen")
	}
	if x := f.use; x != nil {
		if x.Text {
			out = append(out, "it was sent as text (TYPE A): line ends may differ from the file's")
		}
		if x.Verb == ftp.Append {
			out = append(out, "it was appended to what the server had under this name")
		}
		if x.Failed {
			out = append(out, "the server said that the transfer broke off")
		}
	}
	return out
}

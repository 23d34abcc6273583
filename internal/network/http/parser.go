package http

import "bytes"

// state is where a direction stands.
type state uint8

const (
	start      state = iota // before a start line
	fields                  // in a header section
	body                    // in a body of known length
	chunkSize               // before the size of a chunk
	chunkData               // in a chunk
	chunkEnd                // before the line end behind a chunk
	trailer                 // in a trailer section
	untilClose              // in a body that lasts until the connection closes
	lost                    // framing lost: look for a start line where a segment begins
	tunnel                  // no longer HTTP
	over                    // ended
)

// role is what a direction carries.
type role uint8

const (
	unknownRole role = iota
	requests
	responses
)

// parser is one direction.
type parser struct {
	conn      *Conn
	state     state
	role      role
	unchecked bool
	open      bool // a message with a body is under way
	begun     bool // the consumer was told
	head      header
	msg       Message
	left      int64  // bytes of the body or chunk to come
	at        int64  // offset in the body
	used      int    // bytes of the header section so far
	off       uint64 // offset in the stream of the next byte
	time      int64
	acked     uint64 // what its sender had received when it sent the bytes at hand
	received  uint64 // acked, of the first byte of the message
	serial    uint32
	buf       []byte // an unfinished line
}

// run takes bytes until none are left.
func (p *parser) run(b []byte) {
	first := true
	for len(b) > 0 {
		var n int
		switch p.state {
		case start:
			n = p.startLine(b)
		case fields, trailer, chunkSize, chunkEnd:
			n = p.lineState(b)
		case body, chunkData:
			n = p.take(b)
		case untilClose:
			n = len(b)
			p.pass(b)
		case lost:
			n = len(b)
			if first && p.resume(b) {
				n = 0
			}
		default:
			return
		}
		first = false
		p.off += uint64(n)
		b = b[n:]
	}
}

// line collects one line from b. It returns the line without its end, how many bytes of b it took, and
// whether the line is whole. The line is valid until the next call.
func (p *parser) line(b []byte) ([]byte, int, bool) {
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		p.hold(b)
		return nil, len(b), false
	}
	l := b[:n]
	if len(p.buf) > 0 {
		p.hold(l)
		l = p.buf
		p.drop()
	}
	l = l[:len(l)-1]
	if n := len(l); n > 0 && l[n-1] == '\r' {
		l = l[:n-1]
	}
	return l, n, true
}

// hold keeps the beginning of a line. What would be too long makes the direction lost.
func (p *parser) hold(b []byte) {
	s := p.conn.shared
	if len(p.buf)+len(b) > maxLine || s.held+len(b) > maxHeldLine {
		p.tooLong()
		return
	}
	p.buf = append(p.buf, b...)
	s.held += len(b)
}

// drop forgets an unfinished line and gives its room back.
func (p *parser) drop() {
	p.conn.shared.held -= len(p.buf)
	if p.buf = p.buf[:0]; cap(p.buf) > maxKeptLine {
		p.buf = nil // else every connection could keep its longest
	}
}

func (p *parser) tooLong() {
	p.conn.shared.TooLong++
	p.msg.Notes |= NoteTooLong
	p.lose()
}

// lose ends what is under way as incomplete and waits for a segment that begins a message.
func (p *parser) lose() {
	if p.open {
		p.finish(false)
	}
	p.drop()
	p.conn.shared.Lost++
	c := p.conn
	c.unsure, c.owed = true, c.owed[:0]
	c.blind = c.blind || p.role != responses
	p.state = lost
}

// startLine reads the first line of a message.
func (p *parser) startLine(b []byte) int {
	if len(p.buf) == 0 {
		if b[0] == '\r' || b[0] == '\n' { // RFC 9112 section 2.2: an empty line before it is ignored
			return 1
		}
		if (p.role == requests || !isResponse(b)) && (p.role == responses || !isRequest(b)) {
			p.lose()
			return len(b)
		}
		p.message()
	}
	l, n, ok := p.line(b)
	if !ok || p.state == lost {
		return n
	}
	p.used = n
	switch {
	case p.role != requests && p.head.status(l):
		p.role = responses
	case p.role != responses && p.head.request(l):
		p.role, p.msg.Request = requests, true
	default:
		p.lose()
		return n
	}
	p.state = fields
	return n
}

// message makes room for a new message that begins here.
func (p *parser) message() {
	p.serial++
	p.received = p.acked
	p.msg = Message{
		Side: p.msg.Side, Serial: p.serial, Start: p.off, Time: p.time, Unchecked: p.unchecked,
		Declared: -1, First: -1, Whole: -1,
	}
	p.head = header{length: -1, shared: p.conn.shared}
	p.at, p.left, p.open, p.begun = 0, 0, false, false
}

// lineState handles the states that read lines.
func (p *parser) lineState(b []byte) int {
	p.msg.Unchecked = p.msg.Unchecked || p.unchecked
	l, n, ok := p.line(b)
	p.used += n
	if p.used > maxHeader {
		p.tooLong()
		return n
	}
	if !ok || p.state == lost {
		return n
	}
	switch p.state {
	case fields:
		if len(l) > 0 {
			p.head.field(l)
			break
		}
		p.off += uint64(n) //nolint:gosec // positive
		p.headEnd()
		p.off -= uint64(n) //nolint:gosec // run adds it
	case chunkSize:
		p.used = 0
		p.chunk(l)
	case chunkEnd:
		if len(l) > 0 {
			p.msg.Notes |= NoteBadChunk
			p.lose()
			break
		}
		p.state, p.used = chunkSize, 0
	case trailer:
		if len(l) == 0 {
			p.off += uint64(n) //nolint:gosec // positive
			p.finish(true)
			p.off -= uint64(n) //nolint:gosec // run adds it
		}
	}
	return n
}

// chunk reads the line before a chunk (RFC 9112 section 7.1).
func (p *parser) chunk(l []byte) {
	var n int64
	digits := 0
	for _, c := range l {
		v := hexValue(c)
		if v < 0 {
			break
		}
		n = n<<4 | int64(v)
		if digits++; digits > 12 {
			break
		}
	}
	rest := bytes.TrimLeft(l[min(digits, len(l)):], " \t")
	if digits == 0 || digits > 12 || len(rest) > 0 && rest[0] != ';' {
		p.msg.Notes |= NoteBadChunk
		p.lose()
		return
	}
	p.left, p.state = n, chunkData
	if n == 0 {
		p.state = trailer
	}
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// take takes bytes of a body or chunk of known length.
func (p *parser) take(b []byte) int {
	if p.at == 0 && p.state == body && !p.begun && p.msg.Method == "" && isResponse(b) && len(b) >= 9 {
		// The request was not seen and the next message begins at once: this was the answer to a HEAD.
		p.open, p.state = false, start
		return 0
	}
	n := int(min(p.left, int64(len(b))))
	p.pass(b[:n])
	p.left -= int64(n)
	if p.left > 0 {
		return n
	}
	if p.state == chunkData {
		p.state, p.used = chunkEnd, 0
		return n
	}
	p.off += uint64(n) //nolint:gosec // not negative
	p.finish(true)
	p.off -= uint64(n) //nolint:gosec // run adds it
	return n
}

// pass hands bytes of the body on.
func (p *parser) pass(b []byte) {
	p.begin()
	m := &p.msg
	m.Unchecked = m.Unchecked || p.unchecked
	m.Seen += int64(len(b))
	m.Stop = p.off + uint64(len(b))
	p.conn.out.Body(m, p.at, b)
	p.at += int64(len(b))
}

func (p *parser) begin() {
	if !p.begun {
		p.begun = true
		p.conn.out.Begin(&p.msg)
	}
}

// finish ends the message under way. framed is whether its end was reached. Where receivers disagree on the
// framing, nobody can say which bytes this one took, so no digest is claimed.
func (p *parser) finish(framed bool) {
	m := &p.msg
	m.Complete = framed && m.Missing == 0 && m.Notes&(NoteBadLength|NoteBadCoding|NoteBadChunk|NoteTwoLengths|NoteOldChunks|NoteSpace) == 0
	m.Stop = max(m.Stop, p.off)
	p.open, p.state = false, start
	if !p.begun && (m.Missing > 0 || m.Method != "" && m.Declared > 0) {
		p.begin()
	}
	if p.begun {
		p.conn.out.Done(m)
	}
}

// gap steps over n missing bytes where the framing still says what they were.
func (p *parser) gap(n uint64) {
	inside := p.left > 0 && n <= uint64(p.left)
	switch {
	case p.state == body && inside, p.state == chunkData && inside:
		p.skip(int64(n))   //nolint:gosec // at most left
		p.left -= int64(n) //nolint:gosec // at most left
		if p.left > 0 {
			return
		}
		if p.state == chunkData {
			p.state, p.used = chunkEnd, 0
			return
		}
		p.off += n
		p.finish(true)
	case p.state == body, p.state == chunkData:
		p.skip(p.left)
		p.lose()
	case p.state == untilClose:
		p.skip(int64(min(n, maxLength)))
	case p.state == tunnel, p.state == over:
	default:
		if p.open {
			p.msg.Missing++ // some of it, how much is not known
		}
		p.lose()
	}
}

func (p *parser) skip(n int64) {
	p.begin()
	p.msg.Missing += n
	p.at += n
}

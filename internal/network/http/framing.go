package http

// headEnd decides how the body of the message is framed (RFC 9112 section 6.3).
func (p *parser) headEnd() {
	h, m := &p.head, &p.msg
	if p.role == requests {
		m.Method, m.Host, m.Name, m.Target = h.req.method, h.req.host, h.req.name, h.req.target
		h.req.end = p.off
		p.conn.asked(h.req)
		if h.length < 0 && !h.chunked && !h.coded && !h.badLen {
			p.state = start
			return
		}
		p.frame()
		return
	}
	m.Status = h.code
	if h.code >= 100 && h.code < 200 && h.code != 101 {
		p.state = start
		return
	}
	req, known := p.conn.answered(m, p.received)
	if known {
		m.Method, m.Host, m.Name, m.Target = req.method, req.host, req.name, req.target
	} else {
		m.Notes |= NoteNoRequest
	}
	switch {
	case h.code == 101 || req.method == "CONNECT" && h.code/100 == 2:
		p.conn.half[0].tunnelled()
		p.conn.half[1].tunnelled()
	case req.method == "HEAD" || h.code == 204 || h.code == 304:
		p.state = start
	default:
		p.frame()
	}
}

// frame sets the state that reads the body.
func (p *parser) frame() {
	h, m := &p.head, &p.msg
	p.open = true
	m.Coding, m.Type, m.Params = h.coding, h.multi, h.params
	m.Validator = h.validator()
	if h.ranged && (h.code == 206 || p.role == requests) || h.code == 206 {
		m.Notes |= NotePart
		if h.ranged {
			m.First, m.Last, m.Whole = h.first, h.last, h.whole
		}
	}
	if h.spaced {
		m.Notes |= NoteSpace
	}
	if h.chunked || h.coded {
		if h.length >= 0 || h.badLen {
			m.Notes |= NoteTwoLengths
		}
		if h.old {
			m.Notes |= NoteOldChunks
		}
	}
	switch {
	case h.coded:
		m.Notes |= NoteBadCoding
		p.state = untilClose
	case h.chunked:
		p.state, p.used = chunkSize, 0
	case h.badLen:
		m.Notes |= NoteBadLength
		p.state = untilClose
	case h.length == 0:
		p.open, p.state = false, start
	case h.length > 0:
		m.Declared, p.left, p.state = h.length, h.length, body
	default:
		m.Notes |= NoteClose
		p.state = untilClose
	}
}

func (p *parser) tunnelled() {
	if p.open {
		p.finish(false)
	}
	p.drop()
	p.state = tunnel
}

// asked remembers a request until its response comes, or gives its name to the response that was
// captured before it.
func (c *Conn) asked(r request) {
	if len(c.owed) > 0 {
		serial := c.owed[0]
		c.owed = append(c.owed[:0], c.owed[1:]...)
		c.late(serial, r)
		return
	}
	if c.head > 0 && c.head == len(c.requests) {
		c.rewind()
	}
	if n := len(c.requests) - c.head; n >= maxPipeline || n >= minAsked && c.shared.asked >= maxAsked {
		c.unsure = true
		c.shared.Forgotten++
		return
	}
	c.pipelined = c.pipelined || len(c.requests) > c.head
	c.requests = append(c.requests, r)
	c.shared.asked++
}

// rewind makes room for requests where there were others.
func (c *Conn) rewind() {
	if c.requests, c.head = c.requests[:0], 0; cap(c.requests) > maxKeptAsk {
		c.requests = nil
	}
}

// forget drops the oldest request.
func (c *Conn) forget() {
	c.requests[c.head] = request{}
	c.head++
	c.shared.asked--
}

// answered returns the request that a response answers, whose sender had received as much of the requests
// when it began to answer.
//
// After a loss, or when the beginning was not seen, the order alone proves nothing. A client that waits for
// each response had then sent nothing beyond the request that is answered; so that is the one that ends
// where the server had received to. Of a client that does not wait, or of which requests may not have been
// seen, nothing is certain.
func (c *Conn) answered(m *Message, received uint64) (request, bool) {
	asker := m.Side ^ 1
	whole := c.fromSYN[0] && c.fromSYN[1] && !c.unsure
	known := c.fromSYN[asker] && !c.blind && !c.pipelined
	n := len(c.requests) - c.head
	if n == 0 {
		if whole && len(c.owed) < maxOwed {
			c.owed = append(c.owed, m.Serial)
		}
		return request{}, false
	}
	for !whole && c.head < len(c.requests) {
		if r := c.requests[c.head]; known && r.end == received {
			break
		}
		c.forget()
	}
	if c.head == len(c.requests) {
		return request{}, false
	}
	r := c.requests[c.head]
	c.forget()
	return r, true
}

// late handles a request that was captured after its response had begun.
func (c *Conn) late(serial uint32, r request) {
	for i := range c.half {
		p := &c.half[i]
		if p.role != responses {
			continue
		}
		if r.method == "HEAD" && p.open && p.msg.Serial == serial {
			if p.begun {
				p.lose() // bytes of later messages were taken for its body
			} else {
				p.open, p.state = false, start
			}
			return
		}
		if p.msg.Serial == serial {
			p.msg.Method, p.msg.Name, p.msg.Host = r.method, r.name, r.host
			p.msg.Notes &^= NoteNoRequest
		}
		c.out.Named(i, serial, r.name, r.host)
	}
}

package multipart

import "bytes"

// first looks for the first delimiter at the beginning of a line. The body's own beginning is one.
func (p *Parser) first(b []byte) int {
	want := p.delim[2:] // the line end before it was seen, or is not needed
	for i, c := range b {
		at := p.match - 2
		switch {
		case at < len(want) && c == want[at]:
			p.match++
			continue
		case at == len(want) && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			p.state, p.pad = delimiter, 0
			return i
		case at == len(want) && c == '-':
			p.match++
			continue
		case at == len(want)+1 && c == '-':
			p.state = closing
			return i + 1
		}
		p.outside += int64(at)
		p.state = preSkip
		return i
	}
	return len(b)
}

// skipLine steps over the rest of a line of the preamble.
func (p *Parser) skipLine(b []byte) int {
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		n = len(b)
	} else {
		p.state, p.match = preamble, 2
	}
	p.outside += int64(n)
	return n
}

// behind takes one byte behind a delimiter: white space that transport added, and the line end.
func (p *Parser) behind(c byte) int {
	switch {
	case p.state == closing:
		// Whatever else follows the two hyphens, readers disagree on whether this is the end.
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			p.fail(ErrDelimiter)
			return 0
		}
		p.shut()
		return 0
	case p.state == delimiter && (c == ' ' || c == '\t') && p.pad < maxPadding:
		p.pad++
	case p.state == delimiter && c == '\r' && (!p.known || !p.bare):
		p.state = delimLF
	case c == '\n' && (!p.known || p.bare == (p.state == delimiter)):
		p.begin(p.state == delimiter)
	default:
		p.fail(ErrDelimiter)
		return 0
	}
	return 1
}

// shut ends the last part.
func (p *Parser) shut() {
	p.end(true)
	p.state = epilogue
}

// begin ends the part before a delimiter, whose line is over, and begins the next.
func (p *Parser) begin(bare bool) {
	p.end(true)
	if !p.known {
		p.known, p.bare = true, bare
	}
	if p.parts >= MaxParts {
		p.fail(ErrParts)
		return
	}
	p.parts++
	p.part = Part{First: -1, Last: -1, Whole: -1}
	p.state = headers
}

// marker is the delimiter with the line end that this body uses.
func (p *Parser) marker() []byte {
	if p.bare {
		return p.delim[1:]
	}
	return p.delim
}

// body takes bytes of a part up to the next delimiter. Only what may be the beginning of a delimiter is kept
// back, and since that is known, nothing is copied.
func (p *Parser) body(b []byte) int {
	d := p.marker()
	if p.match > 0 {
		return p.resume(d, b)
	}
	i := bytes.Index(b, d)
	if i < 0 {
		// A line end stands at the beginning of a delimiter only, so the last one in reach decides.
		i = len(b)
		if from := max(0, len(b)-len(d)+1); from < len(b) {
			if j := bytes.LastIndexByte(b[from:], d[0]); j >= 0 && bytes.HasPrefix(d, b[from+j:]) {
				i = from + j
			}
		}
	}
	p.pass(b[:i])
	if i == len(b) {
		return i
	}
	p.match, p.ghost = min(len(d), len(b)-i), 0
	return i + p.match
}

// resume goes on where bytes that may be a delimiter were seen.
func (p *Parser) resume(d, b []byte) int {
	n := 0
	for p.match < len(d) && n < len(b) && b[n] == d[p.match] {
		p.match++
		n++
	}
	if n == len(b) {
		return n
	}
	if p.match >= len(d) {
		c := b[n]
		switch {
		case p.match == len(d) && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			p.state, p.pad = delimiter, 0
			return n
		case p.match == len(d) && c == '-':
			p.match++
			return n + 1
		case p.match == len(d)+1 && c == '-':
			p.state = closing
			return n + 1
		}
	}
	// It was none: what was kept back is content, and the byte at hand may begin another.
	p.pass(d[p.ghost:min(p.match, len(d))])
	if p.match > len(d) {
		p.pass(p.delim[2:3])
	}
	p.match, p.ghost = 0, 0
	return n
}

func (p *Parser) pass(b []byte) {
	if len(b) > 0 {
		p.out.Body(b)
	}
}

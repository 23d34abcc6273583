package multipart

import "bytes"

// header collects the header section of a part up to its empty line.
func (p *Parser) header(b []byte) int {
	n := bytes.IndexByte(b, '\n') + 1
	over := n > 0
	if !over {
		n = len(b)
	}
	if len(p.section)+n > maxHeader {
		p.fail(ErrTooLong)
		return n
	}
	at := p.lineAt
	p.section = append(p.section, b[:n]...)
	if !over {
		return n
	}
	p.lineAt = len(p.section)
	l, ok := p.trim(p.section[at:])
	switch {
	case !ok:
		p.fail(ErrHeader)
	case len(l) == 0:
		p.announce(p.section[:at])
	}
	return n
}

// trim takes the line end off, which must be the one that this body uses: readers disagree on others.
func (p *Parser) trim(l []byte) ([]byte, bool) {
	l = l[:len(l)-1]
	cr := len(l) > 0 && l[len(l)-1] == '\r'
	if cr {
		l = l[:len(l)-1]
	}
	return l, cr != p.bare && bytes.IndexByte(l, '\r') < 0 && bytes.IndexByte(l, 0) < 0
}

// announce reads a header section and begins the part's content.
func (p *Parser) announce(b []byte) {
	var field []byte
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n') + 1
		l, _ := p.trim(b[:n])
		b = b[n:]
		if l[0] == ' ' || l[0] == '\t' { // the field goes on (RFC 5322 section 2.2.3)
			field = append(field, l...)
			if len(field) == len(l) {
				p.fail(ErrHeader)
				return
			}
			continue
		}
		p.field(field)
		if i := bytes.IndexByte(l, ':'); i <= 0 || bytes.HasPrefix(l, p.delim[2:]) {
			p.fail(ErrHeader)
			return
		}
		field = l[:len(l):len(l)]
	}
	p.field(field)
	clear(p.section) // it may hold names of fields
	p.section, p.lineAt = p.section[:0], 0
	p.state, p.open = content, true
	// An empty part may have the empty line for the line end of its delimiter.
	p.match = len(p.marker()) - len(p.delim[2:])
	p.ghost = p.match
	p.out.Begin(&p.part)
}

// field reads one field. Only those that naming and ranges need are looked at.
func (p *Parser) field(l []byte) {
	name, v, ok := bytes.Cut(l, []byte{':'})
	if !ok {
		return
	}
	name, v = bytes.TrimRight(name, " \t"), bytes.TrimSpace(v)
	switch {
	case fold(name, "content-disposition"):
		p.disposition(v)
	case fold(name, "content-type"):
		typ, _, _ := bytes.Cut(v, []byte{';'})
		typ = bytes.TrimSpace(typ)
		p.part.Type = string(bytes.ToLower(typ[:min(len(typ), maxType)]))
	case fold(name, "content-range"):
		p.contentRange(v)
	case fold(name, "content-transfer-encoding"):
		p.part.Encoded = p.part.Encoded || !fold(v, "binary") && !fold(v, "8bit") && !fold(v, "7bit")
	case fold(name, "content-encoding"):
		p.part.Encoded = p.part.Encoded || !fold(v, "identity")
	}
}

// disposition takes the file name (RFC 6266, RFC 7578 section 4.2). The extended form counts more.
func (p *Parser) disposition(v []byte) {
	extended := false
	params(v, func(name, value []byte) {
		switch {
		case fold(name, "filename*"):
			if s, ok := extendedValue(value); ok {
				p.part.File, p.part.Name, extended = true, lastSegment(s), true
			}
		case fold(name, "filename") && !extended:
			p.part.File, p.part.Name = true, lastSegment(value)
		}
	})
}

// contentRange reads "bytes first-last/whole" (RFC 9110 section 14.4).
func (p *Parser) contentRange(v []byte) {
	x := &p.part
	x.First, x.Last, x.Whole = -1, -1, -1
	if len(v) < 6 || !fold(v[:5], "bytes") || v[5] != ' ' {
		return
	}
	span, whole, ok := bytes.Cut(v[6:], []byte{'/'})
	from, to, ok2 := bytes.Cut(span, []byte{'-'})
	first, ok3 := number(bytes.TrimSpace(from))
	last, ok4 := number(bytes.TrimSpace(to))
	if !ok || !ok2 || !ok3 || !ok4 || last < first {
		return
	}
	x.First, x.Last = first, last
	if n, ok := number(bytes.TrimSpace(whole)); ok && n > last {
		x.Whole = n
	}
}

// number reads decimal digits up to maxLength.
func number(v []byte) (int64, bool) {
	var n int64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > maxLength {
			return 0, false
		}
	}
	return n, len(v) > 0
}

func fold(b []byte, lower string) bool {
	return len(b) == len(lower) && bytes.EqualFold(b, []byte(lower))
}

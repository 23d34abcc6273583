package tls

// Extensions that are read (RFC 8446 section 4.2, RFC 6066, RFC 7301, RFC 9849).
const (
	extName       = 0
	extGroups     = 10
	extSignatures = 13
	extALPN       = 16
	extVersions   = 43
	extKeyShare   = 51
	extECH        = 0xfe0d
)

// retry is the random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3).
const retry = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// namedCurve is the curve type of a ServerKeyExchange that names its group (RFC 8422 section 5.4).
const namedCurve = 3

// grease reports whether v is one of the values that mean nothing (RFC 8701 section 2).
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// clientHello reads a ClientHello (RFC 8446 section 4.1.2), all of it or nothing.
func (c *Conn) clientHello(b []byte) bool {
	f, s := &c.facts, c.shared
	r := reader{b: b}
	version := Version(r.u16())
	r.take(32) // random
	r.take(r.u8())
	ciphers := r.list16()
	r.take(r.u8()) // compression methods
	exts, ok := r.extensions()
	if !ok || r.bad || ciphers.bad {
		return false
	}
	f.ClientHello = true
	s.print.reset(version)
	s.print.ciphers = collect(ciphers, s.print.ciphers, maxPrinted)
	for len(exts.b) > 0 {
		typ, e := exts.u16(), exts.list16()
		c.clientExtension(typ, &e)
		f.Partial = f.Partial || e.bad
	}
	if len(f.Offered) == 0 {
		f.Offered = append(f.Offered, version)
	} else {
		s.print.versions(f.Offered)
	}
	if !s.Brief {
		f.JA4 = s.fingerprint()
	}
	return true
}

func (c *Conn) clientExtension(typ uint16, e *reader) {
	f, s := &c.facts, c.shared
	p := &s.print
	if !grease(typ) && len(p.extensions) < maxPrinted {
		p.extensions = append(p.extensions, typ)
	}
	if typ == extName {
		p.named = true
		name := hostName(e)
		f.Partial = f.Partial || len(name) > maxName // no name of a host
		f.SNI = s.intern(name[:min(len(name), maxName)])
	}
	if s.Brief {
		return
	}
	switch typ {
	case extALPN:
		for l := e.list16(); len(l.b) > 0 && len(f.ALPNOffered) < maxList; {
			v := l.take(l.u8())
			e.bad = e.bad || l.bad
			if len(v) == 2 && grease(uint16(v[0])<<8|uint16(v[1])) || l.bad {
				continue
			}
			f.ALPNOffered = append(f.ALPNOffered, s.intern(v))
		}
		if len(f.ALPNOffered) > 0 {
			p.alpn = f.ALPNOffered[0]
		}
	case extGroups:
		f.Groups = collect(e.list16(), f.Groups, maxList)
	case extSignatures:
		p.signatures = collect(e.list16(), p.signatures, maxPrinted)
	case extVersions:
		f.Offered = collect(e.list8(), f.Offered, maxList)
	case extKeyShare:
		for l := e.list16(); len(l.b) > 0 && len(f.KeyShares) < maxList; {
			g := l.u16()
			l.take(int(l.u16()))
			if e.bad = e.bad || l.bad; !l.bad && !grease(g) {
				f.KeyShares = append(f.KeyShares, Group(g))
			}
		}
	case extECH:
		f.ECH = true
	}
}

// hostName returns the first host name of a server_name extension (RFC 6066 section 3).
func hostName(e *reader) []byte {
	for l := e.list16(); len(l.b) > 0; {
		typ := l.u8()
		name := l.take(int(l.u16()))
		if e.bad = e.bad || l.bad; typ == 0 && !l.bad {
			return name
		}
	}
	return nil
}

// serverHello reads a ServerHello or a HelloRetryRequest (RFC 8446 sections 4.1.3 and 4.1.4).
func (c *Conn) serverHello(b []byte) bool {
	f := &c.facts
	r := reader{b: b}
	version := Version(r.u16())
	random := r.take(32)
	r.take(r.u8())
	cipher := Cipher(r.u16())
	r.take(1) // compression method
	exts, ok := r.extensions()
	if !ok || r.bad {
		return false
	}
	again := string(random) == retry
	f.Retried, c.settled = f.Retried || again, !again
	f.ServerHello, f.Version, f.Cipher = true, version, cipher
	for len(exts.b) > 0 {
		typ, e := exts.u16(), exts.list16()
		switch typ {
		case extVersions:
			f.Version = Version(e.u16())
		case extKeyShare:
			f.Group = Group(e.u16())
		case extALPN:
			l := e.list16()
			f.ALPN = c.shared.intern(l.take(l.u8()))
		}
		f.Partial = f.Partial || e.bad
	}
	return true
}

// keyExchange reads the group of a ServerKeyExchange that has one (RFC 8422 section 5.4). Other kinds of
// exchange have another form, so the cipher must say that this is one.
func (c *Conn) keyExchange(b []byte) {
	r := reader{b: b}
	if typ, group := r.u8(), r.u16(); ephemeral(c.facts.Cipher) && typ == namedCurve && !r.bad {
		c.facts.Group = Group(group)
	}
}

// ephemeral reports whether a cipher suite agrees on keys over an ephemeral elliptic curve, signed: the
// ECDHE suites of RFC 4492, 5289, 7251 and 7905.
func ephemeral(cipher Cipher) bool {
	switch {
	case cipher >= 0xc006 && cipher <= 0xc00a, cipher >= 0xc010 && cipher <= 0xc019: // with ECDSA; with RSA, anonymous
		return true
	case cipher >= 0xc023 && cipher <= 0xc030: // static ones lie between, and send no such message
		return true
	case cipher >= 0xc048 && cipher <= 0xc063, cipher >= 0xc072 && cipher <= 0xc079, cipher >= 0xc086 && cipher <= 0xc08d:
		return true // ARIA and Camellia, likewise
	}
	return cipher >= 0xc0ac && cipher <= 0xc0af || cipher == 0xcca8 || cipher == 0xcca9
}

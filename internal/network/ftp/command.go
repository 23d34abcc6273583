package ftp

import (
	"bytes"
	"net/netip"
	"strings"
)

// command reads what the client says (RFC 959 section 4.1).
func (c *Conn) command(l []byte) {
	verb, arg, _ := bytes.Cut(l, []byte{' '})
	// A telnet interrupt may come before ABOR (section 3.7).
	verb = bytes.TrimLeft(verb, "\xff\xf4\xf2")
	if len(verb) < 3 || len(verb) > 4 {
		return
	}
	var name [4]byte
	for i, b := range verb {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		name[i] = b
	}
	c.perform(string(name[:len(verb)]), arg)
}

func (c *Conn) perform(verb string, arg []byte) {
	switch verb {
	case "RETR":
		c.begin(Retrieve, arg)
	case "STOR", "STOU":
		c.begin(Store, arg)
	case "APPE":
		c.begin(Append, arg)
	case "LIST", "NLST", "MLSD":
		c.begin(Listing, nil)
	case "TYPE":
		c.text = len(arg) > 0 && arg[0]|0x20 != 'i' && arg[0]|0x20 != 'l'
	case "REST":
		c.from, _ = number(bytes.TrimSpace(arg))
	case "PORT":
		if at, ok := sixNumbers(arg); ok {
			c.active(at)
		}
	case "EPRT":
		if at, ok := extended(arg); ok {
			c.active(at)
		}
	case "REIN":
		c.text, c.from, c.current = false, 0, nil
	case "EHLO", "HELO":
		c.over = true // a mail server greets alike
	}
}

// active notes where the client listens.
func (c *Conn) active(told netip.AddrPort) {
	client := c.ends[c.server^1].Addr()
	c.announce(false, told, netip.AddrPortFrom(client, told.Port()), c.ends[c.server].Addr())
}

// announce waits for a data connection, which the next transfer command will use.
func (c *Conn) announce(passive bool, told, seen netip.AddrPort, from netip.Addr) {
	if told.Port() == 0 {
		return
	}
	if !told.Addr().IsValid() || told.Addr().IsUnspecified() {
		told = seen
	}
	c.current, c.fresh = &Transfer{Size: -1, passive: passive}, true
	c.table.expect(c.current, told, seen, from)
}

// begin gives the announced connection its use.
func (c *Conn) begin(v Verb, path []byte) {
	from := c.from
	c.from = 0
	x := c.current
	if x != nil && !c.fresh && (x.taken || x.Verb == None) {
		x = nil // it was for the command before
	}
	if x == nil {
		if c.unsure {
			return // an announcement may have been missed
		}
		// Without an announcement the server connects to the port the client speaks from (section 3.2).
		client := c.ends[c.server^1]
		c.announce(false, client, client, c.ends[c.server].Addr())
		x = c.current
	}
	c.fresh = false
	x.Verb, x.Name, x.Text, x.From, x.Size = v, nameOf(path), c.text, from, -1
	x.Failed, x.done = false, false
}

// nameOf returns the last segment of a path.
func nameOf(path []byte) string {
	path = bytes.TrimSpace(path)
	if i := bytes.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return strings.ToValidUTF8(string(path[:min(len(path), maxName)]), "\uFFFD")
}

// number reads decimal digits up to 2^50.
func number(v []byte) (int64, bool) {
	var n int64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > 1<<50 {
			return 0, false
		}
	}
	return n, len(v) > 0
}

// sixNumbers reads "h1,h2,h3,h4,p1,p2" wherever it begins (RFC 1123 section 4.1.2.6).
func sixNumbers(b []byte) (netip.AddrPort, bool) {
	var v [6]byte
	n, cur, digits := 0, 0, 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && '0' <= b[i] && b[i] <= '9' {
			cur = cur*10 + int(b[i]-'0')
			if digits++; digits > 3 || cur > 255 {
				n, cur, digits = 0, 0, 0
				for i+1 < len(b) && '0' <= b[i+1] && b[i+1] <= '9' {
					i++
				}
			}
			continue
		}
		if digits > 0 {
			v[n] = byte(cur)
			if n++; n == 6 {
				return netip.AddrPortFrom(netip.AddrFrom4([4]byte(v[:4])), uint16(v[4])<<8|uint16(v[5])), true
			}
		}
		if i < len(b) && (b[i] != ',' || digits == 0) {
			n = 0
		}
		cur, digits = 0, 0
	}
	return netip.AddrPort{}, false
}

// extended reads "|1|132.235.1.2|6275|" and "|2|1080::8|5282|" (RFC 2428 section 2).
func extended(b []byte) (netip.AddrPort, bool) {
	b = bytes.TrimSpace(b)
	if len(b) < 5 {
		return netip.AddrPort{}, false
	}
	f := bytes.SplitN(b[1:], b[:1], 4)
	if len(f) < 3 || len(f[1]) > 64 {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(string(f[1]))
	port, ok := number(f[2])
	if err != nil || addr.Zone() != "" || !ok || port < 1 || port > 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), true
}

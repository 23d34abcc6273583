package http

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// got is one body as a consumer saw it.
type got struct {
	Request      bool
	Method       string
	Host, Name   string
	Status       int
	Declared     int64
	Body         string
	Missing      int64
	Complete     bool
	Coding       Coding
	First, Whole int64
	Notes        Note
}

// collector is a Consumer that checks the order of calls.
type collector struct {
	tb   testing.TB
	open [2]*got
	at   [2]int64
	all  []*got
}

func (c *collector) Begin(m *Message) {
	if c.open[m.Side] != nil {
		c.tb.Fatal("a body begins in a body")
	}
	c.open[m.Side], c.at[m.Side] = &got{}, 0
}

func (c *collector) Body(m *Message, off int64, b []byte) {
	o := c.open[m.Side]
	if o == nil || off < c.at[m.Side] || len(b) == 0 {
		c.tb.Fatalf("%d bytes at %d after %d, open %v", len(b), off, c.at[m.Side], o != nil)
	}
	o.Body += string(b)
	c.at[m.Side] = off + int64(len(b))
}

func (c *collector) Done(m *Message) {
	o := c.open[m.Side]
	if o == nil || m.Seen != int64(len(o.Body)) || m.Stop < m.Start || m.Complete && m.Missing != 0 {
		c.tb.Fatalf("ends with %+v, body %+v", m, o)
	}
	o.Request, o.Method, o.Host, o.Name, o.Status, o.Declared = m.Request, m.Method, m.Host, m.Name, m.Status, m.Declared
	o.Missing, o.Complete, o.Coding, o.First, o.Whole, o.Notes = m.Missing, m.Complete, m.Coding, m.First, m.Whole, m.Notes
	c.open[m.Side] = nil
	c.all = append(c.all, o)
}

func (c *collector) Named(int, uint32, string, string) {}

// talk feeds what client and server say, whole, in pieces of n bytes. "\x00" in it stands for missing bytes.
func talk(tb testing.TB, client, server string, n int, closed bool) ([]got, *Shared) {
	tb.Helper()
	c := &collector{tb: tb}
	shared := new(Shared)
	conn := New(nil, shared, c)
	for side, all := range []string{client, server} {
		off := uint64(0)
		for len(all) > 0 {
			k := strings.IndexByte(all, 0)
			if k == 0 {
				k = len(all) - len(strings.TrimLeft(all, "\x00"))
				conn.Gap(side, off, uint64(k), 1)
			} else {
				if k < 0 || k > n {
					k = min(n, len(all))
				}
				conn.Data(side, &flow.Chunk{Off: off, Bytes: []byte(all[:k]), Time: 1, Acked: uint64(len(client)), FromSYN: [2]bool{true, true}})
			}
			off, all = off+uint64(k), all[k:]
		}
		if side == 0 && closed {
			conn.End(0, true)
		}
	}
	if !closed {
		conn.End(0, false)
	}
	conn.End(1, closed)
	conn.Release()
	if shared.held != 0 {
		tb.Fatalf("%d bytes of lines are still held", shared.held)
	}
	var out []got
	for _, g := range c.all {
		out = append(out, *g)
	}
	return out, shared
}

const ask = "GET /dir/a%20b.bin?token=1 HTTP/1.1\r\nHost: Example.ORG:80\r\n\r\n"

func want(body string, change func(*got)) got {
	g := got{Method: "GET", Host: "example.org", Name: "a b.bin", Status: 200, Declared: int64(len(body)), Body: body, Complete: true, First: -1, Whole: -1}
	if change != nil {
		change(&g)
	}
	return g
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client, server string
		closed         bool
		want           []got
	}{
		"length":           {ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, []got{want("hello", nil)}},
		"bare line feeds":  {"GET /dir/a%20b.bin HTTP/1.0\nhost:example.org\n\n", "HTTP/1.1 200 OK\ncontent-length:5\n\nhello", false, []got{want("hello", nil)}},
		"no body":          {ask, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, nil},
		"equal lengths":    {ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5, 5\r\n\r\nhello", false, []got{want("hello", nil)}},
		"no reason phrase": {ask, "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", false, []got{want("hello", nil)}},
		"chunks": {
			ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n0000002;a=b\r\nlo\r\n0\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n", false,
			[]got{want("hello", func(g *got) { g.Declared = -1 })},
		},
		"until close": {ask, "HTTP/1.0 200 OK\r\n\r\nhello", true, []got{want("hello", func(g *got) { g.Declared, g.Notes = -1, NoteClose })}},
		"until the capture ends": {ask, "HTTP/1.0 200 OK\r\n\r\nhello", false, []got{want("hello", func(g *got) {
			g.Declared, g.Notes, g.Complete = -1, NoteClose, false
		})}},
		"cut": {ask, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", true, []got{want("hello", func(g *got) { g.Declared, g.Complete = 9, false })}},
		"HEAD, 204, 304, 100, then a body": {
			"HEAD / HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n" + ask,
			"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 304 Not\r\nContent-Length: 7\r\n\r\nHTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			false,
			[]got{want("hello", nil)},
		},
		"two lengths": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteTwoLengths, false })},
		},
		"a space before the colon of a length": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", false,
			[]got{want("hello", func(g *got) { g.Notes, g.Complete = NoteSpace, false })},
		},
		"a tab before the colon of a coding": {
			ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteSpace, false })},
		},
		"a space before another colon": {
			ask, "HTTP/1.1 200 OK\r\nServer : x\r\nContent-Length: 5\r\n\r\nhello", false, []got{want("hello", nil)},
		},
		"chunks in HTTP/1.0": {
			ask, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteOldChunks, false })},
		},
		"a length that is too large": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteBadLength, false })},
		},
		"a negative length": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteBadLength, false })},
		},
		"lengths that differ": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteBadLength, false })},
		},
		"4 GiB declared": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Complete = 1<<32, false })},
		},
		"a broken chunk": {
			ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteBadChunk, false })},
		},
		"a coding that is not known": {
			ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Notes, g.Complete = -1, NoteBadCoding, false })},
		},
		"gzip": {ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: x-gzip\r\n\r\nhello", true, []got{want("hello", func(g *got) { g.Coding = Gzip })}},
		"a range": {
			ask, "HTTP/1.1 206 Part\r\nContent-Length: 5\r\nContent-Range: bytes 10-14/100\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Status, g.Notes, g.First, g.Whole = 206, NotePart, 10, 100 })},
		},
		"a range told twice alike": {
			ask, "HTTP/1.1 206 Part\r\nContent-Length: 5\r\nContent-Range: bytes 10-14/100\r\nContent-Range: bytes 10-14/100\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Status, g.Notes, g.First, g.Whole = 206, NotePart, 10, 100 })},
		},
		"a range told in two ways": {
			ask, "HTTP/1.1 206 Part\r\nContent-Length: 5\r\nContent-Range: bytes 10-14/100\r\nContent-Range: bytes 20-24/100\r\n\r\nhello", true,
			[]got{want("hello", func(g *got) { g.Status, g.Notes = 206, NotePart })},
		},
		"missing in the body": {
			ask, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe\x00\x00\x00\x00llo", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Missing, g.Complete = 9, 4, false })},
		},
		"missing in a chunk": {
			ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhe\x00\x00\x00\x00llo\r\n0\r\n\r\n", true,
			[]got{want("hello", func(g *got) { g.Declared, g.Missing, g.Complete = -1, 4, false })},
		},
		"missing behind the body": {ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\x00\x00rest\r\n\r\n", true, []got{want("hello", nil)}},
		"a request with a body": {
			"PUT /up/fw.bin HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n", true,
			[]got{{Request: true, Method: "PUT", Host: "h", Name: "fw.bin", Declared: 5, Body: "hello", Complete: true, First: -1, Whole: -1}},
		},
		"a response alone": {
			"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true,
			[]got{{Status: 200, Declared: 5, Body: "hello", Complete: true, First: -1, Whole: -1, Notes: NoteNoRequest}},
		},
		"an answer to a HEAD that was not seen": {
			"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true,
			[]got{{Status: 200, Declared: 5, Body: "hello", Complete: true, First: -1, Whole: -1, Notes: NoteNoRequest}},
		},
		"a tunnel":   {"CONNECT h:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true, nil},
		"an upgrade": {ask, "HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true, nil},
		"not HTTP":   {"SSH-2.0-x\r\n", "SSH-2.0-y\r\n", true, nil},
	} {
		for _, n := range []int{1 << 20, 16, 1} {
			if n < 16 && name == "an answer to a HEAD that was not seen" {
				continue // with one byte at a time it cannot be told
			}
			have, _ := talk(t, c.client, c.server, n, c.closed)
			if d := cmp.Diff(c.want, have); d != "" {
				t.Errorf("%s, %d bytes at a time: %s", name, n, d)
			}
		}
	}
}

func TestHeaderFlood(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]string{
		"many lines":  "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 200_000),
		"a long line": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 1<<20),
		"trailers":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + strings.Repeat("X: y\r\n", 200_000),
	} {
		have, shared := talk(t, ask, server, 1400, true)
		if shared.TooLong != 1 || len(have) > 1 || len(have) == 1 && have[0].Complete {
			t.Errorf("%s: %d too long, %+v", name, shared.TooLong, have)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/a/b.bin": "b.bin", "/": "", "*": "", "/a/": "", "/a?f=/secret": "a", "/a#f": "a", "/b;jsessionid=77": "b",
		"http://h/x/y.bin?q": "y.bin", "http://h": "", "/%E2%82%AC.bin": "€.bin", "/bad%zz%4": "bad%zz%4", "/%ff": "\uFFFD",
		"/u?x=http://evil/y": "u", "h:443": "",
	} {
		if have := nameOf([]byte(target)); have != want {
			t.Errorf("%q: %q, want %q", target, have, want)
		}
	}
	for host, want := range map[string]string{
		"Example.ORG": "example.org", "h:80": "h", "user:secret@h:80": "h", "[fe80::1]:80": "fe80::1", "": "",
	} {
		if have := hostOf([]byte(host)); have != want {
			t.Errorf("%q: %q, want %q", host, have, want)
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add(ask, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", uint8(3))
	f.Add(ask+ask, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nHTTP/1.0 200 OK\n\nrest", uint8(1))
	f.Add("POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 206 P\r\nContent-Range: bytes 1-3/9\r\nContent-Length: 3\r\n\r\nabc", uint8(7))
	f.Add(ask, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe\x00\x00\x00\x00llo", uint8(40))
	f.Fuzz(func(t *testing.T, client, server string, n uint8) {
		whole, _ := talk(t, client, server, 1<<20, true)
		parts, _ := talk(t, client, server, 1+int(n), true)
		for _, g := range append(whole, parts...) {
			if strings.ContainsAny(g.Name, "?#") && !strings.Contains(client, "%") {
				t.Fatalf("a query is kept: %q", g.Name)
			}
		}
		if strings.IndexByte(client+server, 0) < 0 && len(whole) > 0 && len(parts) > 0 {
			oracle(t, server, whole)
		}
	})
}

// oracle holds the first response against the standard library where both read one to its end.
func oracle(t *testing.T, server string, have []got) {
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(server)), &http.Request{Method: http.MethodGet})
	if err != nil || r.StatusCode < 200 {
		return
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	for _, g := range have {
		if g.Request {
			continue
		}
		if err == nil && g.Complete && g.Method == "GET" && g.Status == r.StatusCode && g.Notes == 0 && len(body) > 0 && !bytes.Equal(body, []byte(g.Body)) {
			t.Fatalf("the standard library reads %q, this package %q", body, g.Body)
		}
		return
	}
}

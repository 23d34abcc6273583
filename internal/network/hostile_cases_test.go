package network

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
)

// zeros is gzip of n zero bytes.
func zeros(n int) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(make([]byte, n))
	_ = w.Close()
	return z.Bytes()
}

func gzipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

const head = "HTTP/1.1 200 OK\r\n"

func nothing([]model.Transfer, Summary) string { return "" }

// objects asks how many other objects were found.
func objects(n int) func([]model.Transfer, Summary) string {
	return func(_ []model.Transfer, s Summary) string {
		if s.Objects != int64(n)+1 {
			return fmt.Sprintf("%d other objects, want %d", s.Objects-1, n)
		}
		return ""
	}
}

// hostiles are all captures of TestHostile. every is how many frames of the flood come between two of the good
// download, 7 unless said.
var hostiles = []struct {
	name  string
	every int
	hostile
}{
	{"a record of no bytes", 0, hostile{frames: ether(0, 0, nil), check: nothing}},
	{"records of no bytes", 0, hostile{
		frames: func(yield func([]byte) bool) {
			for range 100_000 {
				if !yield([]byte{}) {
					return
				}
			}
		},
		check: lossIs(func(l *Losses) int64 { return l.Short }),
	}},
	{"a huge record", 0, hostile{
		raw: func(good []byte) []byte {
			return append(good, "\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"...)
		},
		cut: true, check: nothing,
	}},
	{"a record larger than is read", 0, hostile{
		raw: func(good []byte) []byte {
			b := binary.LittleEndian.AppendUint32(append(good, 0, 0, 0, 0, 0, 0, 0, 0), 300<<10)
			return append(binary.LittleEndian.AppendUint32(b, 300<<10), make([]byte, 300<<10)...)
		},
		cut: true, check: nothing,
	}},
	{"a record that ends early", 0, hostile{
		raw: func(good []byte) []byte { return append(good, "\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00"...) },
		cut: true, check: nothing,
	}},
	{"a pcapng block of no length", 0, hostile{raw: func(good []byte) []byte { return append(strangeLinks(good), 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }, cut: true, check: nothing}},
	{"a pcapng block of 4 GiB", 0, hostile{
		raw: func(good []byte) []byte {
			return append(strangeLinks(good), 6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0)
		},
		cut: true, check: nothing,
	}},
	{"a pcapng packet longer than its block", 0, hostile{
		raw: func(good []byte) []byte {
			b := append(strangeLinks(good), 6, 0, 0, 0, 32, 0, 0, 0)
			return append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 32, 0, 0, 0)
		},
		cut: true, check: nothing,
	}},
	{"unknown link types", 0, hostile{raw: strangeLinks, check: lossIs(func(l *Losses) int64 { return l.UnknownLink })}},
	{"random frames", 0, hostile{
		frames: ether(100_000, 0x0800, func(i int) []byte { return append([]byte{0x45}, firmware(uint64(i), 60+i%50)[8:]...) }),
		check:  lossIs(func(l *Losses) int64 { return l.Short }),
	}},
	{"overlapping fragments", 0, hostile{
		frames: ether(60_000, 0x0800, func(i int) []byte {
			if i%2 == 0 {
				return ipFragment(i/2, 0, true, make([]byte, 64))
			}
			return ipFragment(i/2, 24, false, []byte(strings.Repeat("x", 30)))
		}),
		check: lossIs(func(l *Losses) int64 { return l.Fragments }),
	}},
	{"fragments of nothing", 0, hostile{
		frames: ether(200_000, 0x0800, func(i int) []byte { return ipFragment(i, 65000, true, make([]byte, 16)) }),
		check:  lossIs(func(l *Losses) int64 { return l.Fragments }),
	}},
	{"fragments without end", 0, hostile{
		frames: ether(200_000, 0x0800, func(i int) []byte { return ipFragment(7, i*16%65520, true, make([]byte, 8)) }),
		check:  lossIs(func(l *Losses) int64 { return l.Fragments }),
	}},
	{"a stack of tags", 0, hostile{
		frames: ether(50_000, 0x8100, func(i int) []byte {
			return append(bytes.Repeat([]byte{0, byte(i), 0x81, 0}, 200), 0, 1, 8, 0, 0x45)
		}),
		check: lossIs(func(l *Losses) int64 { return l.NotIP }),
	}},
	{"a chain of IPv6 headers", 0, hostile{
		frames: ether(50_000, 0x86dd, func(int) []byte {
			b := append([]byte{0x60, 0, 0, 0}, binary.BigEndian.AppendUint16(nil, 8*100)...)
			b = append(b, 60, 64)
			b = append(b, make([]byte, 32)...)
			return append(b, bytes.Repeat([]byte{60, 0, 0, 0, 0, 0, 0, 0}, 100)...)
		}),
		check: lossIs(func(l *Losses) int64 { return l.Short }),
	}},
	{"IPv6 headers that lie", 0, hostile{
		frames: ether(50_000, 0x86dd, func(i int) []byte {
			b := append([]byte{0x60, 0, 0, 0, 0, 16, byte([]int{0, 43, 44, 51, 60}[i%5]), 64}, make([]byte, 32)...)
			return append(b, 6, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0)
		}),
		check: lossIs(func(l *Losses) int64 { return l.Short }),
	}},
	{"SYN flood", 3000, hostile{
		frames: many(200_000, func(_ int, c *conv) { c.flag(0, 0x02) }),
		check:  lossIs(func(l *Losses) int64 { return l.Evicted }),
	}},
	{"SYN flood during a pause", 100_000, hostile{
		frames: many(200_000, func(_ int, c *conv) { c.flag(0, 0x02) }),
		check:  lossIs(func(l *Losses) int64 { return l.Evicted }),
	}},
	{"forged addresses that begin a request", 3000, hostile{
		frames: many(50_000, func(i int, c *conv) { c.send(0, fmt.Appendf(nil, "GET /%d HTTP/1.1\r\nX: ", i)) }),
		check:  lossIs(func(l *Losses) int64 { return l.Evicted }),
	}},
	{"answers that never end", 3000, hostile{
		frames: many(40_000, func(_ int, c *conv) { c.send(1, []byte(head+"Content-Length: 100000\r\n\r\n\x7fELF")) }),
		check:  lossIs(func(l *Losses) int64 { return l.Objects }),
	}},
	{"long lines on many connections", 1000, hostile{
		frames: many(20_000, func(_ int, c *conv) {
			c.mss = 9000
			c.send(0, []byte("GET /a HTTP/1.1\r\nX: "+strings.Repeat("x", 8000)))
			c.send(0, []byte("\r\nY: "))
		}),
		check: objects(0),
	}},
	{"unfinished lines on many connections", 1000, hostile{
		frames: many(20_000, func(_ int, c *conv) { c.send(0, []byte("GET /a HTTP/1.1\r\nX: "+strings.Repeat("x", 1000))) }),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"names and hosts", 1000, hostile{
		frames: many(10_000, func(i int, c *conv) {
			c.send(0, fmt.Appendf(nil, "GET /%d%s HTTP/1.1\r\nHost: h%d.%s\r\n\r\n", i, strings.Repeat("n", 200), i, strings.Repeat("h", 200)))
			c.send(1, []byte(head+"Content-Length: 4\r\n\r\n\x7fELF"))
		}),
		check: objects(10_000),
	}},
	{"Content-Length of 4 GiB", 0, hostile{frames: answer(then(once(head+"Content-Length: 4294967296\r\n\r\n\x7fELF"), times(100, "x"))), check: noteIs("of 4294967296 bytes")}},
	{"Content-Length of 2^63", 0, hostile{frames: answer(once(head + "Content-Length: 9223372036854775808\r\n\r\n\x7fELF")), check: noteIs("Content-Length")}},
	{"negative Content-Length", 0, hostile{frames: answer(once(head + "Content-Length: -1\r\n\r\n\x7fELF")), check: noteIs("Content-Length")}},
	{"Content-Length with a plus", 0, hostile{frames: answer(once(head + "Content-Length: +4\r\n\r\n\x7fELF")), check: noteIs("Content-Length")}},
	{"two values of Content-Length", 0, hostile{frames: answer(once(head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n\x7fELFx")), check: noteIs("Content-Length")}},
	{"length and chunks", 0, hostile{frames: answer(once(head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n0\r\n\r\n")), check: noteIs("both a Content-Length")}},
	{"a chunk of 2^63", 0, hostile{frames: answer(once(head + "Transfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n8000000000000000\r\nxxxx")), check: noteIs("chunks")}},
	{"a chunk of 2^64 and some", 0, hostile{frames: answer(once(head + "Transfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n10000000000000004\r\nxxxx\r\n0\r\n\r\n")), check: noteIs("chunks")}},
	{"a negative chunk", 0, hostile{frames: answer(once(head + "Transfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n-4\r\nxxxx\r\n0\r\n\r\n")), check: noteIs("chunks")}},
	{"an endless chunk extension", 0, hostile{
		frames: answer(then(once(head+"Transfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n4;"), times(1<<20, "extension"))),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"chunks of one byte", 0, hostile{
		frames: answer(then(once(head+"Transfer-Encoding: chunked\r\n\r\n"), times(1_000_000, "1\r\nx\r\n"), once("0\r\n\r\n"))),
		check:  objects(1),
	}},
	{"an endless trailer", 0, hostile{
		frames: answer(then(once(head+"Transfer-Encoding: chunked\r\n\r\n4\r\n\x7fELF\r\n0\r\n"), times(1<<20, "a: b\r\n"))),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"a flood of fields", 0, hostile{
		frames: answer(then(once(head), times(1_000_000, "Content-Length: 5\r\n"))),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"an endless field", 0, hostile{
		frames: answer(then(once(head), times(20<<20, "x"))),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"an endless request line", 0, hostile{
		frames: request(then(once("GET /"), times(20<<20, "x"))),
		check:  lossIs(func(l *Losses) int64 { return l.LongHeaders }),
	}},
	{"empty lines without end", 0, hostile{frames: request(then(times(4<<20, "\r\n"), once("GET / HTTP/1.1\r\n\r\n"))), check: nothing}},
	{"requests without an answer", 0, hostile{frames: request(times(1_000_000, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")), check: lossIs(func(l *Losses) int64 { return l.Requests })}},
	{"requests without an answer on many connections", 200, hostile{
		frames: many(500, func(_ int, c *conv) {
			c.send(0, bytes.Repeat([]byte("GET /"+strings.Repeat("n", 200)+" HTTP/1.1\r\nHost: "+strings.Repeat("h", 200)+"\r\n\r\n"), 500))
		}),
		check: lossIs(func(l *Losses) int64 { return l.Requests }),
	}},
	{"answers without a request", 0, hostile{frames: speech(1, times(200_000, head+"Content-Length: 4\r\n\r\n\x7fELF")), check: objects(200_000)}},
	{"a gzip bomb", 0, hostile{
		frames: answer(once(head + fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(zeros(64<<20)), zeros(64<<20)))),
		check:  hasNote("grows far beyond"),
	}},
	{"many gzip bombs", 0, hostile{
		frames: many(100, func(_ int, c *conv) {
			b := zeros(2 << 20)
			c.send(1, fmt.Appendf(nil, head+"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", 1+len(b), b)) // never over
		}),
		check: hasNote("too many objects were being decoded"),
	}},
	{"gzip in gzip in gzip", 0, hostile{
		frames: answer(once(nested("gzip, gzip, gzip", gzipped(gzipped(zeros(1<<20)))))),
		check:  hasNote("not one that is decoded"),
	}},
	{"codings in three fields", 0, hostile{
		frames: answer(once(nested("gzip\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip", gzipped(gzipped(zeros(1<<20)))))),
		check:  hasNote("not one that is decoded"),
	}},
	{"early segments on one connection", 50, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			c.send(0, get("/bad.bin"))
			c.send(1, []byte(head+"Content-Length: 10000000\r\n\r\n"))
			for _, i := range shuffled(100_000) {
				if c.put(1, 0x10, c.seq[1]+1+uint32(i)*2, []byte{'x'}); !each() {
					return
				}
			}
		}),
		check: lossIs(func(l *Losses) int64 { return l.HeldEvicted }),
	}},
	{"early segments on many connections", 1000, hostile{
		frames: many(20_000, func(_ int, c *conv) {
			c.send(1, []byte(head+"Content-Length: 10000\r\n\r\nx"))
			c.put(1, 0x10, c.seq[1]+100, make([]byte, 1000))
		}),
		check: lossIs(func(l *Losses) int64 { return l.HeldEvicted }),
	}},
	{"segments of one byte", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			c.mss, c.ackBy = 1, 3
			c.send(0, get("/small.bin"))
			c.send(1, ok(firmware(42, 30_000), ""))
			c.close()
			each()
		}),
		check: objects(1),
	}},
	{"segments of one byte that nobody acknowledges", 50, hostile{
		frames: many(200, func(_ int, c *conv) {
			c.send(1, []byte(head+"Content-Length: 10000\r\n\r\n"))
			for range 1000 {
				c.put(1, 0x10, c.seq[1], []byte{'x'})
				c.seq[1]++
			}
		}),
		check: objects(200),
	}},
	{"numbers that wrap", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80")
			c.seq = [2]uint32{0xffffffff, 0xfffffff0}
			c.open()
			c.send(0, get("/wrap.bin"))
			c.send(1, ok(firmware(43, 30_000), ""))
			c.close()
			each()
		}),
		check: objects(1),
	}},
	{"copies that differ", 50, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			c.send(0, get("/bad.bin"))
			c.put(1, 0x10, c.seq[1], []byte(head+"Content-Length: 100000\r\n\r\n\x7fELF"+strings.Repeat("x", 1000)))
			for i := range 100_000 {
				if c.put(1, 0x10, c.seq[1]+100, fmt.Appendf(nil, "%0900d", i)); !each() {
					return
				}
			}
		}),
		check: lossIs(func(l *Losses) int64 { return l.Conflicts }),
	}},
	{"TFTP requests", 500, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			for i := range 20_000 {
				a := [4]byte{10, 7, byte(i >> 8), byte(i)}
				w.gram(a, [4]byte{10, 0, 0, 67}, 2000, 69, []byte("\x00\x01"+strings.Repeat("n", 400)+"\x00octet\x00"))
				w.gram([4]byte{10, 0, 0, 67}, a, 2001, 2000, append([]byte{0, 3, 0, 1}, make([]byte, 512)...))
				if !each() {
					return
				}
			}
		}),
		check: lossIs(func(l *Losses) int64 { return l.Datagrams }),
	}},
	{"FTP announcements", 20, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:21").open()
			c.send(1, []byte("220 ready\r\n"))
			for i := 0; i < 100_000; i += 50 {
				var b []byte
				for k := i; k < i+50; k++ {
					b = fmt.Appendf(b, "227 (10,%d,%d,1,%d,%d)\r\n", k>>16, k&255, k>>8&255, k&255)
				}
				if c.send(1, b); !each() {
					return
				}
			}
		}),
		check: lossIs(func(l *Losses) int64 { return l.Announced }),
	}},
	{"an endless FTP line", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:21").open()
			for b := range then(once("220 "), times(10<<20, "x")) {
				if c.send(1, b); !each() {
					return
				}
			}
		}),
		check: nothing,
	}},
	{"ranges of as many objects", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			for i := range 100_000 {
				c.send(0, get("/r.bin"))
				c.send(1, fmt.Appendf(nil, "HTTP/1.1 206 x\r\nContent-Range: bytes 0-3/%d\r\nContent-Length: 4\r\n\r\n\x7fELF", 1000+i))
				if !each() {
					return
				}
			}
		}),
		check: lossIs(func(l *Losses) int64 { return l.Ranges }),
	}},
	{"ranges out of order", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			for _, i := range shuffled(20_000) {
				c.send(0, get("/r.bin"))
				c.send(1, fmt.Appendf(nil, "HTTP/1.1 206 x\r\nContent-Range: bytes %d-%d/1000000\r\nContent-Length: 1\r\n\r\nx", 2+i*2, 2+i*2))
				if !each() {
					return
				}
			}
		}),
		check: noteIs("could not be kept"),
	}},
	{"ranges read back again and again", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
			part := func(off, n int) {
				c.send(0, get("/r.bin"))
				c.send(1, append(fmt.Appendf(nil, "HTTP/1.1 206 x\r\nContent-Range: bytes %d-%d/1000000\r\nContent-Length: %d\r\n\r\n", off, off+n-1, n), make([]byte, n)...))
			}
			for i := range 4000 { // holes of one byte
				part(2+i*2, 1)
			}
			for range 500 {
				if part(2, 8000); !each() {
					return
				}
			}
		}),
		check: hasNote("too late to be compared"),
	}},
	{"names in gzip headers", 0, hostile{
		frames: answer(then(once(head+"Content-Encoding: gzip\r\nContent-Length: 900000000\r\n\r\n"),
			times(200, "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"+strings.Repeat("n", 60_000)+"\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))),
		check: noteIs("of 900000000 bytes"),
	}},
	{"ranges in one answer", 0, hostile{
		frames: answer(then(once("HTTP/1.1 206 x\r\nContent-Type: multipart/byteranges; boundary=b\r\nContent-Length: 900000000\r\n\r\n"),
			times(200_000, "--b\r\nContent-Range: bytes 5-9/1000\r\n\r\n56789\r\n"))),
		check: lossIs(func(l *Losses) int64 { return l.Multipart }),
	}},
	{"parts without end", 0, hostile{
		frames: request(then(once("POST /f HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000000\r\n\r\n"),
			times(1_000_000, "--b\r\nContent-Disposition: form-data; filename=a\r\n\r\n\x7fELF\r\n"))),
		check: lossIs(func(l *Losses) int64 { return l.Multipart }),
	}},
	{"fields of a part without end", 0, hostile{
		frames: request(then(once("POST /f HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000000\r\n\r\n--b\r\n"),
			times(1_000_000, "a: b\r\n"))),
		check: lossIs(func(l *Losses) int64 { return l.Multipart }),
	}},
	{"forms on many connections", 1000, hostile{
		frames: many(6_000, func(_ int, c *conv) {
			c.send(0, []byte("POST /f HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n--b\r\nX: "+strings.Repeat("x", 1000)))
		}),
		check: lossIs(func(l *Losses) int64 { return l.Multipart }),
	}},
	{"what is nearly a boundary", 0, hostile{
		frames: request(then(once("POST /f HTTP/1.1\r\nContent-Type: multipart/form-data; boundary="+strings.Repeat("-", 70)+"\r\nContent-Length: 900000000\r\n\r\n--"+
			strings.Repeat("-", 70)+"\r\n\r\n"), times(100_000, "\r\n"+strings.Repeat("-", 71)))),
		check: noteIs("of 900000000 bytes"),
	}},
	{"TLS names", 1000, hostile{
		frames: many(40_000, func(i int, c *conv) {
			c.open()
			c.send(0, hello(fmt.Sprintf("%d.%s", i, strings.Repeat("n", 200)), 100))
		}),
		check: objects(0),
	}},
	{"TLS messages that never end", 1000, hostile{
		frames: many(20_000, func(_ int, c *conv) {
			c.open()
			c.send(0, append([]byte{22, 3, 1, 0x40, 0, 1, 0, 0xf0, 0}, make([]byte, 1000)...))
		}),
		check: objects(0),
	}},
	{"TLS records of one byte", 0, hostile{
		frames: traffic(func(w *wire, each func() bool) {
			c := w.conv("10.0.0.66:40001", "10.0.0.67:443").open()
			c.send(0, []byte{22, 3, 1, 0, 4, 1, 0, 0xf0, 0})
			for b := range times(400_000, "\x16\x03\x01\x00\x01x") {
				if c.send(0, b); !each() {
					return
				}
			}
		}),
		check: objects(0),
	}},
	{"what looks like TLS", 1000, hostile{
		frames: many(20_000, func(i int, c *conv) {
			c.open()
			c.send(0, append([]byte{22, 3, byte(i), 0xff, 0xff, 1, 0xff, 0xff, 0xff}, firmware(uint64(i), 500)...))
			c.send(1, append([]byte{23, 3, 3, 0, 0}, firmware(uint64(i), 500)...))
		}),
		check: objects(0),
	}},
}

// hello is a ClientHello of TLS 1.2 that asks for a name and offers n cipher suites.
func hello(name string, n int) []byte {
	be := binary.BigEndian
	sni := be.AppendUint16(nil, uint16(len(name)+3))
	sni = be.AppendUint16(append(sni, 0), uint16(len(name)))
	sni = append(sni, name...)
	ext := be.AppendUint16(be.AppendUint16(nil, 0), uint16(len(sni)))
	ext = append(ext, sni...)
	m := append([]byte{3, 3}, make([]byte, 33)...)
	m = be.AppendUint16(m, uint16(2*n))
	for i := range n {
		m = be.AppendUint16(m, uint16(0xc000+i))
	}
	m = be.AppendUint16(append(m, 1, 0), uint16(len(ext)))
	m = append(m, ext...)
	b := append([]byte{22, 3, 1}, be.AppendUint16(nil, uint16(len(m)+4))...)
	return append(append(b, 1, 0, byte(len(m)>>8), byte(len(m))), m...)
}

func nested(coding string, b []byte) string {
	return head + fmt.Sprintf("Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", coding, len(b), b)
}

// hasNote asks for an object with a note.
func hasNote(text string) func([]model.Transfer, Summary) string {
	return func(ts []model.Transfer, _ Summary) string {
		for _, g := range ts {
			for _, n := range g.Notes {
				if strings.Contains(n, text) && g.EntityDigest.IsZero() {
					return ""
				}
			}
		}
		return fmt.Sprintf("no object says %q", text)
	}
}

// What all bodies of a capture decode to is bounded too, however many there are.
func TestDecodedInAll(t *testing.T) {
	t.Parallel()
	w, whole := newWire(), zeros(1<<20)
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for range 3 {
		c.send(0, get("/a.bin"))
		c.send(1, ok(whole, "Content-Encoding: gzip\r\n"))
	}
	c.close()
	var l list
	e := newEngine(Options{AllObjects: true, Site: "main", Realm: "-", Connections: 8}, &l)
	e.decoded = decodedFloor - 2<<20
	for _, f := range w.frames {
		e.packet(&capture.Packet{Time: f.time, Data: f.data, Wire: len(f.data), Link: capture.LinkEthernet})
	}
	e.finish()
	var decoded []bool
	for _, g := range l.got {
		decoded = append(decoded, !g.EntityDigest.IsZero())
	}
	if !slices.Equal(decoded, []bool{true, true, false}) || e.summary().Losses.Undecoded != 1 {
		t.Errorf("decoded %v, %+v", decoded, e.summary().Losses)
	}
}

// strangeLinks writes a good capture as pcapng with interfaces of many link types in between.
func strangeLinks(good []byte) []byte {
	le := binary.LittleEndian
	block := func(b []byte, typ uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(12 + len(body))
		b = le.AppendUint32(le.AppendUint32(b, typ), n)
		return le.AppendUint32(append(b, body...), n)
	}
	out := block(nil, 0x0a0d0d0a, append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255))
	links := []uint16{1, 0xffff, 147, 127, 105}
	for _, l := range links {
		out = block(out, 1, append(le.AppendUint16(nil, l), 0, 0, 0, 0, 0, 0))
	}
	for data := range records(good) {
		for i := range links {
			body := le.AppendUint32(nil, uint32(i))
			body = append(body, 0, 0, 0, 0, 0, 0, 0, 0)
			body = le.AppendUint32(le.AppendUint32(body, uint32(len(data))), uint32(len(data)))
			out = block(out, 6, append(body, data...))
		}
	}
	return out
}

func records(pcap []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for b := pcap[24:]; len(b) > 0; {
			n := int(binary.LittleEndian.Uint32(b[8:]))
			if !yield(b[16 : 16+n]) {
				return
			}
			b = b[16+n:]
		}
	}
}

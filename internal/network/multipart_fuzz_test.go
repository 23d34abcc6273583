package network

import (
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
)

// Whatever two sides say to each other, nothing breaks, what is complete has a digest and nothing else has
// one, and all that was taken is given back.
func FuzzConversation(f *testing.F) {
	fw := firmware(44, 900)
	f.Add(post(form("b", formPart{`name="f"; filename="a.bin"`, "", fw}, formPart{"name=x", "", []byte("DOE^JANE")}), formB), ok(nil, ""), uint16(61))
	f.Add(post(gzipped(form("b", formPart{`filename=a.bin`, "", fw})), formB+"Content-Encoding: gzip\r\n"), ok(nil, ""), uint16(1448))
	f.Add(get("/a.bin"), partial(byteranges("B", fw, [2]int{500, 900}, [2]int{0, 600})), uint16(100))
	f.Add(append(get("/a.bin"), get("/a.bin")...), append(partial(byteranges("B", fw, [2]int{0, 600})), partial(byteranges("B", fw, [2]int{300, 900}))...), uint16(7))
	f.Add(append([]byte("PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"+formB+"\r\n"), inChunks(form("b", formPart{"name=x", "", fw}), 77)...), ok(fw, ""), uint16(300))
	f.Fuzz(func(t *testing.T, asked, answered []byte, mss uint16) {
		if len(asked)+len(answered) > 64<<10 {
			return
		}
		w := newWire()
		c := w.conv("10.0.0.10:40001", "10.0.0.200:80")
		c.mss = 1 + int(mss)%1448
		c.open()
		c.send(0, asked)
		c.send(1, answered)
		c.close()
		var l list
		e := newEngine(Options{AllObjects: true, Site: "main", Realm: "-", Connections: 8}, &l)
		for _, f := range w.frames {
			e.packet(&capture.Packet{Time: f.time, Data: f.data, Wire: len(f.data), Link: capture.LinkEthernet})
		}
		e.finish()
		if e.err != nil {
			t.Fatal(e.err)
		}
		if e.live != 0 || e.pending != 0 || len(e.inners) != e.innersMade || len(e.entities) != e.entitiesMade {
			t.Fatalf("left over: %d objects, %d of %d multipart bodies, %d of %d decoders", e.live, len(e.inners), e.innersMade, len(e.entities), e.entitiesMade)
		}
		for _, g := range l.got {
			if g.Complete == g.Digest.IsZero() || !g.EntityDigest.IsZero() && !g.Complete || len(g.Name) > maxName {
				t.Fatalf("%+v", g)
			}
			if g.Complete && g.Size == 0 && g.Digest != model.DigestOf(nil) {
				t.Fatalf("nothing has the digest of something: %+v", g)
			}
		}
		for _, p := range l.parts {
			if p.Complete == p.Digest.IsZero() {
				t.Fatalf("%+v", p)
			}
		}
	})
}

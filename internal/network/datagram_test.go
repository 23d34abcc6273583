package network

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// gram adds one UDP datagram without a checksum.
func (w *wire) gram(from, to [4]byte, sport, dport uint16, data []byte) {
	be := binary.BigEndian
	b := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 8, 0, 0x45, 0}
	b = be.AppendUint16(b, uint16(28+len(data)))
	b = append(b, 0, 1, 0, 0, 64, 17, 0, 0)
	b = append(append(b, from[:]...), to[:]...)
	be.PutUint16(b[24:], ^naiveSum(b[14:]))
	b = be.AppendUint16(be.AppendUint16(b, sport), dport)
	b = be.AppendUint16(be.AppendUint16(b, uint16(8+len(data))), 0)
	w.now += w.step
	w.frames = append(w.frames, frame{time: w.now, data: append(b, data...)})
}

func TestTFTP(t *testing.T) {
	t.Parallel()
	c, s := [4]byte{10, 0, 0, 12}, [4]byte{10, 0, 0, 202}
	for _, lost := range []int{0, 7} {
		w, fw := newWire(), firmware(6, 20_000)
		w.gram(c, s, 50000, 69, []byte("\x00\x02etc/fw.bin\x00octet\x00blksize\x001024\x00"))
		w.gram(s, c, 50001, 50000, []byte("\x00\x06blksize\x001024\x00"))
		for n := 1; (n-1)*1024 <= len(fw); n++ {
			if n != lost {
				w.gram(c, s, 50000, 50001, append([]byte{0, 3, 0, byte(n)}, fw[(n-1)*1024:min(n*1024, len(fw))]...))
			}
			w.gram(s, c, 50001, 50000, []byte{0, 4, 0, byte(n)})
		}
		got, sum := watch(t, w.pcap())
		if len(got) != 1 || sum.Objects != 1 {
			t.Fatalf("%+v", got)
		}
		g := got[0]
		if g.Protocol != "tftp" || g.Name != "fw.bin" || g.Peer != "10.0.0.12:50000" || g.Device.String() != "device:ip/main/-/10.0.0.202/-" || !g.Unchecked {
			t.Errorf("%+v", g)
		}
		if whole := lost == 0; g.Complete != whole || (g.Digest == model.DigestOf(fw)) != whole || whole == (len(g.Notes) > 0) {
			t.Errorf("with block %d lost: %+v", lost, g)
		}
	}
}

func TestKnownTFTP(t *testing.T) {
	t.Parallel()
	want, err := model.ParseHexDigest("39c9534e5fa6fecd3ac083ffd6256c2cc9a58f9f1058cb2e472d1782040231f9")
	if err != nil {
		t.Fatal(err)
	}
	l, _ := watchFile(t, filepath.Join(sharedCaptures(t), "suricata-verify__output-eve-tftp-01.pcap"))
	if len(l.got) != 1 || l.got[0].Digest != want || l.got[0].Name != "rfc1350.txt" {
		t.Errorf("%+v", l.got)
	}
}

package network

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

// seenAgain is the same frame at another place: with these tags, and one hop further when it was routed.
func seenAgain(f frame, late int64, routed bool, tags ...[2]uint16) frame {
	be := binary.BigEndian
	b := slices.Clone(f.data[:12])
	for _, tag := range tags {
		b = be.AppendUint16(be.AppendUint16(b, tag[0]), tag[1])
	}
	at := len(b) + 2
	b = append(b, f.data[12:]...)
	if routed {
		b[5], b[11] = b[5]|0x40, b[11]|0x40
		b[at+8]--
		be.PutUint16(b[at+10:], 0)
		be.PutUint16(b[at+10:], ^naiveSum(b[at:at+20]))
	}
	return frame{time: f.time + late, data: b, wire: f.wire}
}

// What a mirror does to a conversation changes no digest, and is counted as what it is.
func TestMirror(t *testing.T) {
	t.Parallel()
	fw := firmware(2, 90_000)
	same := []model.Digest{model.DigestOf(fw)}
	for name, c := range map[string]struct {
		change func([]frame) []frame
		want   []model.Digest
		sum    string // packets, copies, sessions, gaps, fragments, short
	}{
		"QinQ one way, a tag the other": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					if f.data[11] == 0 {
						f = seenAgain(f, 0, false, [2]uint16{0x88a8, 7}, [2]uint16{0x8100, 8})
					} else {
						f = seenAgain(f, 0, false, [2]uint16{0x8100, 9})
					}
					out = append(out, f)
				}
				return out
			}, same, "69 0 1 0 0 0",
		},
		"a tag that changes on the way": {
			func(fs []frame) (out []frame) {
				for i, f := range fs {
					out = append(out, seenAgain(f, 0, false, [2]uint16{0x9100, uint16(i)}, [2]uint16{0x8100, uint16(i * 7)}))
				}
				return out
			}, same, "69 0 1 0 0 0",
		},
		"before and after routing, with tags of each side": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					out = append(out, seenAgain(f, 0, false, [2]uint16{0x8100, 10}), seenAgain(f, 30_000, true, [2]uint16{0x88a8, 7}, [2]uint16{0x8100, 20}))
				}
				return out
			}, same, "138 69 1 0 0 0",
		},
		"after routing, then before": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					out = append(out, seenAgain(f, 30_000, true), f)
				}
				return out
			}, same, "138 69 1 0 0 0",
		},
		"in fragments, each of them twice": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					for _, g := range inFragments(f, 800) {
						out = append(out, g, seenAgain(g, 2000, true))
					}
				}
				return out
			}, same, "262 131 1 0 0 0",
		},
		"in fragments, all of them twice": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					gs := inFragments(f, 800)
					out = append(out, gs...)
					for _, g := range gs {
						out = append(out, seenAgain(g, 2000, true))
					}
				}
				return out
			}, same, "262 131 1 0 0 0",
		},
		"merged by offload, without a length, cut by the snap length": {
			func(fs []frame) (out []frame) {
				for _, f := range fs {
					f = seenAgain(f, 0, false)
					binary.BigEndian.PutUint16(f.data[16:], 0)
					f.data[24], f.data[25] = 0, 0
					f.wire = len(f.data)
					f.data = f.data[:min(len(f.data), 1000)]
					out = append(out, f)
				}
				return out
			}, nil, "69 0 1 62 0 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			download(w, "/a", fw)
			if len(w.frames) != 69 {
				t.Fatalf("%d frames", len(w.frames))
			}
			w.frames = c.change(w.frames)
			got, s := watch(t, w.pcap())
			if d := cmp.Diff(c.want, digests(got)); d != "" || len(got) != 1 {
				t.Errorf("%d transfers, digests: %s", len(got), d)
			}
			for _, g := range got {
				if g.Ambiguous || g.Size+s.Losses.GapBytes < int64(len(fw)) {
					t.Errorf("%+v", g)
				}
			}
			if s.Retransmits != 0 || s.KeepAlives != 0 {
				t.Errorf("%d sent again, %d probes", s.Retransmits, s.KeepAlives)
			}
			sum := fmt.Sprint(s.Packets, s.Copies, s.Sessions, s.Losses.Gaps, s.Losses.Fragments, s.Losses.Short)
			if sum != c.sum {
				t.Errorf("packets, copies, sessions, gaps, fragments, short: %s, want %s", sum, c.sum)
			}
		})
	}
}

// inFragments cuts the payload of an untagged IPv4 frame.
func inFragments(f frame, size int) []frame {
	be := binary.BigEndian
	var out []frame
	for at := 34; at < len(f.data); at += size {
		n := min(size, len(f.data)-at)
		b := append(slices.Clone(f.data[:34]), f.data[at:at+n]...)
		more := uint16(0)
		if at+n < len(f.data) {
			more = 0x2000
		}
		be.PutUint16(b[16:], uint16(20+n))
		be.PutUint16(b[20:], more|uint16((at-34)/8))
		be.PutUint16(b[24:], 0)
		be.PutUint16(b[24:], ^naiveSum(b[14:34]))
		out = append(out, frame{time: f.time + int64(at), data: b})
	}
	return out
}

// Datagrams that the mirror delivered twice are counted as copies and change no file; a block that its sender
// sends again is no copy.
func TestMirroredDatagrams(t *testing.T) {
	t.Parallel()
	c, s := [4]byte{10, 0, 0, 12}, [4]byte{10, 0, 0, 202}
	w, fw := newWire(), firmware(6, 20_000)
	w.gram(c, s, 50000, 69, []byte("\x00\x01etc/fw.bin\x00octet\x00blksize\x001024\x00"))
	w.gram(s, c, 50001, 50000, []byte("\x00\x06blksize\x001024\x00"))
	w.gram(c, s, 50000, 50001, []byte{0, 4, 0, 0})
	for n := 1; (n-1)*1024 <= len(fw); n++ {
		w.gram(s, c, 50001, 50000, append([]byte{0, 3, 0, byte(n)}, fw[(n-1)*1024:min(n*1024, len(fw))]...))
		if n == 5 { // its acknowledgement took long
			w.now += 1e9
			w.gram(s, c, 50001, 50000, append([]byte{0, 3, 0, byte(n)}, fw[(n-1)*1024:min(n*1024, len(fw))]...))
		}
		w.gram(c, s, 50000, 50001, []byte{0, 4, 0, byte(n)})
	}
	want := "44 0"
	for range 2 {
		got, sum := watch(t, w.pcap())
		if len(got) != 1 || got[0].Digest != model.DigestOf(fw) || got[0].Ambiguous {
			t.Errorf("%+v", got)
		}
		if got := fmt.Sprint(sum.Packets, sum.Copies); got != want {
			t.Errorf("packets, copies: %s, want %s", got, want)
		}
		want = "88 44"
		var twice []frame
		for _, f := range w.frames {
			twice = append(twice, f, seenAgain(f, 50_000, true))
		}
		w.frames = twice
	}
}

// The rule of checksums: offload is used, anything else that is wrong only of a sender that has shown no good
// data. The three are counted apart, and what rests on unchecked bytes says so.
func TestChecksumRule(t *testing.T) {
	t.Parallel()
	wrong := func(right, _ uint16) uint16 { return right ^ 0x5a5a }
	zero := func(uint16, uint16) uint16 { return 0 }
	bare := func(_, pseudo uint16) uint16 { return pseudo }
	fw := firmware(2, 20*1448)
	all := ok(fw, "")
	for name, c := range map[string]struct {
		build func(w *wire, c *conv)
		want  string // complete, unchecked; offload, used though wrong, dropped; gaps
	}{
		"all good":          {func(_ *wire, c *conv) { c.send(1, all) }, "true false 0 0 0 0"},
		"all left out":      {func(_ *wire, c *conv) { c.sum = zero; c.send(1, all) }, "true true 22 0 0 0"},
		"all bare":          {func(_ *wire, c *conv) { c.sum = bare; c.send(1, all) }, "true true 22 0 0 0"},
		"all wrong":         {func(_ *wire, c *conv) { c.sum = wrong; c.send(1, all) }, "true true 0 21 1 0"},
		"bare behind good":  {func(_ *wire, c *conv) { c.send(1, all[:9000]); c.sum = bare; c.send(1, all[9000:]) }, "true true 15 0 0 0"},
		"wrong behind good": {func(_ *wire, c *conv) { c.send(1, all[:9000]); c.sum = wrong; c.send(1, all[9000:]) }, "false false 0 0 15 1"},
		"wrong, then good":  {func(_ *wire, c *conv) { c.sum = wrong; c.send(1, all[:9000]); c.sum = nil; c.send(1, all[9000:]) }, "true true 0 7 1 0"},
		"wrong, then repeat": {func(_ *wire, c *conv) {
			c.send(1, all[:1448])
			c.sum = wrong
			c.put(1, 0x18, c.seq[1], all[1448:2896])
			c.sum = nil
			c.send(1, all[1448:])
		}, "true false 0 0 1 0"},
		"good where it carries nothing": {func(_ *wire, c *conv) { c.flag(1, 0x10); c.sum = wrong; c.send(1, all) }, "true true 0 21 1 0"},
		"good in another connection": {func(w *wire, c *conv) {
			o := w.conv("10.0.0.11:40009", "10.0.0.200:80").open()
			o.send(1, []byte("hello"))
			c.sum = wrong
			c.send(1, all)
		}, "false false 0 0 22 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
			conn.send(0, get("/fw.bin"))
			c.build(w, conn)
			conn.sum = nil
			conn.close()
			got, s := watch(t, w.pcap())
			whole, unchecked := false, false
			for _, g := range got {
				whole = whole || g.Complete && g.Digest == model.DigestOf(fw)
				unchecked = unchecked || g.Unchecked
			}
			l := s.Losses
			if have := fmt.Sprint(whole, unchecked, l.Offload, l.WrongChecksum, l.BadChecksum, l.Gaps); have != c.want {
				t.Errorf("complete, unchecked, offload, wrong, dropped, gaps: %s, want %s", have, c.want)
			}
		})
	}
}

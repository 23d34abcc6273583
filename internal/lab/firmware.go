package lab

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// Body is content that can be read again and again without being held: bytes as given, or made from a seed.
type Body struct {
	given []byte
	made  bool
	head  []byte
	seed  uint64
	size  int
}

// BytesBody returns a body of exactly these bytes.
func BytesBody(b []byte) Body { return Body{given: b, size: len(b)} }

// FirmwareBody returns a body that reads as [Firmware] does.
func FirmwareBody(seed uint64, size int) Body {
	return HeadedBody(elfHeader(size), seed, size)
}

// HeadedBody returns size bytes that begin with head, such as the magic of a format, and do not compress.
func HeadedBody(head []byte, seed uint64, size int) Body {
	return Body{made: true, head: head, seed: seed, size: size}
}

// NoiseBody returns size bytes that do not compress and look like nothing.
func NoiseBody(seed uint64, size int) Body { return Body{made: true, seed: seed, size: size} }

// Size returns the length in bytes.
func (b Body) Size() int64 { return int64(b.size) }

// Reader reads the body from its beginning.
func (b Body) Reader() io.Reader {
	if !b.made {
		return bytes.NewReader(b.given)
	}
	noise := io.Reader(rand.NewChaCha8(keyOf(b.seed, "body")))
	if len(b.head) > 0 {
		noise = io.MultiReader(bytes.NewReader(b.head), noise)
	}
	return io.LimitReader(noise, int64(b.size))
}

// keyOf returns the seed of one stream of chance among all that come from the seed of a plan.
func keyOf(seed uint64, purpose string) [32]byte {
	return sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), purpose...))
}

// Firmware returns size bytes that begin as a 64-bit ARM executable does and do not compress. The same
// seed and size give the same bytes.
func Firmware(seed uint64, size int) []byte {
	out := make([]byte, size)
	_, _ = io.ReadFull(FirmwareBody(seed, size).Reader(), out) // a body holds exactly its size and cannot fail
	return out
}

// Flip returns a copy of body in which the byte at offset at is another one: what a device fetches when
// somebody on the way changed a single byte. An offset outside the body changes nothing.
func Flip(body []byte, at int) []byte {
	out := bytes.Clone(body)
	if at >= 0 && at < len(out) {
		out[at] ^= 1
	}
	return out
}

// elfHeader returns the ELF header of an AArch64 executable with one loadable segment that spans the file.
func elfHeader(size int) []byte {
	const header, program, base = 64, 56, 0x400000
	le := binary.LittleEndian
	h := append(make([]byte, 0, header+program), 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	h = le.AppendUint16(h, 2)   // ET_EXEC
	h = le.AppendUint16(h, 183) // EM_AARCH64
	h = le.AppendUint32(h, 1)
	h = le.AppendUint64(h, base+header+program) // entry
	h = le.AppendUint64(h, header)              // program headers
	h = le.AppendUint64(h, 0)                   // no section headers
	h = le.AppendUint32(h, 0)
	for _, v := range []uint16{header, program, 1, 0, 0, 0} {
		h = le.AppendUint16(h, v)
	}
	h = le.AppendUint32(h, 1) // PT_LOAD
	h = le.AppendUint32(h, 5) // readable, executable
	for _, v := range []uint64{0, base, base, uint64(size), uint64(size), 0x10000} {
		h = le.AppendUint64(h, v)
	}
	return h
}

package release

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// BlockSize is the length in bytes of every block of an artifact but the last.
const BlockSize = model.BlockSize

const (
	blocksFormat = "cordon-blocks/v1"
	blockLine    = 130 // two digests of 64 hex digits, a space and the line's end
	maxBlockFile = 256 + (maxLength/BlockSize+1)*blockLine
)

// Blocks are the digests with which a part of an artifact can be recognised: of each block, and of each
// prefix that ends on one. The last prefix is the whole artifact.
type Blocks struct {
	Artifact model.Digest
	Length   int64 // bytes of the artifact
	Sums     []model.Digest
	Prefixes []model.Digest
}

// blockCount returns how many blocks an artifact of this length has.
func blockCount(length int64) int64 { return (length + BlockSize - 1) / BlockSize }

// blockFileMax bounds a block file by the length of its artifact.
func blockFileMax(length int64) int64 { return 256 + blockCount(length)*blockLine }

// Encode returns the block file: a line that names the format, the artifact, its length and the length
// of a block; then for each block one line with the digest of the block and of the prefix that it ends.
func (b Blocks) Encode() []byte {
	var out bytes.Buffer
	out.Grow(int(blockFileMax(b.Length)))
	fmt.Fprintf(&out, "%s %s %d %d\n", blocksFormat, b.Artifact.Hex(), b.Length, BlockSize)
	for i := range b.Sums {
		out.WriteString(b.Sums[i].Hex())
		out.WriteByte(' ')
		out.WriteString(b.Prefixes[i].Hex())
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// ParseBlocks reads a block file in its one spelling. It refuses a file that does not cover its
// artifact from the first byte to the last. Errors carry BadInput.
func ParseBlocks(data []byte) (Blocks, error) {
	b, err := parseBlocks(data)
	if err != nil {
		return Blocks{}, fault.Wrap(err, fault.BadInput, "the block file cannot be read")
	}
	return b, nil
}

func parseBlocks(data []byte) (Blocks, error) {
	if len(data) > maxBlockFile {
		return Blocks{}, fmt.Errorf("%d bytes are more than %d", len(data), maxBlockFile)
	}
	first, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok || len(first) > 256 {
		return Blocks{}, fmt.Errorf("it does not begin with a line of its format")
	}
	b, err := parseBlocksHeader(string(first))
	if err != nil {
		return Blocks{}, err
	}
	n := blockCount(b.Length)
	if int64(len(rest)) != n*blockLine {
		return Blocks{}, fmt.Errorf("%d bytes follow the first line, an artifact of %d bytes has %d blocks", len(rest), b.Length, n)
	}
	b.Sums, b.Prefixes = make([]model.Digest, n), make([]model.Digest, n)
	for i := range b.Sums {
		line := rest[i*blockLine : (i+1)*blockLine]
		if line[64] != ' ' || line[129] != '\n' {
			return Blocks{}, fmt.Errorf("block %d: the line does not hold two digests", i+1)
		}
		if b.Sums[i], err = model.ParseHexDigest(string(line[:64])); err != nil {
			return Blocks{}, fmt.Errorf("block %d: %w", i+1, err)
		}
		if b.Prefixes[i], err = model.ParseHexDigest(string(line[65:129])); err != nil {
			return Blocks{}, fmt.Errorf("block %d: %w", i+1, err)
		}
	}
	switch {
	case b.Prefixes[n-1] != b.Artifact:
		return Blocks{}, fmt.Errorf("the last prefix is not the artifact")
	case b.Prefixes[0] != b.Sums[0]:
		return Blocks{}, fmt.Errorf("the first prefix is not the first block")
	}
	return b, nil
}

func parseBlocksHeader(line string) (Blocks, error) {
	f := strings.Split(line, " ")
	if len(f) != 4 || f[0] != blocksFormat || f[3] != strconv.Itoa(BlockSize) {
		return Blocks{}, fmt.Errorf("the first line is not that of %q with blocks of %d bytes", blocksFormat, BlockSize)
	}
	d, err := model.ParseHexDigest(f[1])
	if err != nil {
		return Blocks{}, err
	}
	n, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || n < 1 || n > maxLength || strconv.FormatInt(n, 10) != f[2] {
		return Blocks{}, fmt.Errorf("length %q is not a number from 1 to %d", f[2], int64(maxLength))
	}
	return Blocks{Artifact: d, Length: n}, nil
}

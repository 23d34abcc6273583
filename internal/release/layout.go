package release

import (
	"bytes"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
)

// Names in a publication. The paths under log/tile are those of C2SP tlog-tiles; envelopes and salts lie
// beside them in bundles of the same size and with the same scheme of names.
const (
	headPath       = "head.jsonl" // written last: it is the commit point
	rootsPath      = "roots.jsonl"
	checkpointPath = "log/checkpoint"
	checkpointDir  = "log/checkpoints"
	tileDir        = "log/tile"
	entriesDir     = "log/tile/entries"
	envelopesDir   = "log/envelopes"
	saltsDir       = "log/salts"
	envelopesExt   = ".jsonl"
)

// Limits of the files of a publication. A publisher keeps to them, so a reader can insist on them.
const (
	tileHeight   = 8
	bundleWidth  = 1 << tileHeight // entries in a full bundle
	maxEntry     = 1<<16 - 1       // bytes, C2SP tlog-tiles
	maxHeadFile  = 1 << 20
	maxRootsFile = 64 << 20
	maxNoteFile  = 64 << 10
	maxEnvelopes = 64 << 20 // bytes of one bundle of envelopes
)

// bundle is one run of up to 256 entries.
type bundle struct {
	n     int64 // its number
	width int   // entries in it
}

// bundles lists the bundles of a log of this size.
func bundles(size int64) []bundle {
	out := make([]bundle, 0, size/bundleWidth+1)
	for at := int64(0); at < size; at += bundleWidth {
		out = append(out, bundle{at / bundleWidth, int(min(bundleWidth, size-at))})
	}
	return out
}

// path returns the bundle's path in a folder; a partial one names its width.
func (b bundle) path(dir, ext string) string {
	p := dir + "/" + tileNumber(b.n)
	if b.width < bundleWidth {
		p += ".p/" + strconv.Itoa(b.width)
	}
	return p + ext
}

// tileNumber writes a number in groups of three digits, all but the last with an x before them.
func tileNumber(n int64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

func tilePath(t tlog.Tile) string {
	p := tileDir + "/" + strconv.Itoa(t.L) + "/" + tileNumber(t.N)
	if t.W < bundleWidth {
		p += ".p/" + strconv.Itoa(t.W)
	}
	return p
}

func notePath(size int64) string { return checkpointDir + "/" + strconv.FormatInt(size, 10) }

// encodeEntries writes an entry bundle: each entry after its length as a big-endian uint16.
func encodeEntries(entries [][]byte) ([]byte, error) {
	var out []byte
	for i, e := range entries {
		if len(e) == 0 || len(e) > maxEntry {
			return nil, fmt.Errorf("entry %d has %d bytes, a bundle takes 1 to %d", i, len(e), maxEntry)
		}
		out = append(out, byte(len(e)>>8), byte(len(e))) //nolint:gosec // bounded above
		out = append(out, e...)
	}
	return out, nil
}

// parseEntries reads an entry bundle of exactly n entries.
func parseEntries(b []byte, n int) ([][]byte, error) {
	out := make([][]byte, 0, min(n, bundleWidth))
	for len(out) < n {
		if len(b) < 2 {
			return nil, fmt.Errorf("the bundle ends after %d of %d entries", len(out), n)
		}
		size := int(b[0])<<8 | int(b[1])
		if b = b[2:]; size == 0 || size > len(b) {
			return nil, fmt.Errorf("entry %d of %d bytes does not fit in its bundle", len(out), size)
		}
		out = append(out, b[:size:size])
		b = b[size:]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last entry of the bundle", len(b))
	}
	return out, nil
}

// parseLines splits a JSON Lines file into at most n lines. The last may lack its end.
func parseLines(b []byte, n int) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		if len(out) == n {
			return nil, fmt.Errorf("more than %d lines", n)
		}
		line := b
		if i := bytes.IndexByte(b[:min(len(b), evidence.MaxEnvelope+1)], '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if len(line) == 0 || len(line) > evidence.MaxEnvelope {
			return nil, fmt.Errorf("line %d has %d bytes, 1 to %d are allowed", len(out)+1, len(line), evidence.MaxEnvelope)
		}
		out = append(out, line)
	}
	return out, nil
}

// Package multipart takes multipart bodies (RFC 2046 section 5.1) apart while they pass, without ever
// holding one.
//
// Most callers need [Boundary], [Parser.Reset], [Parser.Write] and [Parser.Close]; parts come out through a
// [Consumer] as slices of what went in. Line ends are those of the first delimiter: CRLF, or the bare LF that
// some senders write. It refuses to guess: where a header section or a delimiter is not what the standard
// says, or is larger than is read, the framing is given up, [Parser.Err] says why, and the part under way is
// not whole. A part that is itself multipart is one part. Names of fields are dropped as they pass; of a file
// name the last path segment is kept.
package multipart

import "errors"

// Limits of what is believed.
const (
	MaxParts    = 4096     // of one body
	maxHeader   = 16 << 10 // bytes of the header section of one part
	maxPadding  = 256      // bytes of white space behind a delimiter
	maxBoundary = 70       // RFC 2046 section 5.1.1
	maxName     = 255      // bytes of a file name
	maxType     = 64       // bytes of a media type
	maxLength   = 1 << 50  // bytes that a range may reach
)

// Errors that say why the framing of a body was given up.
var (
	ErrHeader    = errors.New("the header section of a part is not one")
	ErrTooLong   = errors.New("the header section of a part is longer than is read")
	ErrDelimiter = errors.New("a delimiter between parts is followed by something else")
	ErrParts     = errors.New("it has more parts than are read")
	ErrUnclosed  = errors.New("it ends without its closing delimiter")
)

// Part is what the header section of a part says.
type Part struct {
	File    bool   // it has a file name, perhaps an empty one
	Name    string // last segment of the file name
	Type    string // Content-Type without parameters, lower case; empty when there is none
	Encoded bool   // its Content-Transfer-Encoding or Content-Encoding changes its bytes; they are not decoded
	First   int64  // Content-Range: offset of the first byte; -1 when there is none
	Last    int64  // offset of the last byte, when First is known
	Whole   int64  // length of the whole; -1 when not told
}

// Consumer takes parts, one after the other. The part is the parser's own: a consumer keeps what it needs.
type Consumer interface {
	// Begin announces a part whose header section is over.
	Begin(p *Part)
	// Body takes bytes of the part, valid during the call.
	Body(b []byte)
	// End says that nothing more of the part comes; whole says whether its closing delimiter was seen.
	End(whole bool)
}

// state is where a body stands.
type state uint8

const (
	preamble  state = iota // at or in a line before the first delimiter
	preSkip                // in a line before the first delimiter that is none
	delimiter              // behind a delimiter, in white space
	delimLF                // behind the CR of a delimiter
	closing                // behind a closing delimiter
	headers                // in a header section
	content                // in the bytes of a part
	epilogue               // behind the closing delimiter's line
	broken                 // framing given up
)

// Parser takes one body at a time apart. It must be Reset before use and belongs to one goroutine.
type Parser struct {
	out   Consumer
	state state
	err   error
	delim []byte // line end, two hyphens, boundary
	bare  bool   // lines end with LF alone
	known bool   // bare is known
	open  bool   // the consumer was told of a part, and not yet of its end
	match int    // bytes of delim, and of what must follow it, that were seen
	ghost int    // of these, bytes that were not part of the content
	pad   int    // bytes of white space behind the delimiter
	part  Part
	parts int

	section []byte // the header section so far
	lineAt  int    // where its last line begins

	outside int64
}

// Reset makes the parser ready for a body with this boundary, as [Boundary] returned it.
func (p *Parser) Reset(boundary string, out Consumer) {
	delim := append(append(p.delim[:0], "\r\n--"...), boundary...)
	*p = Parser{out: out, delim: delim, section: p.section[:0], match: 2}
}

// Write takes the next bytes of the body.
func (p *Parser) Write(b []byte) {
	for len(b) > 0 {
		var n int
		switch p.state {
		case preamble:
			n = p.first(b)
		case preSkip:
			n = p.skipLine(b)
		case delimiter, delimLF, closing:
			n = p.behind(b[0])
		case headers:
			n = p.header(b)
		case content:
			n = p.body(b)
		default:
			p.outside += int64(len(b))
			return
		}
		b = b[n:]
	}
}

// Close says that nothing more of the body comes. A part under way is not whole.
func (p *Parser) Close() {
	switch p.state {
	case closing:
		p.shut()
	case epilogue, broken:
	default:
		p.fail(ErrUnclosed)
	}
	p.out = nil
}

// Err is why the framing was given up; nil while it holds.
func (p *Parser) Err() error { return p.err }

// Parts is how many parts began.
func (p *Parser) Parts() int { return p.parts }

// Outside is how many bytes lay before the first delimiter, behind the last, or behind the place at which
// the framing was given up.
func (p *Parser) Outside() int64 { return p.outside }

// fail gives the framing up.
func (p *Parser) fail(err error) {
	p.err = err
	p.end(false)
	p.state = broken
	clear(p.section) // it may hold names of fields
	p.section, p.lineAt = p.section[:0], 0
}

func (p *Parser) end(whole bool) {
	if p.open {
		p.open = false
		p.out.End(whole)
	}
}

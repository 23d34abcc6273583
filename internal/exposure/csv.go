package exposure

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Limits of one import.
const (
	MaxLines = 1_000_000 // lines, the header and blank ones included
	MaxLine  = 8 << 10   // bytes of a line, its ending included
	MaxBytes = 256 << 20 // bytes of the whole file
)

// Columns are the columns of an import. A file has each of them once, in any order.
var Columns = [...]string{"from", "relation", "to", "harm", "known", "since", "until", "control"}

// Row is one line of an import.
type Row struct {
	Line int    // from 1; the header is a line too
	Raw  []byte // the line as it stands in the file, without its ending
	Edge model.Edge
}

// ReadEdges reads edges from CSV (RFC 4180, one record a line; a byte order mark, CRLF, spaces around a
// cell and lines without any text are tolerated). The first line names the [Columns]. Times are RFC
// 3339 or a date; an empty since, until or control is none. Two different needs:<k> for one gate, of
// whatever harm, are an error.
//
// One bad row means that no row is returned: the fault [fault.BadRows] then names each by line, at most
// [MaxBadRows] of them, and has a [*BadRows] as its cause. A file beyond the limits is [fault.TooLarge];
// one that cannot be read to its end is [fault.ReadFailed].
func ReadEdges(r io.Reader) ([]Row, error) {
	rd := reader{lines: bufio.NewReaderSize(r, MaxLine), gates: map[model.Subject]need{}}
	if err := rd.header(); err != nil {
		return nil, err
	}
	for {
		line, refused, err := rd.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if refused == nil {
			refused = rd.row(line)
		}
		if refused != nil {
			rd.bad.add(rd.line, refused)
		}
	}
	if err := rd.bad.fault(); err != nil {
		return nil, err
	}
	return rd.rows, nil
}

// reader is the state of one import. It belongs to the goroutine that calls ReadEdges.
type reader struct {
	lines *bufio.Reader
	line  int
	bytes int64
	place [len(Columns)]int // of each column in a row
	gates map[model.Subject]need
	rows  []Row
	bad   BadRows
}

// need is the first k that the file gives for a gate.
type need struct{ k, line int }

// next returns the next line without its ending, valid until the call after, or what is wrong with that
// line alone. At the end of the file err is io.EOF.
func (rd *reader) next() (line []byte, refused, err error) {
	line, err = rd.lines.ReadSlice('\n')
	long := false
	n := len(line)
	for errors.Is(err, bufio.ErrBufferFull) && rd.bytes+int64(n) <= MaxBytes {
		long = true
		line, err = rd.lines.ReadSlice('\n')
		n += len(line)
	}
	rd.bytes += int64(n)
	switch {
	case rd.bytes > MaxBytes:
		return nil, nil, fault.New(fault.TooLarge, "the import is larger than %d bytes", MaxBytes).
			Hint("import it in several files")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, nil, fault.Wrap(err, fault.ReadFailed, "read line %d of the import", rd.line+1)
	case n == 0:
		return nil, nil, io.EOF
	case rd.line == MaxLines:
		return nil, nil, fault.New(fault.TooLarge, "the import has more than %d lines", MaxLines).
			Hint("import it in several files")
	}
	rd.line++
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	switch {
	case long:
		return nil, fmt.Errorf("it has %d bytes, more than %d", n, MaxLine), nil
	case !utf8.Valid(line):
		return nil, errors.New("it is not valid UTF-8"), nil
	}
	return line, nil, nil
}

// row reads one data line.
func (rd *reader) row(line []byte) error {
	fields, err := split(string(line))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(fields, func(s string) bool { return s != "" }) {
		return nil
	}
	if len(fields) != len(Columns) {
		return fmt.Errorf("it has %d cells where the header has %d", len(fields), len(Columns))
	}
	at := func(column int) string { return fields[rd.place[column]] }
	e, err := cells{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)}.edge()
	if err != nil {
		return err
	}
	if k, ok := graph.ParseNeeds(e.Relation); ok {
		first, seen := rd.gates[e.From]
		if seen && first.k != k {
			return fmt.Errorf("%s needs %d here and %d on line %d", clip(e.From.String()), k, first.k, first.line)
		}
		if !seen {
			rd.gates[e.From] = need{k, rd.line}
		}
	}
	rd.rows = append(rd.rows, Row{rd.line, slices.Clone(line), e})
	return nil
}

// split divides a line into cells. A cell in quotes may hold commas, and quotes that are doubled.
func split(line string) ([]string, error) {
	var out []string
	for {
		line = strings.TrimLeft(line, " ")
		var cell string
		if !strings.HasPrefix(line, `"`) {
			before, after, more := strings.Cut(line, ",")
			if strings.Contains(before, `"`) {
				return nil, fmt.Errorf("cell %d has a quote in the middle", len(out)+1)
			}
			out = append(out, strings.TrimRight(before, " "))
			if !more {
				return out, nil
			}
			line = after
			continue
		}
		cell, line = quoted(line[1:])
		if !strings.HasPrefix(line, `"`) {
			return nil, fmt.Errorf("cell %d opens a quote that the line does not close", len(out)+1)
		}
		out = append(out, cell)
		line = strings.TrimLeft(line[1:], " ")
		switch {
		case line == "":
			return out, nil
		case line[0] != ',':
			return nil, fmt.Errorf("cell %d goes on behind its closing quote", len(out))
		}
		line = line[1:]
	}
}

// quoted reads up to the closing quote, which begins what it leaves.
func quoted(s string) (cell, rest string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return b.String(), ""
		}
		b.WriteString(s[:i])
		if !strings.HasPrefix(s[i+1:], `"`) {
			return b.String(), s[i:]
		}
		b.WriteByte('"')
		s = s[i+2:]
	}
}

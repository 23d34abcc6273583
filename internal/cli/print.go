package cli

import (
	"bufio"
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/kit/visible"
)

// row is one thing that a command answers. Its exported fields are what --json prints, beside the
// "type" that kind gives; lines is what a person reads. Foreign strings go in as they are: the printers
// make them visible. A line holds no line break of its own.
type row interface {
	kind() string
	lines() []string
}

// appender is a row of which there are so many that reflection would cost more than what it tells.
type appender interface {
	row
	// appendFields appends the fields as package jsonrow does, each behind a comma, and in the bytes that
	// reflection over the row would give.
	appendFields(dst []byte) []byte
}

// print answers with one row in the form that was asked for.
func (s *state) print(r row) error {
	if s.json {
		return jsonPrinter{s.out}.print(r)
	}
	return textPrinter{s.out}.print(r)
}

// flush shows at once what was printed so far, for commands that go on for long.
func (s *state) flush() error { return written(s.out.Flush()) }

// note tells the person at the terminal what is going on, on stderr and unless --quiet.
func (s *state) note(format string, args ...any) {
	if !s.quiet {
		_, _ = fmt.Fprintln(s.err, visible.Text(fmt.Sprintf(format, args...)))
	}
}

type textPrinter struct{ w io.Writer }

func (p textPrinter) print(r row) error {
	for _, l := range r.lines() {
		if _, err := io.WriteString(p.w, visible.Text(l)+"\n"); err != nil {
			return written(err)
		}
	}
	return nil
}

type jsonPrinter struct{ w *bufio.Writer }

func (p jsonPrinter) print(r row) error {
	if a, ok := r.(appender); ok {
		b := append(p.w.AvailableBuffer(), `{"type":"`...) // written in place when there is room
		b = a.appendFields(append(append(b, a.kind()...), '"'))
		_, err := p.w.Write(append(b, '}', '\n'))
		return written(err)
	}
	b, err := encode(r)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "print %q", r.kind())
	}
	_, err = p.w.Write(append(b, '\n'))
	return written(err)
}

// encode puts "type" first. Bytes that are not UTF-8 become U+FFFD: an answer about a hostile name is
// worth more than none.
func encode(r row) ([]byte, error) {
	body, err := json.Marshal(r, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	fields, ok := bytes.CutPrefix(body, []byte("{"))
	if !ok {
		return nil, fmt.Errorf("a row must encode as an object, not %.20q", body)
	}
	out := fmt.Appendf(nil, `{"type":%q`, r.kind())
	if !bytes.Equal(fields, []byte("}")) {
		out = append(out, ',')
	}
	out = append(out, fields...)
	if !jsontext.Value(out).IsValid() {
		return nil, fmt.Errorf("row has a field \"type\" of its own")
	}
	return visible.JSON(out), nil
}

func written(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.WriteFailed, "write to standard output").
		Hint("check that the disk has room, and that the program which reads the output still runs")
}

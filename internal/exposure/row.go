package exposure

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	maxRelation = 64       // bytes of a relation
	maxControl  = 256      // bytes of a control
	maxRow      = 16 << 10 // bytes of an encoded row
	maxQuoted   = 80       // bytes of a cell that an error repeats
)

// cells are the columns of one row, as text.
type cells struct {
	From     string `json:"from"`
	Relation string `json:"relation"`
	To       string `json:"to"`
	Harm     string `json:"harm"`
	Known    string `json:"known"`
	Since    string `json:"since,omitzero"`
	Until    string `json:"until,omitzero"`
	Control  string `json:"control,omitzero"`
}

// EncodeRow returns the one canonical form of an edge as a house imports it: a JSON object without
// statement, author and claim, which follow from the statement that carries the row. [DecodeRow] reads
// back every edge that [ReadEdges] gave, and refuses what is made of an edge that it would not give.
func EncodeRow(e model.Edge) []byte {
	c := cells{
		From: e.From.String(), Relation: e.Relation, To: e.To.String(),
		Harm: string(e.Harm), Known: string(e.Known),
		Since: printTime(e.Since), Until: printTime(e.Until), Control: e.Control,
	}
	// Strings are all that is encoded, and what is not UTF-8 in them is replaced, so this cannot fail.
	b, _ := json.Marshal(c, jsontext.AllowInvalidUTF8(true))
	return b
}

// DecodeRow reads a row that [EncodeRow] wrote, of at most 16 KiB, and refuses any other spelling of it.
func DecodeRow(b []byte) (model.Edge, error) {
	if len(b) > maxRow {
		return model.Edge{}, fmt.Errorf("row of %d bytes is longer than %d", len(b), maxRow)
	}
	var c cells
	if err := json.Unmarshal(b, &c, json.RejectUnknownMembers(true)); err != nil {
		return model.Edge{}, fmt.Errorf("decode row: %w", err)
	}
	e, err := c.edge()
	if err != nil {
		return model.Edge{}, fmt.Errorf("decode row: %w", err)
	}
	if !bytes.Equal(EncodeRow(e), b) {
		return model.Edge{}, fmt.Errorf("row %q is not in its canonical form", clip(string(b)))
	}
	return e, nil
}

// edge checks the cells and makes an edge of them.
func (c cells) edge() (model.Edge, error) {
	e := model.Edge{Relation: c.Relation, Harm: model.Harm(c.Harm), Known: model.Known(c.Known), Control: c.Control}
	var err error
	if e.From, err = subject("from", c.From); err != nil {
		return model.Edge{}, err
	}
	if e.To, err = subject("to", c.To); err != nil {
		return model.Edge{}, err
	}
	if err := checkRelation(c.Relation, e.From); err != nil {
		return model.Edge{}, err
	}
	if err := oneOf("harm", e.Harm, model.Harms[:]); err != nil {
		return model.Edge{}, err
	}
	if err := oneOf("known", e.Known, model.Knowns[:]); err != nil {
		return model.Edge{}, err
	}
	if e.Since, err = parseTime("since", c.Since); err != nil {
		return model.Edge{}, err
	}
	if e.Until, err = parseTime("until", c.Until); err != nil {
		return model.Edge{}, err
	}
	if !e.Since.IsZero() && !e.Until.IsZero() && !e.Since.Before(e.Until) {
		return model.Edge{}, fmt.Errorf("until %q is not after since %q", c.Until, c.Since)
	}
	if err := checkControl(c.Control); err != nil {
		return model.Edge{}, err
	}
	return e, nil
}

func subject(column, text string) (model.Subject, error) {
	if text == "" {
		return model.Subject{}, fmt.Errorf("%s is empty", column)
	}
	s, err := model.ParseSubject(text)
	if err != nil {
		return model.Subject{}, fmt.Errorf("%s: %w", column, err)
	}
	return s, nil
}

// checkRelation takes a lower-case word, or needs:<k> where the edge leaves a gate.
func checkRelation(r string, from model.Subject) error {
	if strings.HasPrefix(r, "needs:") || r == "needs" {
		if _, ok := graph.ParseNeeds(r); !ok {
			return fmt.Errorf("relation %q is not needs:<k> with k from 1 to %d", clip(r), graph.MaxNeeds)
		}
		if from.Kind() != model.KindGate {
			return fmt.Errorf("relation %q is for an edge that leaves a gate, and %q is none", r, clip(from.String()))
		}
		return nil
	}
	if r == "" || len(r) > maxRelation || r[0] < 'a' || r[0] > 'z' ||
		strings.Trim(r, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("relation %q is not a word of at most %d of a-z, 0-9 and - that begins with a letter", clip(r), maxRelation)
	}
	return nil
}

func oneOf[T ~string](column string, v T, all []T) error {
	names := make([]string, len(all))
	for i, x := range all {
		if v == x {
			return nil
		}
		names[i] = string(x)
	}
	if near := nearest(string(v), names); near != "" {
		return fmt.Errorf("%s %q is none of %s; did you mean %s?", column, clip(string(v)), strings.Join(names, ", "), near)
	}
	return fmt.Errorf("%s %q is none of %s", column, clip(string(v)), strings.Join(names, ", "))
}

// parseTime reads RFC 3339, or a date, which is its first instant in UTC. Empty is no bound.
func parseTime(column, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	// Years before the zero time's would print as an edge without bounds.
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%s %q is neither a date such as 2026-01-31 nor an RFC 3339 time, from 1900 to 9999", column, clip(s))
	}
	return t, nil
}

func printTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func checkControl(s string) error {
	switch {
	case len(s) > maxControl:
		return fmt.Errorf("control of %d bytes is longer than %d", len(s), maxControl)
	case !utf8.ValidString(s):
		return fmt.Errorf("control is not valid UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("control %q has a control character", clip(s))
	}
	return nil
}

// clip shortens text from outside for an error; the caller quotes it.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "..."
}

package exposure

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// header reads the first line. Nothing can be read without it, so what is wrong with it is told alone.
func (rd *reader) header() error {
	line, refused, err := rd.next()
	switch {
	case errors.Is(err, io.EOF):
		rd.line, refused = 1, errors.New("the file is empty")
	case err != nil:
		return err
	case refused == nil:
		refused = rd.columns(strings.TrimPrefix(string(line), "\ufeff"))
	}
	if refused != nil {
		rd.bad.add(rd.line, refused)
		// A header that an exporting program wrote in another form is the usual mistake.
		return fault.Wrap(&rd.bad, fault.BadRows, "the header cannot be read and nothing was taken").
			Hint("save the file as CSV in UTF-8, with commas and the first line %s", strings.Join(Columns[:], ","))
	}
	return nil
}

// columns finds the place of each column.
func (rd *reader) columns(line string) error {
	fields, err := split(line)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, f := range fields {
		at := slices.Index(Columns[:], f)
		switch {
		case at < 0:
			return unknownColumn(f)
		case seen[f]:
			return fmt.Errorf("column %q is there twice", f)
		}
		seen[f] = true
		rd.place[at] = i
	}
	var missing []string
	for _, c := range Columns {
		if !seen[c] {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the header lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

func unknownColumn(f string) error {
	if near := nearest(strings.ToLower(f), Columns[:]); near != "" {
		return fmt.Errorf("unknown column %q; did you mean %s?", clip(f), near)
	}
	return fmt.Errorf("unknown column %q; the columns are %s", clip(f), strings.Join(Columns[:], ", "))
}

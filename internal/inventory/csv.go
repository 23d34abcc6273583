package inventory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Limits of one device list.
const (
	MaxDevices = 200_000
	MaxBytes   = 64 << 20 // bytes of the file
)

// Columns are the columns that Cordon reads. A file has them in any order, each at most once, and may lack
// any of them as long as one of asset, serial, mac and ip is there.
var Columns = [...]string{
	"asset", "vendor", "model", "serial", "version", "mac", "ip", "site", "location", "zone", "owner", "role", "criticality",
}

// ReadDevices reads a device list from CSV (RFC 4180; semicolons instead of commas, a byte order mark,
// CRLF, spaces around a cell and lines without any text are tolerated). The first line names the
// [Columns], in whatever case; other columns are kept as notes. A cell of mac or ip may hold several
// addresses with spaces or semicolons between them. An empty role is an endpoint.
//
// One bad row means that no row is returned: the fault [fault.BadRows] then names each by line, at most
// [MaxBadRows] of them, and has a [*BadRows] as its cause. A file beyond the limits is [fault.TooLarge];
// one that cannot be read to its end is [fault.ReadFailed]. Rows that contradict each other are no error
// here: [Compare] tells them.
func ReadDevices(r io.Reader) ([]Device, error) {
	limited := &limit{r: r, left: MaxBytes}
	rd := reader{csv: open(limited)}
	if err := rd.read(); err != nil {
		return nil, limited.fault(err)
	}
	if err := rd.bad.fault(); err != nil {
		return nil, err
	}
	return rd.devices, nil
}

// limit ends a file that is too long with an error, not with an end that looks like its own.
type limit struct {
	r    io.Reader
	left int64
	err  error // of reading, told apart from errors of the form
}

var errTooLong = errors.New("too long")

func (l *limit) Read(b []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		n, err = 0, errTooLong
	}
	if err != nil {
		l.err = err
	}
	return n, err
}

// fault gives what went wrong underneath its code, and leaves what is wrong with the form as it is.
func (l *limit) fault(err error) error {
	switch {
	case errors.Is(l.err, errTooLong):
		return fault.New(fault.TooLarge, "the device list is larger than %d bytes", MaxBytes).Hint("import it in several files")
	case l.err != nil && !errors.Is(l.err, io.EOF):
		return fault.Wrap(l.err, fault.ReadFailed, "the device list cannot be read to its end")
	}
	return err
}

// open finds out what divides the cells: spreadsheets of many countries write semicolons.
func open(r io.Reader) *csv.Reader {
	buf := bufio.NewReaderSize(r, 32<<10)
	if bom, _ := buf.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = buf.Discard(3)
	}
	head, _ := buf.Peek(16 << 10)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	c := csv.NewReader(buf)
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		c.Comma = ';'
	}
	c.FieldsPerRecord, c.ReuseRecord, c.TrimLeadingSpace = -1, true, true
	return c
}

// reader is the state of one import. It belongs to the goroutine that calls ReadDevices.
type reader struct {
	csv     *csv.Reader
	header  []string // the columns as they stand: ours in lower case
	devices []Device
	bad     BadRows
}

func (rd *reader) read() error {
	fields, err := rd.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		err = errors.New("the file is empty")
	case err == nil:
		err = rd.columns(fields)
	}
	if err != nil {
		rd.bad.add(1, plainError(err))
		return fault.Wrap(&rd.bad, fault.BadRows, "the header cannot be read and nothing was taken").
			Hint("save the list as CSV in UTF-8 with the first line %s", strings.Join(Columns[:], ","))
	}
	for {
		fields, err := rd.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line := rd.line(err)
		if err == nil {
			err = rd.row(fields)
		} else if pe := (*csv.ParseError)(nil); !errors.As(err, &pe) {
			return fmt.Errorf("read the device list: %w", err)
		}
		if err != nil {
			rd.bad.add(line, plainError(err))
		}
		if len(rd.devices) > MaxDevices || rd.bad.More > MaxDevices {
			return fault.New(fault.TooLarge, "the device list has more than %d devices", MaxDevices).Hint("import it in several files")
		}
	}
}

// line returns where the record that was just read begins.
func (rd *reader) line(err error) int {
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		return pe.StartLine
	}
	if err != nil {
		return 0
	}
	line, _ := rd.csv.FieldPos(0)
	return line
}

// plainError drops the position that the CSV reader repeats.
func plainError(err error) error {
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// columns takes the header.
func (rd *reader) columns(fields []string) error {
	if len(fields) > len(Columns)+maxNotes {
		return fmt.Errorf("it has %d columns, more than %d", len(fields), len(Columns)+maxNotes)
	}
	seen := map[string]bool{}
	known := false
	for _, f := range fields {
		name := tidy(f)
		if low := strings.ToLower(name); slices.Contains(Columns[:], low) {
			name = low
		}
		if err := checkCell("name of a column", name); err != nil {
			return err
		}
		if name != "" && seen[name] {
			return fmt.Errorf("column %q is there twice", clip(name))
		}
		seen[name] = true
		known = known || name == "asset" || name == "serial" || name == "mac" || name == "ip"
		rd.header = append(rd.header, name)
	}
	if !known {
		return fmt.Errorf("it has none of the columns asset, serial, mac and ip")
	}
	// A misspelt column would be kept as a note and silently not be used.
	for _, name := range rd.header {
		if near := model.Nearest(strings.ToLower(name), Columns[:]); near != "" && !seen[near] && len(name) > 3 {
			return fmt.Errorf("column %q is not known; did you mean %s?", clip(name), near)
		}
	}
	return nil
}

// row takes one data line.
func (rd *reader) row(fields []string) error {
	if !slices.ContainsFunc(fields, func(s string) bool { return tidy(s) != "" }) {
		return nil
	}
	if len(fields) != len(rd.header) {
		return fmt.Errorf("it has %d cells where the header has %d", len(fields), len(rd.header))
	}
	d := Device{}
	for i, f := range fields {
		if err := d.set(rd.header[i], tidy(f)); err != nil {
			return err
		}
	}
	d.canonical()
	if err := d.check(); err != nil {
		return err
	}
	rd.devices = append(rd.devices, d)
	return nil
}

// set puts a cell in its place.
func (d *Device) set(column, cell string) error {
	if cell == "" {
		return nil
	}
	if err := checkSize(column, cell); err != nil {
		return err
	}
	switch column {
	case "mac":
		for _, s := range several(cell) {
			m, err := ParseMAC(s)
			if err != nil {
				return err
			}
			d.MACs = append(d.MACs, m)
		}
	case "ip":
		for _, s := range several(cell) {
			a, err := parseIP(s)
			if err != nil {
				return err
			}
			d.IPs = append(d.IPs, a)
		}
	case "role":
		d.Role = model.Role(strings.ToLower(cell))
	default:
		return d.setText(column, strings.Clone(cell))
	}
	return nil
}

func (d *Device) setText(column, cell string) error {
	if i := slices.Index(textColumns[:], column); i >= 0 {
		*d.texts()[i] = cell
		return nil
	}
	if column == "" {
		return fmt.Errorf("cell %q stands in a column without a name", clip(cell))
	}
	if d.Notes == nil {
		d.Notes = map[string]string{}
	}
	d.Notes[column] = cell
	return nil
}

// checkSize refuses a cell before work is spent on it. Addresses may be many.
func checkSize(column, cell string) error {
	most := MaxCell
	if column == "mac" || column == "ip" {
		most = MaxAddresses * 48
	}
	if len(cell) > most {
		return fmt.Errorf("%s has %d bytes, more than %d", quoted(column), len(cell), most)
	}
	return nil
}

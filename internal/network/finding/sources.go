package finding

import (
	_ "embed" // the list of third parties is a data file
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

//go:embed sources.json
var builtin []byte

// Limits of a file of sources.
const (
	MaxSourcesFile = 1 << 20 // bytes
	maxPublishers  = 4096
	maxMatches     = 256 // hosts, and names, of one publisher
	maxSourceText  = 512 // bytes of a text
)

// Publisher is a third party whose downloads are expected to cross the wire unprotected.
type Publisher struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`  // "packages", "certificate status", ...
	Hosts []string `json:"hosts"` // each with every name below it
	Names []string `json:"names"` // endings of file names; none: any; "": a request without a file name

	Source string `json:"source,omitzero"` // where the hosts were read; empty: from general knowledge

	list string // whose list it is of, and the list's date
}

// Sources are the third parties, dated and with where the list comes from. Immutable once read.
type Sources struct {
	Source     string      `json:"source"`
	Status     string      `json:"status"`
	Date       string      `json:"date"` // of the list, such as 2026-01-31
	Publishers []Publisher `json:"publishers"`

	byHost map[string][]int // of Publishers, by each host that they name
	tops   map[string]bool  // last labels of these hosts
}

// BuiltinSources returns the list that Cordon brings along.
func BuiltinSources() (*Sources, error) { return parseSources(builtin, "Cordon's own") }

// ReadSources reads a hospital's own list, a JSON object of at most [MaxSourcesFile] bytes in the form of
// the one that Cordon brings along. What it does not know or cannot be right is BadInput.
func ReadSources(r io.Reader) (*Sources, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxSourcesFile+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadFailed, "the list of third parties cannot be read")
	}
	if len(b) > MaxSourcesFile {
		return nil, fault.New(fault.TooLarge, "the list of third parties is larger than %d bytes", MaxSourcesFile)
	}
	return parseSources(b, "this hospital's")
}

func parseSources(b []byte, whose string) (*Sources, error) {
	s := &Sources{}
	err := json.Unmarshal(b, s, json.RejectUnknownMembers(true))
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "the list of third parties cannot be right")
	}
	for i := range s.Publishers {
		s.Publishers[i].list = whose + " list of " + s.Date
	}
	s.index()
	return s, nil
}

func (s *Sources) check() error {
	if err := checkText("source", s.Source); err != nil {
		return err
	}
	if err := checkText("status", s.Status); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return fmt.Errorf("date %q is not like 2026-01-31", clip(s.Date, 40))
	}
	if len(s.Publishers) == 0 || len(s.Publishers) > maxPublishers {
		return fmt.Errorf("it has %d publishers, 1 to %d are allowed", len(s.Publishers), maxPublishers)
	}
	for i, p := range s.Publishers {
		if err := p.check(); err != nil {
			return fmt.Errorf("publisher %d, %q: %w", i+1, clip(p.Name, 80), err)
		}
	}
	return nil
}

func (p Publisher) check() error {
	if err := checkText("name", p.Name); err != nil {
		return err
	}
	if err := checkText("kind", p.Kind); err != nil {
		return err
	}
	if p.Source != "" {
		if err := checkText("source", p.Source); err != nil {
			return err
		}
	}
	if len(p.Hosts) == 0 || len(p.Hosts) > maxMatches || len(p.Names) > maxMatches {
		return fmt.Errorf("it has %d hosts and %d names, 1 to %d hosts and at most as many names are allowed", len(p.Hosts), len(p.Names), maxMatches)
	}
	for _, h := range p.Hosts {
		// A whole top-level domain would excuse every host in it.
		if !strings.Contains(h, ".") || strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" ||
			strings.HasPrefix(h, ".") || strings.HasSuffix(h, ".") || strings.Contains(h, "..") || len(h) > maxWireText {
			return fmt.Errorf("host %q is not a lower-case name with a dot in it", clip(h, 80))
		}
	}
	for _, n := range p.Names {
		if len(n) > maxWireText || strings.ToLower(n) != n || !utf8.ValidString(n) {
			return fmt.Errorf("ending %q is not lower-case text of at most %d bytes", clip(n, 80), maxWireText)
		}
	}
	return nil
}

func checkText(what, s string) error {
	switch {
	case s == "" || len(s) > maxSourceText:
		return fmt.Errorf("%s has %d bytes, 1 to %d are allowed", what, len(s), maxSourceText)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New(what + " has a character that does not print")
	}
	return nil
}

// Over returns the list with a hospital's own in front: where both know a host, the hospital's counts.
func (s *Sources) Over(own *Sources) *Sources {
	out := *own
	out.Publishers = append(append([]Publisher{}, own.Publishers...), s.Publishers...)
	out.index()
	return &out
}

// index lets a host be looked up: it is asked for every transfer.
func (s *Sources) index() {
	s.byHost, s.tops = map[string][]int{}, map[string]bool{}
	for i, p := range s.Publishers {
		for _, h := range p.Hosts {
			if at := s.byHost[h]; len(at) == 0 || at[len(at)-1] != i {
				s.byHost[h] = append(at, i)
				s.tops[h[strings.LastIndexByte(h, '.')+1:]] = true
			}
		}
	}
}

// ThirdParty returns the publisher that a server name and a file name belong to, by name only: it proves
// nothing about who served the bytes. list says which list has it, of which date, and where its hosts were
// read. The most exact host wins, then the first in the list. It is pure.
//
// A name excuses workstations, servers and service laptops only, and nothing that resembles a release;
// that is for the caller to ask.
func (s *Sources) ThirdParty(host, name string) (publisher, list string, ok bool) {
	p, _, _ := s.find(host, name)
	if p == nil {
		return "", "", false
	}
	return p.Name, p.origin(), true
}

// Keep returns what may be kept of a server name and a file name of a third party, without what the wire
// added to it: the host and the ending that the list has, which the list knows again as the same party.
func (s *Sources) Keep(host, name string) (listedHost, ending string, ok bool) {
	p, listedHost, ending := s.find(host, name)
	return listedHost, ending, p != nil
}

// find returns the publisher, nil for none, and what of its entry matched.
func (s *Sources) find(host, name string) (p *Publisher, listedHost, ending string) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !s.tops[host[strings.LastIndexByte(host, '.')+1:]] {
		return nil, "", "" // as nearly all hosts of a hospital's own
	}
	for above := host; above != ""; {
		for _, i := range s.byHost[above] {
			if ending, ok := s.Publishers[i].ends(strings.ToLower(name)); ok {
				return &s.Publishers[i], above, ending
			}
		}
		_, above, _ = strings.Cut(above, ".")
	}
	return nil, "", ""
}

// origin says how far a name can be relied on.
func (p *Publisher) origin() string {
	if p.Source == "" {
		return p.list + ", unverified"
	}
	return p.list + ", host from: " + clip(p.Source, 200)
}

// ends returns the ending of a file name that is the publisher's.
func (p *Publisher) ends(name string) (ending string, ok bool) {
	for _, n := range p.Names {
		if n == "" && name == "" || n != "" && strings.HasSuffix(name, n) {
			return n, true
		}
	}
	return "", len(p.Names) == 0
}

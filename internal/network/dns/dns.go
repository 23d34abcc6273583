// Package dns reads which names an answer gives to which addresses. One code reads DNS (RFC 1035),
// multicast DNS (RFC 6762) and LLMNR (RFC 4795), which share their form.
//
// Most callers need [Answers]. A name is what somebody answered, not a fact, and may name a person. At most
// [MaxRecords] records, 128 pointers a name and 16 aliases are followed, so that a message costs bounded
// time whatever it holds. It refuses messages that are cut or whose lengths lie; what came before the lie is
// not used either.
package dns

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// The ports from which answers come.
const (
	Port          = 53
	PortMulticast = 5353
	PortLLMNR     = 5355
)

// Bounds of what is read of one message.
const (
	MaxRecords   = 128
	MaxName      = 255 // bytes of a name, RFC 1035 section 2.3.4
	maxPointers  = 128
	maxAliases   = 16
	maxQuestions = 16
)

// Named is one address with the names that the answer gives it.
type Named struct {
	Addr netip.Addr
	// Names are the name that has the address and, before it, the one that was asked for when aliases
	// lead from it to that name.
	Names []string
}

// ErrMalformed says that a message contradicts itself or is cut.
var ErrMalformed = errors.New("malformed DNS message")

// Types and the class of records (RFC 1035 section 3.2, RFC 3596).
const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
	classIN   = 1
)

// Answers returns the addresses in an answer. A question, and an answer that is an error, has none.
func Answers(b []byte) ([]Named, error) {
	if len(b) < 12 {
		return nil, ErrMalformed
	}
	flags := binary.BigEndian.Uint16(b[2:])
	if flags&0x8000 == 0 || flags&0x7800 != 0 || flags&0xf != 0 {
		return nil, nil // RFC 1035 section 4.1.1: a question, another opcode, or a failure
	}
	r := reader{b: b, at: 12}
	asked, err := r.questions(int(binary.BigEndian.Uint16(b[4:])))
	if err != nil {
		return nil, err
	}
	records := int(binary.BigEndian.Uint16(b[6:]))
	if flags&0x200 == 0 && len(asked) == 0 { // mDNS puts addresses among the additional records as well
		records += int(binary.BigEndian.Uint16(b[8:])) + int(binary.BigEndian.Uint16(b[10:]))
	}
	var found []record
	for range min(records, MaxRecords) {
		rec, err := r.record()
		if err != nil {
			return nil, err
		}
		if rec.kind != 0 {
			found = append(found, rec)
		}
	}
	return join(asked, found), nil
}

type record struct {
	kind   uint16 // 0: of no interest
	owner  string
	target string // of an alias
	addr   netip.Addr
}

// join gives each address its names.
func join(asked []string, found []record) []Named {
	var out []Named
	for _, f := range found {
		if f.kind == typeCNAME {
			continue
		}
		n := Named{Addr: f.addr, Names: []string{f.owner}}
		for _, q := range asked {
			if q != f.owner && leads(q, f.owner, found) {
				n.Names = append([]string{q}, n.Names...)
			}
		}
		out = append(out, n)
	}
	return out
}

// leads reports whether aliases lead from one name to another.
func leads(from, to string, found []record) bool {
	for range maxAliases {
		next := ""
		for _, f := range found {
			if f.kind == typeCNAME && f.owner == from {
				next = f.target
				break
			}
		}
		switch next {
		case "":
			return false
		case to:
			return true
		}
		from = next
	}
	return false
}

type reader struct {
	b  []byte
	at int
}

func (r *reader) questions(n int) ([]string, error) {
	var asked []string
	for range min(n, maxQuestions) {
		name, next, err := nameAt(r.b, r.at)
		if err != nil {
			return nil, err
		}
		if r.at = next + 4; r.at > len(r.b) {
			return nil, ErrMalformed
		}
		asked = append(asked, name)
	}
	if n > maxQuestions {
		return nil, ErrMalformed // nobody asks so much at once
	}
	return asked, nil
}

func (r *reader) record() (record, error) {
	owner, at, err := nameAt(r.b, r.at)
	if err != nil {
		return record{}, err
	}
	if at+10 > len(r.b) {
		return record{}, ErrMalformed
	}
	kind, class := binary.BigEndian.Uint16(r.b[at:]), binary.BigEndian.Uint16(r.b[at+2:])
	n := int(binary.BigEndian.Uint16(r.b[at+8:]))
	at += 10
	if at+n > len(r.b) {
		return record{}, ErrMalformed
	}
	r.at = at + n
	if class&0x7fff != classIN || owner == "" { // the upper bit is mDNS's cache flush
		return record{}, nil
	}
	rec := record{owner: owner, kind: kind}
	switch kind {
	case typeA:
		if n != 4 {
			return record{}, ErrMalformed
		}
		rec.addr = netip.AddrFrom4([4]byte(r.b[at:]))
	case typeAAAA:
		if n != 16 {
			return record{}, ErrMalformed
		}
		rec.addr = netip.AddrFrom16([16]byte(r.b[at:])).Unmap()
	case typeCNAME:
		var end int
		if rec.target, end, err = nameAt(r.b, at); err != nil || end != at+n {
			return record{}, ErrMalformed
		}
	default:
		return record{}, nil
	}
	return rec, nil
}

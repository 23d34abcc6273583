package inventory

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/netip"

	"github.com/cordon-trust/cordon/internal/model"
)

const maxRow = 512 << 10 // bytes of an encoded row

// cells are a device as a row of a batch.
type cells struct {
	Asset       string            `json:"asset,omitzero"`
	Vendor      string            `json:"vendor,omitzero"`
	Model       string            `json:"model,omitzero"`
	Serial      string            `json:"serial,omitzero"`
	Version     string            `json:"version,omitzero"`
	MACs        []string          `json:"mac,omitempty"`
	IPs         []netip.Addr      `json:"ip,omitempty"`
	Site        string            `json:"site,omitzero"`
	Location    string            `json:"location,omitzero"`
	Zone        string            `json:"zone,omitzero"`
	Owner       string            `json:"owner,omitzero"`
	Role        model.Role        `json:"role"`
	Criticality string            `json:"criticality,omitzero"`
	Notes       map[string]string `json:"notes,omitempty"`
}

// EncodeRow returns the one canonical form of a device: a JSON object. [DecodeRow] reads back every device
// that [ReadDevices] gave, and refuses what is made of a device that it would not give.
func EncodeRow(d Device) []byte {
	// Text and addresses are all that is encoded, and what is not UTF-8 is replaced, so this cannot fail.
	b, _ := json.Marshal(cells(d), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return b
}

// DecodeRow reads a row that [EncodeRow] wrote and refuses any other spelling of it.
func DecodeRow(b []byte) (Device, error) {
	if len(b) > maxRow {
		return Device{}, fmt.Errorf("row of %d bytes is longer than %d", len(b), maxRow)
	}
	var c cells
	if err := json.Unmarshal(b, &c, json.RejectUnknownMembers(true)); err != nil {
		return Device{}, fmt.Errorf("decode row: %w", err)
	}
	d := Device(c)
	for i, m := range d.MACs {
		one, err := ParseMAC(m)
		if err != nil {
			return Device{}, fmt.Errorf("decode row: %w", err)
		}
		d.MACs[i] = one
	}
	for i, a := range d.IPs {
		one, err := parseIP(a.String())
		if err != nil {
			return Device{}, fmt.Errorf("decode row: %w", err)
		}
		d.IPs[i] = one
	}
	d.canonical()
	if err := d.check(); err != nil {
		return Device{}, fmt.Errorf("decode row: %w", err)
	}
	if !bytes.Equal(EncodeRow(d), b) {
		return Device{}, errors.New("decode row: it is not in its canonical form")
	}
	return d, nil
}

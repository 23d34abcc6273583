package app

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

// SessionInfo is one TCP connection, and what it said in clear when it is TLS.
type SessionInfo struct {
	Time         time.Time      `json:"time"` // of the first packet
	Last         time.Time      `json:"last"`
	Device       model.Subject  `json:"device"` // of the client
	Client       netip.AddrPort `json:"client"`
	ServerDevice model.Subject  `json:"server_device"`
	Server       netip.AddrPort `json:"server"`
	ClientBy     string         `json:"client_by"` // how it is known which side is the client: syn, hello, port
	Handshake    bool           `json:"handshake"` // both sides were seen from their first byte on
	End          string         `json:"end"`
	Protocol     string         `json:"protocol"`
	ClientBytes  int64          `json:"client_bytes"` // payload that the client sent and that was seen
	ServerBytes  int64          `json:"server_bytes"`
	Gaps         int64          `json:"gaps,omitzero"` // holes in the payload
	GapBytes     int64          `json:"gap_bytes,omitzero"`

	SNI         string        `json:"sni,omitempty"`
	ECH         bool          `json:"ech,omitzero"`    // an encrypted hello was offered or imitated: sni may be a front
	Legacy      bool          `json:"legacy,omitzero"` // the hello has the format of SSL 2
	JA4         string        `json:"ja4,omitempty"`
	Versions    []tls.Version `json:"versions,omitempty"` // offered
	Version     tls.Version   `json:"version,omitzero"`   // chosen
	Cipher      tls.Cipher    `json:"cipher,omitzero"`    // chosen
	Groups      []tls.Group   `json:"groups,omitempty"`   // offered
	KeyShares   []tls.Group   `json:"key_shares,omitempty"`
	Group       tls.Group     `json:"group,omitzero"` // of the key exchange
	Retried     bool          `json:"retried,omitzero"`
	ALPNOffered []string      `json:"alpn_offered,omitempty"`
	ALPN        string        `json:"alpn,omitempty"` // chosen

	Certificates       []*tls.Certificate `json:"certificates,omitempty"` // of the server, its own first
	ClientCertificates []*tls.Certificate `json:"client_certificates,omitempty"`
	ClientAlert        string             `json:"client_alert,omitempty"`
	ServerAlert        string             `json:"server_alert,omitempty"`
	ClientData         int64              `json:"client_data,omitzero"` // bytes of application records, as encrypted
	ServerData         int64              `json:"server_data,omitzero"`
	Inexact            bool               `json:"inexact,omitzero"` // of these numbers one is a lower bound
	Partial            bool               `json:"partial,omitzero"` // something said in clear was missed or cannot be read
	Broken             bool               `json:"broken,omitzero"`  // a record cannot be one: nothing was read behind it
}

var _ network.SessionSink = (*watcher)(nil)

// Session shows a connection that is over.
func (w *watcher) Session(s network.Session) error {
	info := &w.session
	*info = SessionInfo{
		Time: s.First, Last: s.Last, Device: s.Devices[0], Client: s.Ends[0], ServerDevice: s.Devices[1], Server: s.Ends[1],
		ClientBy: s.Told.String(), Handshake: s.Handshake, End: s.End.String(), Protocol: s.Protocol,
		ClientBytes: s.Sent[0], ServerBytes: s.Sent[1], Gaps: s.Holes[0] + s.Holes[1], GapBytes: s.Missing[0] + s.Missing[1],
	}
	if f := s.TLS; f != nil {
		info.SNI, info.ECH, info.Legacy, info.JA4 = f.SNI, f.ECH, f.Legacy, f.JA4
		info.Versions, info.Version, info.Cipher = f.Offered, f.Version, f.Cipher
		info.Groups, info.KeyShares, info.Group, info.Retried = f.Groups, f.KeyShares, f.Group, f.Retried
		info.ALPNOffered, info.ALPN = f.ALPNOffered, f.ALPN
		info.ClientCertificates, info.Certificates = f.Chains[0].List, f.Chains[1].List
		info.ClientAlert, info.ServerAlert = f.Alert[0].String(), f.Alert[1].String()
		info.ClientData, info.ServerData, info.Inexact = f.App[0], f.App[1], f.Inexact[0] || f.Inexact[1]
		info.Partial, info.Broken = f.Partial, f.Broken[0] || f.Broken[1]
	}
	return w.show.Session(info)
}

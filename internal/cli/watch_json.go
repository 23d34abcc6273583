package cli

import "github.com/cordon-trust/cordon/internal/kit/jsonrow"

var (
	_ appender = transferRow{}
	_ appender = partRow{}
)

func (t transferRow) appendFields(b []byte) []byte {
	b = jsonrow.Time(b, "time", t.Time)
	b = jsonrow.Word(b, "device", t.Device.String())
	b = jsonrow.String(b, "peer", t.Peer)
	if t.Host != "" {
		b = jsonrow.String(b, "host", t.Host)
	}
	b = jsonrow.String(b, "protocol", t.Protocol)
	b = jsonrow.String(b, "name", t.Name)
	b = jsonrow.Int(b, "size", t.Size)
	if t.Declared != 0 {
		b = jsonrow.Int(b, "declared", t.Declared)
	}
	if !t.Digest.IsZero() {
		b = jsonrow.SHA256(b, "digest", t.Digest)
	}
	if !t.EntityDigest.IsZero() {
		b = jsonrow.SHA256(b, "entity_digest", t.EntityDigest)
	}
	b = jsonrow.Bool(b, "complete", t.Complete)
	if t.ContentType != "" {
		b = jsonrow.String(b, "content_type", t.ContentType)
	}
	b = jsonrow.Word(b, "verdict", string(t.Verdict))
	if !t.Listed.IsZero() {
		b = jsonrow.Word(b, "listed", t.Listed.String())
	}
	if t.Asset != "" {
		b = jsonrow.String(b, "asset", t.Asset)
	}
	b = jsonrow.Word(b, "fits", string(t.Fits))
	if !t.Release.IsZero() {
		b = jsonrow.Word(b, "release", t.Release.String())
	}
	if t.Publisher != "" {
		b = jsonrow.String(b, "publisher", t.Publisher)
	}
	if !t.StaleSince.IsZero() {
		b = jsonrow.Time(b, "stale_since", t.StaleSince)
	}
	return jsonrow.Strings(b, "why", t.Why)
}

func (p partRow) appendFields(b []byte) []byte {
	b = jsonrow.Time(b, "time", p.Time)
	b = jsonrow.Word(b, "device", p.Device.String())
	b = jsonrow.String(b, "peer", p.Peer)
	b = jsonrow.String(b, "transfer", p.Transfer)
	b = jsonrow.String(b, "range", p.Range)
	b = jsonrow.Int(b, "size", p.Size)
	b = jsonrow.Bool(b, "complete", p.Complete)
	if !p.Digest.IsZero() {
		b = jsonrow.SHA256(b, "digest", p.Digest)
	}
	return b
}

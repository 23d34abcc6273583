// Package finding turns judged transfers into findings: what a person should know about, once per rule,
// bytes and channel, with every device that it concerns and with advice that is safe at the bedside. It
// also knows the [Sources] of third parties whose plain downloads are expected.
//
// Most callers need [NewSet], then [Set.Add] for every transfer and [Set.List] at the end. [Reconcile]
// compares with the findings of an earlier day. The package decides nothing about bytes: it takes the
// verdict as it is given. It keeps at most [MaxFindings] findings and counts what it leaves out.
package finding

import (
	"cmp"
	"encoding/json/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds of a set, so that forged addresses and names cannot grow it without end.
const (
	MaxFindings  = 8192    // findings of a set
	MaxDevices   = 1000    // devices that one finding lists
	maxRemember  = 1 << 18 // devices of all findings together that are told apart
	maxEvidence  = 24      // sentences of a finding
	maxWireText  = 255     // bytes of a name or host that a finding repeats
	maxSentences = 1024    // bytes of one sentence of evidence
)

// Options say what the set may ask. Each may be nil.
type Options struct {
	// MakerHost reports whether a release of a trusted maker names the host.
	MakerHost func(host string) bool
	// Code reports whether a transfer is code or firmware; nil means [Code] of its content type.
	Code func(t *model.Transfer) bool
}

// Set gathers findings. It belongs to one goroutine.
type Set struct {
	house   string
	opt     Options
	found   map[model.Digest]*gathered
	grave   map[model.Severity]int // how many of found there are
	lesser  []*gathered            // once the set was full: those that have to give way, the next one last
	devices int                    // of all findings together
	ids     ids
	dropped int
}

// gathered is one finding while transfers are still coming. Its set owns it.
type gathered struct {
	model.Finding
	devices map[model.Subject]model.FindingDevice
	first   model.Transfer // the earliest, whichever was added first
	said    model.Judgement
	device  model.FindingDevice // of first
}

// NewSet returns an empty set for a house, which is the organisation that is named in the summaries of
// what it holds back itself.
func NewSet(house string, opt Options) *Set {
	if opt.MakerHost == nil {
		opt.MakerHost = func(string) bool { return false }
	}
	if opt.Code == nil {
		opt.Code = func(t *model.Transfer) bool { return Code(t.ContentType) }
	}
	return &Set{house: house, opt: opt, found: map[model.Digest]*gathered{}, grave: map[model.Severity]int{}}
}

// Add takes one judged transfer, whose device the hospital's list describes with info. It returns the ID of the
// finding that the transfer belongs to; the zero digest when it is none, or when the set is full of findings that
// are as grave. Until the set is full, the order in which transfers are added does not matter.
func (s *Set) Add(t model.Transfer, d model.Device, info model.DeviceInfo, j model.Judgement) model.Digest {
	rule := s.rule(&t, &d, &j)
	if rule == "" {
		return model.Digest{}
	}
	id := s.ids.of(rule, &t)
	g := s.found[id]
	if g == nil {
		g = &gathered{devices: map[model.Subject]model.FindingDevice{}}
		g.ID, g.Rule, g.State = id, rule, model.Open
		g.Severity, g.Class = weigh(rule)
		if len(s.found) == MaxFindings && !s.giveWay(g.Severity) {
			s.dropped++
			return model.Digest{}
		}
		s.found[id] = g
		s.grave[g.Severity]++
	}
	fd := model.FindingDevice{Device: t.Device, Product: d.Product, Listed: d.Listed, DeviceInfo: info}
	if !d.Subject.IsZero() {
		fd.Device = d.Subject
	}
	s.remember(g, fd)
	g.take(&t, &j, fd)
	return id
}

// Dropped counts what the bounds left out: transfers without room for their finding, and devices that are
// missing from the list of one.
func (s *Set) Dropped() int { return s.dropped }

// List returns the findings, the gravest first, then the earliest.
func (s *Set) List() []model.Finding {
	out := make([]model.Finding, 0, len(s.found))
	for _, g := range s.found {
		out = append(out, s.finish(g))
	}
	Sort(out)
	return out
}

// Sort orders findings: open before held before closed, then the gravest, then the earliest.
func Sort(list []model.Finding) {
	slices.SortFunc(list, func(x, y model.Finding) int {
		return cmp.Or(
			cmp.Compare(closedLast(x.State), closedLast(y.State)),
			x.Severity.Compare(y.Severity), x.Time.Compare(y.Time), cmp.Compare(x.Rule, y.Rule),
			slices.Compare(x.ID[:], y.ID[:]),
		)
	})
}

func closedLast(s model.FindingState) int {
	switch s {
	case model.Closed:
		return 2
	case model.Held:
		return 1
	}
	return 0
}

// Reconcile returns today's findings and behind them those of an earlier day that no longer hold, closed.
// A finding that was closed and holds again is open.
func Reconcile(earlier, today []model.Finding) []model.Finding {
	holds := make(map[model.Digest]bool, len(today))
	out := slices.Clone(today)
	for _, f := range today {
		holds[f.ID] = true
	}
	for _, f := range earlier {
		if !holds[f.ID] {
			holds[f.ID] = true // one that is given twice stays one
			f.State = model.Closed
			out = append(out, f)
		}
	}
	Sort(out)
	return out
}

// ID returns the ID of the finding to which a transfer belongs when it falls under a rule: a digest of what makes
// two transfers one finding.
func ID(rule model.Rule, t *model.Transfer) model.Digest {
	key := []any{rule, channelKey(t), t.Protocol}
	switch d := bytesOf(t); {
	case rule == model.UpdatePlaintext: // it is about the channel, whatever came over it
	case !d.IsZero():
		key = append(key, d)
	default:
		key = append(key, nameKey(t), sizeOf(t))
	}
	b, _ := json.Marshal(key) // strings, a number and a digest: clip made them valid UTF-8
	return model.DigestOf(b)
}

// channelKey and nameKey tell channels and names apart. A mark is the same whether the text it stands for is
// kept or not, so that a finding stays the same when a name is learnt or left out.
func channelKey(t *model.Transfer) string {
	if !t.HostMark.IsZero() {
		return t.HostMark.String()
	}
	return channel(t)
}

func nameKey(t *model.Transfer) string {
	if !t.NameMark.IsZero() {
		return t.NameMark.String()
	}
	return clip(t.Name, maxWireText)
}

// bytesOf is the digest by which the bytes are known.
func bytesOf(t *model.Transfer) model.Digest {
	if t.Digest.IsZero() {
		return t.EntityDigest
	}
	return t.Digest
}

func sizeOf(t *model.Transfer) int64 {
	if t.Declared >= 0 {
		return t.Declared
	}
	return t.Size
}

// channel is the server's name, or its address without the port, which an upload takes by chance.
func channel(t *model.Transfer) string {
	if t.Host != "" {
		return clip(t.Host, maxWireText)
	}
	return peerAddr(t)
}

// peerAddr is the address of the side that sent the bytes.
func peerAddr(t *model.Transfer) string {
	if a, err := netip.ParseAddrPort(t.Peer); err == nil {
		return a.Addr().Unmap().String()
	}
	return clip(t.Peer, maxWireText)
}

// remember adds a device. When too many are held its transfers still count.
func (s *Set) remember(g *gathered, d model.FindingDevice) {
	_, held := g.devices[d.Device]
	switch {
	case held:
	case s.devices < maxRemember || len(g.devices) == 0:
		s.devices++
	default:
		s.dropped++
		return
	}
	if !held || richer(d, g.devices[d.Device]) {
		g.devices[d.Device] = d
	}
}

// richer reports whether x says more of a device than y, so that the order of adding does not matter.
func richer(x, y model.FindingDevice) bool {
	if x.Listed != y.Listed {
		return x.Listed
	}
	return cmp.Or(
		cmp.Compare(x.Product.String(), y.Product.String()), cmp.Compare(x.Asset, y.Asset), cmp.Compare(x.Location, y.Location),
	) > 0
}

// take counts a transfer and lets the earliest speak for the finding.
func (g *gathered) take(t *model.Transfer, j *model.Judgement, d model.FindingDevice) {
	if g.Transfers++; g.Transfers == 1 || t.Time.After(g.Last) {
		g.Last = t.Time
	}
	if g.Transfers > 1 && cmp.Or(
		t.Time.Compare(g.first.Time), cmp.Compare(d.Device.String(), g.device.Device.String()),
		cmp.Compare(t.Peer, g.first.Peer), cmp.Compare(t.Name, g.first.Name),
		slices.Compare(t.Digest[:], g.first.Digest[:]), cmp.Compare(j.Release.String(), g.said.Release.String()),
		slices.Compare(j.Why, g.said.Why),
	) >= 0 {
		return
	}
	g.first, g.said, g.device = *t, *j, d
	g.first.Parts = model.Parts{} // a finding does not tell of them, and they can be most of a MiB
}

// finish writes out a finding.
func (s *Set) finish(g *gathered) model.Finding {
	f, t, j := g.Finding, &g.first, &g.said
	f.Time, f.Last = t.Time.UTC(), f.Last.UTC()
	f.Release, f.Publisher = j.Release, j.Publisher
	f.Host, f.Peer, f.Protocol = clip(t.Host, maxWireText), t.Peer, t.Protocol
	if f.Rule != model.UpdatePlaintext {
		f.Digest, f.Name = bytesOf(t), clip(t.Name, maxWireText)
	}
	f.DeviceCount = len(g.devices)
	f.Devices = make([]model.FindingDevice, 0, len(g.devices))
	for _, d := range g.devices {
		f.Devices = append(f.Devices, d)
	}
	slices.SortFunc(f.Devices, func(x, y model.FindingDevice) int { return cmp.Compare(x.Device.String(), y.Device.String()) })
	f.Devices = slices.Clip(f.Devices[:min(len(f.Devices), MaxDevices)])
	f.Summary = s.summary(g)
	f.Hint = hint(f.Rule)
	f.Evidence = sentences(g)
	return f
}

// sentences are what the verdict rests on, and what the wire showed beside it.
func sentences(g *gathered) []string {
	out := []string{}
	for _, list := range [...][]string{{seen(&g.first)}, g.said.Why, g.first.Notes} {
		for _, e := range list {
			if e = clip(e, maxSentences); e != "" && len(out) < maxEvidence && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

package finding

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func subject(t testing.TB, s string) model.Subject {
	t.Helper()
	out, err := model.ParseSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func device(t testing.TB, n int) model.Subject {
	t.Helper()
	s, err := model.DeviceAt("main", "-", netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fetched is an ELF that a device fetched over HTTP.
func fetched(t testing.TB, n int) model.Transfer {
	return model.Transfer{
		Time: noon, Device: device(t, n), Peer: "192.0.2.9:80", Host: "update.acme.test", Protocol: "http", Name: "pump.bin",
		Size: 1000, Declared: 1000, Complete: true, Digest: model.DigestOf([]byte("pump")), ContentType: "application/x-elf",
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	pump := subject(t, "release:acme/pump-7/2.1.0")
	judged := func(v model.Verdict) model.Judgement {
		return model.Judgement{Verdict: v, Release: pump, Product: subject(t, "product:acme/pump-7"), Publisher: "acme", Why: []string{"because"}}
	}
	unlogged := judged(model.Unknown)
	unlogged.Unlogged = true
	unlogged.Why = []string{"release:acme/pump-7/2.1.0 has these bytes under the keys of acme and is not in its publication log, which is what a stolen key looks like, so it does not count"}
	for name, c := range map[string]struct {
		t        func(*model.Transfer)
		listed   bool
		j        model.Judgement
		rule     model.Rule
		severity model.Severity
		class    model.Class
		says     string
	}{
		"altered":      {j: judged(model.Altered), rule: model.UpdateAltered, severity: model.Critical, class: model.PatientSafety, says: "differs from release:acme/pump-7/2.1.0"},
		"ambiguous":    {j: judged(model.Ambiguous), rule: model.UpdateAmbiguous, severity: model.Critical, class: model.PatientSafety, says: "two copies"},
		"replayed":     {j: judged(model.Replayed), rule: model.UpdateReplayed, severity: model.High, class: model.PatientSafety, says: "older"},
		"wrong device": {j: judged(model.WrongDevice), rule: model.UpdateWrongDevice, severity: model.High, class: model.PatientSafety, says: "for product:acme/pump-7"},
		"withdrawn":    {j: judged(model.Withdrawn), rule: model.UpdateWithdrawn, severity: model.High, class: model.PatientSafety, says: "was taken back"},
		"unlogged":     {j: unlogged, rule: model.UpdateUnlogged, severity: model.High, class: model.PatientSafety, says: "not in its publisher's log"},
		"named by a statement that does not count": {j: judged(model.Unknown), rule: model.UpdateUnknown, severity: model.High, class: model.PatientSafety, says: "what says that it is release:acme/pump-7/2.1.0 does not count today"},
		"a maker's host": {
			j: model.Judgement{Verdict: model.Unknown}, rule: model.UpdateUnknown, severity: model.High, class: model.PatientSafety,
			says: "not signed by any organisation",
		},
		"a maker's host, in place of a file": {
			t: func(t *model.Transfer) { t.Refused = true }, j: model.Judgement{Verdict: model.Unknown},
		},
		"a page for a listed device": {
			t: func(t *model.Transfer) { t.Refused, t.ContentType = true, "text/html" }, listed: true, j: model.Judgement{Verdict: model.Unknown},
		},
		"code for a listed device, in place of a file": {
			t: func(t *model.Transfer) { t.Refused = true }, listed: true, j: model.Judgement{Verdict: model.Unknown},
			rule: model.UpdateUnknown, severity: model.High, class: model.PatientSafety, says: "not signed by any organisation",
		},
		"code to a listed device": {
			t: func(t *model.Transfer) { t.Host = "" }, listed: true, j: model.Judgement{Verdict: model.Unknown},
			rule: model.UpdateUnknown, severity: model.High, class: model.PatientSafety, says: "from 192.0.2.9",
		},
		"code to a device that is not listed": {t: func(t *model.Transfer) { t.Host = "" }, j: model.Judgement{Verdict: model.Unknown}},
		"a picture for a listed device": {
			t: func(t *model.Transfer) { t.Host, t.ContentType = "elsewhere.test", "image/png" }, listed: true,
			j: model.Judgement{Verdict: model.Unknown},
		},
		"sent up to a maker's host": {t: func(t *model.Transfer) { t.Upload = true }, j: model.Judgement{Verdict: model.Unknown}},
		"sent up to a listed device": {
			t: func(t *model.Transfer) { t.Upload = true }, listed: true, j: model.Judgement{Verdict: model.Unknown},
			rule: model.UpdateUnknown, severity: model.High, class: model.PatientSafety, says: `was sent "pump.bin" from 192.0.2.9`,
		},
		"plain text":          {j: judged(model.Verified), rule: model.UpdatePlaintext, severity: model.Medium, class: model.Security, says: "over plain http"},
		"verified, protected": {t: func(t *model.Transfer) { t.Protocol = "https" }, j: judged(model.Verified)},
		"vouched":             {j: judged(model.Vouched)},
		"a third party":       {listed: true, j: model.Judgement{Verdict: model.ThirdParty, Publisher: "Debian"}},
		"incomplete":          {listed: true, j: judged(model.Incomplete)},
		"cannot see":          {listed: true, j: judged(model.CannotSee)},
	} {
		s := NewSet("st-elsewhere", Options{MakerHost: func(h string) bool { return h == "update.acme.test" }})
		tr := fetched(t, 1)
		if c.t != nil {
			c.t(&tr)
		}
		id := s.Add(tr, model.Device{Listed: c.listed}, model.DeviceInfo{}, c.j)
		list := s.List()
		if c.rule == "" {
			if len(list) != 0 || !id.IsZero() {
				t.Errorf("%s: %v", name, list)
			}
			continue
		}
		if len(list) != 1 {
			t.Errorf("%s: %d findings", name, len(list))
			continue
		}
		f := list[0]
		if f.ID != id || f.Rule != c.rule || f.Severity != c.severity || f.Class != c.class || f.State != model.Open || !strings.Contains(f.Summary, c.says) {
			t.Errorf("%s: %s %s %s %s %q", name, f.Rule, f.Severity, f.Class, f.State, f.Summary)
		}
		if len(f.Devices) != 1 || f.Devices[0].Device != tr.Device || f.Devices[0].Listed != c.listed {
			t.Errorf("%s: devices %v", name, f.Devices)
		}
		if unsafe.MatchString(f.Hint.Now+f.Hint.Next+f.Hint.Later) || accusing.MatchString(f.Summary+f.Hint.Next+f.Hint.Later) {
			t.Errorf("%s: %q %q", name, f.Summary, f.Hint)
		}
		if f.Hint.Next == "" || f.Hint.Later == "" || !strings.Contains(strings.ToLower(f.Hint.Now), "leave the device connected and on") {
			t.Errorf("%s: hint %q", name, f.Hint)
		}
	}
}

// Words that could take a device away from a patient, and words that claim more than the wire shows.
var (
	unsafe   = regexp.MustCompile(`(?i)unplug|reboot|restart|switch (it )?off|turn (it )?off|power|disconnect|block|updat|patch|isolat|quarantin|shut`)
	accusing = regexp.MustCompile(`(?i)infect|compromis|malicious|attack|hack|malware`)
)

func TestHeldBackByTheHouse(t *testing.T) {
	t.Parallel()
	s := NewSet("st-elsewhere", Options{})
	s.Add(fetched(t, 1), model.Device{}, model.DeviceInfo{}, model.Judgement{Verdict: model.Withdrawn, Publisher: "st-elsewhere", Release: subject(t, "release:st-elsewhere/acme%2Fpump-7/1")})
	if got := s.List()[0].Summary; !strings.Contains(got, "held back by this house") {
		t.Error(got)
	}
}

func TestManyDevicesAreOneFinding(t *testing.T) {
	t.Parallel()
	s := NewSet("st-elsewhere", Options{})
	j := model.Judgement{Verdict: model.Altered, Release: subject(t, "release:acme/pump-7/2.1.0"), Publisher: "acme"}
	for i := range 1500 {
		tr := fetched(t, i)
		tr.Time = noon.Add(time.Duration(i) * time.Second)
		info := model.DeviceInfo{Asset: "A-" + tr.Device.Parts()[3], Location: "ward 3", Owner: "clinical engineering"}
		s.Add(tr, model.Device{Subject: tr.Device, Listed: true}, info, j)
		s.Add(tr, model.Device{Subject: tr.Device, Listed: true}, info, j)
	}
	list := s.List()
	if len(list) != 1 {
		t.Fatalf("%d findings", len(list))
	}
	f := list[0]
	if f.DeviceCount != 1500 || len(f.Devices) != MaxDevices || f.Transfers != 3000 || !f.Time.Equal(noon) || !f.Last.Equal(noon.Add(1499*time.Second)) {
		t.Errorf("%d devices, %d listed, %d transfers, %s to %s", f.DeviceCount, len(f.Devices), f.Transfers, f.Time, f.Last)
	}
	if !strings.HasPrefix(f.Summary, "1500 devices fetched") || f.Devices[0].Owner != "clinical engineering" {
		t.Errorf("%q, %v", f.Summary, f.Devices[0])
	}
}

func TestWhatMakesAnotherFinding(t *testing.T) {
	t.Parallel()
	altered, verified := model.Judgement{Verdict: model.Altered}, model.Judgement{Verdict: model.Verified}
	for name, c := range map[string]struct {
		j      model.Judgement
		change func(*model.Transfer)
		want   int
	}{
		"other bytes":                       {altered, func(t *model.Transfer) { t.Digest = model.DigestOf(nil) }, 2},
		"another name, same bytes":          {altered, func(t *model.Transfer) { t.Name = "x" }, 1},
		"another server":                    {altered, func(t *model.Transfer) { t.Host = "b.test" }, 2},
		"another address of one server":     {altered, func(t *model.Transfer) { t.Peer = "192.0.2.10:80" }, 1},
		"another protocol":                  {altered, func(t *model.Transfer) { t.Protocol = "ftp" }, 2},
		"another device":                    {altered, func(tr *model.Transfer) { tr.Device = device(t, 9) }, 1},
		"plain text, other bytes":           {verified, func(t *model.Transfer) { t.Digest = model.DigestOf(nil) }, 1},
		"plain text, another server":        {verified, func(t *model.Transfer) { t.Host = "b.test" }, 2},
		"no digest, same name and size":     {altered, func(t *model.Transfer) { t.Host = "update.acme.test" }, 1},
		"the digest of the entity, instead": {altered, func(t *model.Transfer) { t.Digest, t.EntityDigest = model.Digest{}, t.Digest }, 1},
	} {
		s := NewSet("h", Options{})
		s.Add(fetched(t, 1), model.Device{}, model.DeviceInfo{}, c.j)
		tr := fetched(t, 1)
		c.change(&tr)
		s.Add(tr, model.Device{}, model.DeviceInfo{}, c.j)
		if got := len(s.List()); got != c.want {
			t.Errorf("%s: %d findings, want %d", name, got, c.want)
		}
	}
	// Without a server name it is the address, whatever the port; without a digest the name and size.
	s := NewSet("h", Options{})
	for i, size := range []int64{10, 10, 20} {
		tr := fetched(t, 1)
		tr.Host, tr.Digest, tr.Declared, tr.Peer = "", model.Digest{}, size, fmt.Sprintf("192.0.2.9:%d", 2000+i)
		s.Add(tr, model.Device{}, model.DeviceInfo{}, model.Judgement{Verdict: model.Ambiguous})
	}
	if got := len(s.List()); got != 2 {
		t.Errorf("%d findings, want 2", got)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	s := NewSet("h", Options{})
	var long []string
	for i := range 100 {
		long = append(long, fmt.Sprint(i)+strings.Repeat("x", 5000))
	}
	for i := range MaxFindings + 7 {
		tr := fetched(t, 1)
		tr.Digest = model.DigestOf([]byte{byte(i >> 8), byte(i)})
		j := model.Judgement{Verdict: model.Altered}
		if i == 0 {
			tr.Time, j.Why = noon.Add(-time.Second), long
		}
		s.Add(tr, model.Device{}, model.DeviceInfo{}, j)
	}
	list := s.List()
	if len(list) != MaxFindings || s.Dropped() != 7 {
		t.Errorf("%d findings, %d dropped", len(list), s.Dropped())
	}
	if n := len(list[0].Evidence); n != maxEvidence || len(list[0].Evidence[1]) > maxSentences+3 {
		t.Errorf("%d sentences, %d bytes", n, len(list[0].Evidence[1]))
	}
}

// A flood of what is slight hides nothing grave: the bound takes the slight ones.
func TestFloodHidesNothingGrave(t *testing.T) {
	t.Parallel()
	s := NewSet("h", Options{})
	add := func(v model.Verdict, i int) model.Digest {
		tr := fetched(t, i)
		tr.Time, tr.Host = noon.Add(time.Duration(i)*time.Second), fmt.Sprintf("h%d.test", i)
		return s.Add(tr, model.Device{}, model.DeviceInfo{}, model.Judgement{Verdict: v})
	}
	for i := range MaxFindings {
		add(model.Verified, i)
	}
	for i, v := range []model.Verdict{model.Verified, model.Replayed, model.Altered, model.Verified} {
		if id := add(v, MaxFindings+i); id.IsZero() != (v == model.Verified) {
			t.Errorf("%s: %s", v, id)
		}
	}
	list := s.List()
	if len(list) != MaxFindings || s.Dropped() != 4 || list[0].Rule != model.UpdateAltered || list[1].Rule != model.UpdateReplayed {
		t.Errorf("%d findings, %d dropped, first %s and %s", len(list), s.Dropped(), list[0].Rule, list[1].Rule)
	}
	if last := list[len(list)-1]; last.Host != fmt.Sprintf("h%d.test", MaxFindings-3) {
		t.Errorf("the last that is left is %q", last.Host)
	}
	if s.devices != MaxFindings {
		t.Errorf("%d devices", s.devices)
	}
	// Findings that are all as grave stay.
	for i := range MaxFindings {
		add(model.Altered, 2*MaxFindings+i)
	}
	if before := s.Dropped(); !add(model.Altered, 4*MaxFindings).IsZero() || s.Dropped() != before+1 || len(s.List()) != MaxFindings {
		t.Error("one of as grave ones was put out")
	}
}

// Digests of parts can be most of a MiB, so that thousands of findings must not keep them.
func TestPartsAreNotKept(t *testing.T) {
	t.Parallel()
	s := NewSet("h", Options{})
	tr := fetched(t, 1)
	tr.Parts.Prefixes = make([]model.Digest, model.MaxBlocks)
	id := s.Add(tr, model.Device{}, model.DeviceInfo{}, model.Judgement{Verdict: model.Altered})
	if g := s.found[id]; g == nil || g.first.Parts.Prefixes != nil || tr.Parts.Prefixes == nil {
		t.Error("the parts are kept")
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	id := func(s string) model.Digest { return model.DigestOf([]byte(s)) }
	f := func(name string, state model.FindingState) model.Finding {
		return model.Finding{ID: id(name), Name: name, State: state, Severity: model.High, Time: noon}
	}
	got := Reconcile(
		[]model.Finding{f("stays", model.Open), f("goes", model.Open), f("reopens", model.Closed), f("goes", model.Open)},
		[]model.Finding{f("stays", model.Open), f("comes", model.Open), f("reopens", model.Open)},
	)
	want := []model.Finding{f("stays", model.Open), f("comes", model.Open), f("reopens", model.Open), f("goes", model.Closed)}
	Sort(want)
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(model.Subject{})); diff != "" {
		t.Error(diff)
	}
	if got[3].Name != "goes" {
		t.Errorf("the closed one is not last: %v", got)
	}
}

// Files given in another order, or rows read from the store, must give the same findings.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	type one struct {
		t model.Transfer
		d model.Device
		j model.Judgement
	}
	rapid.Check(t, func(rt *rapid.T) {
		verdicts := []model.Verdict{model.Altered, model.Verified, model.Unknown, model.Ambiguous, model.Replayed}
		all := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) one {
			tr := fetched(t, rapid.IntRange(1, 3).Draw(rt, "device"))
			tr.Time = noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "s")) * time.Second)
			tr.Host = rapid.SampledFrom([]string{"", "a.test", "b.test"}).Draw(rt, "host")
			tr.Name = rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "name")
			return one{tr, model.Device{Listed: rapid.Bool().Draw(rt, "listed")}, model.Judgement{
				Verdict: rapid.SampledFrom(verdicts).Draw(rt, "verdict"),
				Why:     rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(rt, "why"),
			}}
		}), 0, 12).Draw(rt, "all")
		gather := func(list []one) []model.Finding {
			s := NewSet("h", Options{})
			for _, o := range list {
				s.Add(o.t, o.d, model.DeviceInfo{}, o.j)
			}
			return s.List()
		}
		got, shuffled := gather(all), gather(rapid.Permutation(all).Draw(rt, "order"))
		if diff := cmp.Diff(got, shuffled, cmpopts.EquateComparable(model.Subject{})); diff != "" {
			rt.Fatal(diff)
		}
		if !slices.IsSortedFunc(got, func(x, y model.Finding) int { return x.Severity.Compare(y.Severity) }) {
			rt.Fatal("not sorted by severity")
		}
	})
}

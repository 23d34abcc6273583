package release

import (
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestEncryptedSession(t *testing.T) {
	t.Parallel()
	session := func(size int64, host string) model.Transfer {
		return model.Transfer{Time: day0, Size: size, Declared: -1, Host: host, Protocol: "tls", Encrypted: true}
	}
	sent := session(EncryptedFrom+1, "update.acme.test")
	sent.Upload = true
	disputed := session(EncryptedFrom+1, "")
	disputed.Ambiguous = true
	for name, c := range map[string]struct {
		t    model.Transfer
		d    model.Device
		want model.Verdict
		why  string
	}{
		"to a listed device":            {session(EncryptedFrom+1, ""), model.Device{Listed: true}, model.CannotSee, "65537 bytes reached this listed device"},
		"to a listed workstation":       {session(EncryptedFrom+1, "x.test"), model.Device{Listed: true, Role: model.Workstation}, model.CannotSee, "listed device"},
		"sent to a host":                {sent, model.Device{}, model.Unknown, "encrypted"},
		"a short one":                   {session(EncryptedFrom, ""), model.Device{Listed: true}, model.Unknown, "encrypted"},
		"a short one from a host":       {session(EncryptedFrom, "update.acme.test"), model.Device{}, model.Unknown, "encrypted"},
		"of nobody":                     {session(1<<30, "x.test"), model.Device{}, model.Unknown, "encrypted"},
		"from a host of a release":      {session(EncryptedFrom+1, "update.acme.test"), model.Device{}, model.CannotSee, `from "update.acme.test", which releases of acme name`},
		"from a third party":            {session(EncryptedFrom+1, "deb.debian.org"), model.Device{Listed: true, Role: model.Server}, model.CannotSee, "listed device"},
		"with copies that differ":       {disputed, model.Device{Listed: true}, model.CannotSee, "listed device"},
		"without a name and not listed": {session(1<<30, ""), model.Device{}, model.Unknown, "encrypted"},
	} {
		s := newScene(t)
		s.release("5", 5, func(x *Set) { x.Hosts = []string{"update.acme.test"} }, artifact("a", "a"))
		j := s.book.Judge(later, &c.t, c.d, nil)
		if j.Verdict != c.want || !says(j, c.why) || !j.Release.IsZero() || j.Fits != model.FitUnknown {
			t.Errorf("%s: %s %q %s", name, j.Verdict, j.Why, j.Release)
		}
	}
}

// A declared form hides nothing that is plainly something, or comes another way.
func TestSealedForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hosts   []string
		host    string
		typ     string
		product string
		want    model.Verdict
	}{
		"no host is named":                {want: model.CannotSee},
		"its host":                        {hosts: []string{"update.acme.test"}, host: "update.acme.test", want: model.CannotSee},
		"another host":                    {hosts: []string{"update.acme.test"}, host: "x.test", want: model.Unknown},
		"another host, its product":       {hosts: []string{"update.acme.test"}, host: "x.test", product: "acme/pump-7", want: model.CannotSee},
		"another product":                 {product: "acme/scanner", want: model.Unknown},
		"its host, another product":       {hosts: []string{"update.acme.test"}, host: "update.acme.test", product: "acme/scanner", want: model.CannotSee},
		"plainly a program":               {typ: "application/x-elf", want: model.Unknown},
		"plainly a program, by its host":  {hosts: []string{"update.acme.test"}, host: "update.acme.test", typ: "application/x-elf", want: model.Unknown},
		"nothing that anybody recognises": {typ: "application/octet-stream", want: model.CannotSee},
	} {
		s := newScene(t)
		a := artifact("secret.bin", "plain")
		a.Forms = []Form{{Form: FormEncrypted, Name: "secret.enc"}}
		s.release("9", 9, func(x *Set) { x.Hosts = c.hosts }, a)
		s.seen.Name, s.seen.Host, s.seen.ContentType = "secret.enc", c.host, c.typ
		if c.product != "" {
			s.d.Product, s.d.Listed = product(t, c.product), true
		}
		j := s.judge()
		if j.Verdict != c.want || (j.Verdict == model.CannotSee) == j.Release.IsZero() || says(j, "declared form, not matched yet") == strings.HasSuffix(c.typ, "elf") {
			t.Errorf("%s: %s %s %q", name, j.Verdict, j.Release, j.Why)
		}
	}
}

// Under the artifact's own name, what is encrypted has other bytes by design, and a program that differs
// was altered.
func TestSealedUnderItsOwnName(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]model.Verdict{"application/octet-stream": model.CannotSee, "application/x-elf": model.Altered} {
		s := newScene(t)
		s.seen.Name, s.seen.ContentType, s.body = "sealed.bin", typ, "PLAIN"
		if j := s.judge(); j.Verdict != want {
			t.Errorf("%s: %s %q", typ, j.Verdict, j.Why)
		}
	}
}

// A host's name excuses a listed workstation, server or service laptop, and nothing that looks like a
// release. Where it excuses nothing it is still told.
func TestThirdParty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *scene)
		want   model.Verdict
		why    string
	}{
		"a workstation":            {want: model.ThirdParty, why: `the host "deb.debian.org" is known as Debian (packages), by name only (a list of 2026-11-20, unverified)`},
		"another host":             {change: func(s *scene) { s.seen.Host = "x.test" }, want: model.Unknown, why: "no organisation"},
		"a pump":                   {change: func(s *scene) { s.d.Role = model.Endpoint }, want: model.Unknown, why: "excuses nothing here: the device is listed as endpoint"},
		"not listed":               {change: func(s *scene) { s.d.Listed = false }, want: model.Unknown, why: "excuses nothing here: the device is not listed"},
		"a gateway":                {change: func(s *scene) { s.d.Role = model.Gateway }, want: model.Unknown, why: "listed as gateway"},
		"like a release":           {change: func(s *scene) { s.seen.Name, s.body = "pump.bin", "nex" }, want: model.Altered, why: "excuses nothing here: what it sent resembles a release"},
		"sent up to the host":      {change: func(s *scene) { s.seen.Upload = true }, want: model.Unknown, why: "no organisation"},
		"incomplete":               {change: func(s *scene) { s.seen.Complete = false }, want: model.Incomplete, why: "by name only (a list of 2026-11-20, unverified)"},
		"a release, verified":      {change: func(s *scene) { s.body = "old" }, want: model.Verified},
		"a release, not logged":    {change: unlogged, want: model.Unknown, why: "resembles a release"},
		"a declared member":        {change: member, want: model.Unknown, why: "resembles a release"},
		"a host of a release, too": {change: shared, want: model.Unknown, why: "releases name the same host"},
	} {
		s := newScene(t)
		conditions[model.ThirdParty](s)
		if c.change != nil {
			c.change(s)
		}
		j := s.judge()
		if j.Verdict != c.want || c.why != "" && !says(j, c.why) {
			t.Errorf("%s: %s %q", name, j.Verdict, j.Why)
		}
		if third := j.Verdict == model.ThirdParty; third != (j.Publisher == "Debian (packages)") || third && (len(j.Why) != 1 || !j.Statement.IsZero() || !j.Release.IsZero()) {
			t.Errorf("%s: publisher %q, %q", name, j.Publisher, j.Why)
		}
	}
}

func unlogged(s *scene) {
	f := s.fact(s.acme, "release", set(s.t, "acme", "acme/pump-7", "6", 6, artifact("new.bin", "evil")))
	f.Logged = false
	s.add(f)
	s.body = "evil"
}

func member(s *scene) {
	a := artifact("all.zip", "zip")
	a.Forms = []Form{{Form: FormArchive, Members: []Member{{"in.bin", 6, model.DigestOf([]byte("member"))}}}}
	s.release("4", 4, nil, a)
	s.body = "member"
}

func shared(s *scene) {
	s.release("5", 5, func(x *Set) { x.Hosts = []string{"deb.debian.org"} }, artifact("a", "a"))
}

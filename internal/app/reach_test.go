package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// reaches returns what subjects reach by integrity, "certain" or "possible" by subject.
func reaches(t *testing.T, a *App, from ...model.Subject) map[string]string {
	t.Helper()
	got, err := answer(t, a, RadiusQuery{Sources: from, Harm: model.Integrity})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range got.Reached {
		out[r.Subject.String()] = string(r.Certainty)
		for _, s := range r.Path {
			if s.Statement.IsZero() || s.Author == "" {
				t.Errorf("a step to %s rests on no statement: %+v", r.Subject, s)
			}
		}
	}
	return out
}

func wants(t *testing.T, what string, got map[string]string, want ...string) {
	t.Helper()
	all := map[string]string{}
	for i := 0; i+1 < len(want); i += 2 {
		all[want[i]] = want[i+1]
	}
	if d := cmp.Diff(all, got); d != "" {
		t.Errorf("%s reaches (-want +got):\n%s", what, d)
	}
}

// Bytes reach the device that fetched them, its zone and what else stands there are possible, and nothing is known of
// what the house does not list.
func TestBytesReachDevices(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	zonedList(t, w.house,
		"PUMP-1,acme,pump-7,SN-1,,10.0.0.10,main,infusion", "PUMP-2,acme,pump-7,SN-2,,10.0.0.11,main,infusion",
		"MON-1,,,,02:00:00:00:00:12,10.0.0.12,main,infusion", "FAR-1,acme,pump-7,SN-9,,10.0.0.19,other,infusion")
	bad, good := elf(9, 5000), elf(1, 5000)
	mustSee(t, w.house, capture(t,
		download("10.0.0.10", host, "pump-9.bin", bad, wireTime()), download("10.0.0.12", host, "pump-1.0.0.bin", good, wireTime().Add(time.Minute)),
		download("10.0.0.99", host, "late.bin", elf(7, 5000), wireTime().Add(2*time.Minute))))

	const zone = "zone:mercy/main/infusion"
	wants(t, "the bytes", reaches(t, w.house, model.ArtifactOf(model.DigestOf(bad))),
		"device:acme/pump-7/SN-1", "certain", zone, "possible", "device:acme/pump-7/SN-2", "possible",
		"device:mac/02%3A00%3A00%3A00%3A00%3A12", "possible")
	wants(t, "what a stranger fetched", reaches(t, w.house, model.ArtifactOf(model.DigestOf(elf(7, 5000)))),
		"device:ip/main/-/10.0.0.99/-", "certain")
	wants(t, "what nobody fetched", reaches(t, w.house, model.ArtifactOf(model.DigestOf(elf(8, 5000)))))

	// Both keys of the role reach every device of the product, and the one without a name that fetched the release.
	keys, err := w.house.Keys(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	var signing []model.Subject
	for _, k := range keys {
		if k.Role == evidence.RoleRelease {
			signing = append(signing, k.Key)
		}
	}
	if one := reaches(t, w.house, signing[0]); len(one) != 1 {
		t.Errorf("one key of two reaches %v", one)
	}
	all := reaches(t, w.house, signing...)
	for s, want := range map[string]string{
		"device:acme/pump-7/SN-1": "certain", "device:acme/pump-7/SN-2": "certain", "device:acme/pump-7/SN-9": "certain",
		"device:mac/02%3A00%3A00%3A00%3A00%3A12": "certain", "release:acme/pump-7/1.0.0": "certain", zone: "possible",
	} {
		if all[s] != want {
			t.Errorf("both keys: %s is %q, want %q", s, all[s], want)
		}
	}

	e, err := w.house.Exposure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, err := model.NewSubject(model.KindDevice, "mac", "02:00:00:00:00:12")
	if err != nil {
		t.Fatal(err)
	}
	addr, err := model.ParseSubject("device:ip/main/-/10.0.0.12/-")
	if err != nil {
		t.Fatal(err)
	}
	if e.Devices[at].Asset != "MON-1" || e.NodeOf(addr) != at || e.Files[model.ArtifactOf(model.DigestOf(good))] != "pump-1.0.0.bin" || e.Keys[signing[0]].Org != "acme" {
		t.Errorf("the house calls them %+v, %v, %v", e.Devices[at], e.NodeOf(addr), e.Files)
	}
}

// zonedList takes a device list with zones.
func zonedList(t *testing.T, a *App, rows ...string) {
	t.Helper()
	if _, err := a.ImportDevices(t.Context(), zoned(rows...)); err != nil {
		t.Fatal(err)
	}
}

// What is erased leads nowhere any more, and a list that comes later counts for what was seen before.
func TestErasedRowsLeadNowhere(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	body := elf(9, 5000)
	from := model.ArtifactOf(model.DigestOf(body))
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-9.bin", body, wireTime())))
	wants(t, "before the list", reaches(t, w.house, from), "device:ip/main/-/10.0.0.10/-", "certain")
	zonedList(t, w.house, "PUMP-1,acme,pump-7,SN-1,,10.0.0.10,main,")
	wants(t, "after the list", reaches(t, w.house, from), "device:acme/pump-7/SN-1", "certain")
	batch, err := w.house.firstOf(t.Context(), evidence.PredObservation)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.house.Erase(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	wants(t, "what was erased", reaches(t, w.house, from))
	e, err := w.house.Exposure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(e.Graph.Subjects(model.KindArtifact)); slices.Contains(got, from) {
		t.Error("the graph still names the bytes")
	}
}

// zoned is a device list with zones.
func zoned(rows ...string) *strings.Reader {
	return strings.NewReader("asset,vendor,model,serial,mac,ip,site,zone\n" + strings.Join(rows, "\n") + "\n")
}

// A proof that is handed over holds in a home that trusts the organisation of the log, and in no other; what was
// changed in it does not.
func TestCheckProofs(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	trust(t, w.acme, w.house)
	list, err := w.house.Proofs(t.Context(), releaseSubject(t, "acme", "pump-7", "1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := ProofFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []*App{w.house, w.acme} {
		got, err := a.CheckProofs(t.Context(), file)
		if err != nil || len(got) != 1 || got[0].Statement != list[0].Statement || got[0].Log != "mercy/house" || got[0].Index != list[0].Index || got[0].Author != "acme" || got[0].Owner != "mercy" || !got[0].Confirmed {
			t.Errorf("in the home of %s: %+v, %v", a.home.Org, got, err)
		}
	}
	stranger := newHouse(t, w.c, "other", evidence.Hospital)
	for name, c := range map[string]struct {
		in   *App
		file string
		code fault.Code
	}{
		"in a home that does not know it": {stranger, string(file), fault.UnknownOrg},
		"for another statement":           {w.house, strings.Replace(string(file), list[0].Statement.String(), model.DigestOf([]byte("x")).String(), 1), fault.NotLogged},
		"at another index":                {w.house, strings.Replace(string(file), `"index":`, `"index":1`, 1), fault.BadInput},
		"with another entry":              {w.house, strings.Replace(string(file), `\"author\":\"acme\"`, `\"author\":\"acmf\"`, 1), fault.NotLogged},
		"of another log of the house":     {w.house, strings.Replace(string(file), `"mercy/house"`, `"acme/publication"`, 1), fault.BadCheckpoint},
		"nothing":                         {w.house, "\n", fault.BadInput},
		"no proof":                        {w.house, `{"type":"reached"}`, fault.BadInput},
	} {
		got, err := c.in.CheckProofs(t.Context(), []byte(c.file))
		if !errors.Is(err, c.code) || got != nil {
			t.Errorf("a proof %s: %+v, %v, want %s", name, got, err, c.code)
		}
	}
}

func releaseSubject(t *testing.T, parts ...string) model.Subject {
	t.Helper()
	s, err := model.NewSubject(model.KindRelease, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func survey(t *testing.T, a *App, keep int) *Survey {
	t.Helper()
	s, err := a.Survey(t.Context(), keep)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole lets cmp compare what hides its fields.
var whole = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmp.Comparer(func(x, y time.Time) bool { return x.Equal(y) }),
}

// agrees checks that a survey says what the house itself says.
func agrees(t *testing.T, a *App, s *Survey, subjects ...model.Subject) {
	t.Helper()
	ctx := t.Context()
	same := func(what string, got, want any, errs ...error) {
		t.Helper()
		if diff := cmp.Diff(want, got, whole); diff != "" || errors.Join(errs...) != nil {
			t.Errorf("%s: %v: the survey differs (-asked +surveyed)\n%s", what, errors.Join(errs...), diff)
		}
	}
	overview, err1 := a.Overview(ctx)
	got, err2 := s.Overview()
	same("overview", got, overview, err1, err2)
	releases, err1 := a.Releases(ctx)
	same("releases", s.Releases(), releases, err1)
	var list []ListedDevice
	err1 = a.ListDevices(ctx, DeviceFilter{}, func(d ListedDevice) error { list = append(list, d); return nil })
	devices, err2 := s.Devices()
	same("devices", devices, list, err1, err2)
	found, err1 := a.Findings(ctx, FindingFilter{})
	findings, err2 := s.Findings()
	same("findings", append([]model.Finding{}, findings...), append([]model.Finding{}, found...), err1, err2)
	filters := []TransferFilter{{}, {Verdict: model.Verified}, {Verdict: model.Unknown}, {Verdict: model.Ambiguous}}
	for _, f := range found {
		filters = append(filters, TransferFilter{Finding: f.ID}, TransferFilter{Finding: f.ID, Verdict: model.Unknown})
	}
	for _, only := range filters {
		for _, part := range [][2]int{{0, 1}, {0, 100}, {1, 2}, {3, 2}, {4, 100}, {50, 10}} {
			list, total, err1 := a.Transfers(ctx, only, part[0], part[1])
			held, sum, err2 := s.Transfers(ctx, only, part[0], part[1])
			same(fmt.Sprintf("transfers %+v %v", only, part), append([]SeenTransfer{}, held...), append([]SeenTransfer{}, list...), err1, err2)
			if sum != total {
				t.Errorf("%d transfers of %+v, want %d", sum, only, total)
			}
		}
	}
	for _, sub := range subjects {
		why, err1 := a.Why(ctx, sub)
		told, err2 := s.Why(ctx, sub)
		same("why "+sub.String(), told, why, err1, err2)
	}
}

// A survey says what the house says, whatever happened there and however little of the transfers it holds.
func TestSurveyAgrees(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	release, err := model.ParseSubject("release:acme/pump-7/1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		for _, keep := range []int{1, 3, 1000} {
			agrees(t, w.house, survey(t, w.house, keep), release, model.ArtifactOf(model.DigestOf(elf(13, 6000))), model.ArtifactOf(model.DigestOf(elf(1, 5000))))
		}
		agrees(t, w.acme, survey(t, w.acme, 10), release)
	}
	check()
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.11,main,ward 3,,", "A-2,acme,pump-7,SN-2,,10.0.0.12,main,ward 3,,")
	check()
	for n := range 5 {
		device := fmt.Sprintf("10.0.0.1%d", n%3)
		mustSee(t, w.house, capture(t, download(device, host, fmt.Sprintf("file-%d.bin", n), elf(byte(10+n), 6000), wireTime().Add(time.Duration(n*7%5)*time.Hour))))
	}
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", elf(1, 5000), wireTime().Add(9*time.Hour))))
	check()
	w.release(t, "2.0.0", "file-3.bin", elf(13, 6000)) // a finding closes
	w.publish(t)
	check()
	if list, err := survey(t, w.house, 10).Findings(); err != nil || len(list) < 6 || list[len(list)-1].State != model.Closed {
		t.Errorf("%d findings, none closed: %v", len(list), err)
	}
}

// What a house is written to, by its own hand or another's, or what lies beside its database, or the hour: nothing of
// it leaves a survey current. What only looks does.
func TestSurveyIsCurrentUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", elf(1, 5000), wireTime())))
	dir := w.house.opt.Dir
	sources := filepath.Join(dir, sourcesFile)
	write := func(path, text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	home, err := os.ReadFile(filepath.Join(dir, homeFile))
	if err != nil {
		t.Fatal(err)
	}
	stand := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	still := func(path, text string) func() error { // as an editor might within one tick of the clock
		return func() error { return errors.Join(write(path, text)(), os.Chtimes(path, stand, stand)) }
	}
	other := reopen(t, w.house.opt)
	for _, step := range []struct {
		what string
		do   func() error
		same bool
	}{
		{"nothing", func() error { return nil }, true},
		{"somebody looks", func() error { _, err := other.Findings(t.Context(), FindingFilter{}); return err }, true},
		{"less than a minute goes by", func() error { w.c.at = w.c.at.Add(59 * time.Second); return nil }, true},
		{"the minute is over", func() error { w.c.at = w.c.at.Add(time.Second); return nil }, false},
		{"the clock is set back", func() error { w.c.at = w.c.at.Add(-time.Hour); return nil }, false},
		{"rows are recorded", func() error {
			mustSee(t, other, capture(t, download("10.0.0.11", host, "x.bin", elf(9, 6000), wireTime())))
			return nil
		}, false},
		{"a device list", func() error { devices(t, other, "A-1,acme,pump-7,SN-1,,10.0.0.11,main,ward 3,,"); return nil }, false},
		{"a list of third parties", still(sources, `{"type":"cordon-sources/v1","sources":[]}`), false},
		{"another of that length, within the same tick", still(sources, `{"type":"cordon-sources/v2","sources":[]}`), false},
		{"the list goes", func() error { return os.Remove(sources) }, false},
		{"the home is described otherwise", write(filepath.Join(dir, homeFile), strings.Replace(string(home), "main", "east", 1)), false},
		{"and as before", write(filepath.Join(dir, homeFile), string(home)), false},
		{"blocks come", func() error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, blocksDir), 0o700), write(filepath.Join(dir, blocksDir, "x"), "x")())
		}, false},
		{"the root keys are moved away", func() error { return os.Rename(w.house.OfflineDir(), filepath.Join(t.TempDir(), "away")) }, false},
		{"the secret of the marks is another", func() error {
			path := filepath.Join(dir, w.house.ring.SecretFile())
			b, err := os.ReadFile(path)
			return errors.Join(err, os.Rename(path, path+".old"), os.WriteFile(path, b, 0o600))
		}, false},
		{"a copy in the place of the database", func() error {
			path := filepath.Join(dir, dbFile)
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			b, err := os.ReadFile(path)
			return errors.Join(err, os.Rename(path, path+".old"), os.WriteFile(path, b, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime()))
		}, false},
		{"the database is gone", func() error { return os.Remove(filepath.Join(dir, dbFile)) }, false},
		{"still", func() error { return nil }, false},
	} {
		s, err := w.house.Survey(t.Context(), 10)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		for range 2 {
			if !s.Current(t.Context()) && step.what != "still" {
				t.Errorf("before: %s: the survey is not current", step.what)
			}
		}
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if got := s.Current(t.Context()); got != step.same {
			t.Errorf("%s: current: %t, want %t", step.what, got, step.same)
		}
	}
}

// A list of third parties that cannot be read keeps nobody from the releases and the devices.
func TestSurveyOfPart(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.11,main,ward 3,,")
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-1.0.0.bin", elf(1, 5000), wireTime())))
	if err := os.WriteFile(filepath.Join(w.house.opt.Dir, sourcesFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := survey(t, w.house, 10)
	if _, err := s.Findings(); err == nil || s.Err() == nil {
		t.Error("there are findings without the list that verdicts need")
	}
	if list, n, err := s.Transfers(t.Context(), TransferFilter{}, 0, 10); err == nil || list != nil || n != 0 {
		t.Errorf("there are %d transfers without the list that verdicts need", n)
	}
	if _, err := s.Why(t.Context(), model.ArtifactOf(model.DigestOf(elf(1, 5000)))); err == nil {
		t.Error("there is a reason without the list that verdicts need")
	}
	list, err := s.Devices()
	if len(s.Releases()) != 1 || len(list) != 1 || err != nil {
		t.Errorf("%d releases, %d devices, %v", len(s.Releases()), len(list), err)
	}
	if o, err := s.Overview(); err != nil || !o.Recorded || o.Devices != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

// What is asked of a survey after the house changed is answered as the house is now.
func TestSurveyThatIsNotCurrent(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	body := elf(13, 6000)
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "late.bin", body, wireTime())))
	s, file := survey(t, w.house, 10), model.ArtifactOf(model.DigestOf(body))
	before, err := s.Why(t.Context(), file)
	if err != nil || len(before) != 1 {
		t.Fatalf("%+v, %v", before, err)
	}
	w.release(t, "2.0.0", "late.bin", body)
	w.publish(t)
	after, err := s.Why(t.Context(), file)
	if err != nil || len(after) != 2 || !strings.Contains(fmt.Sprint(after), "today: verified") {
		t.Errorf("%+v, %v", after, err)
	}
}

// Whoever gives up while others ask is told so.
func TestSurveyIsBusy(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "x.bin", elf(9, 6000), wireTime())))
	s := survey(t, w.house, 10)
	s.turn <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Why(ctx, model.ArtifactOf(model.DigestOf(elf(9, 6000)))); !errors.Is(err, fault.Locked) {
		t.Error(err)
	}
}

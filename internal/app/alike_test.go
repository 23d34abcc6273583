package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// idsOf are the findings, by rule and ID.
func idsOf(list []model.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprint(f.Rule, " ", f.ID))
	}
	slices.Sort(out)
	return out
}

// A watch that shows every object has the findings of one that does not, and those that the record has: a page of
// the maker's server is no update, whether somebody asks to see it or not.
func TestWhatIsShownMakesNoFindings(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	page := []byte("<!doctype html><html><body>release notes</body></html>")
	file := capture(t,
		download("10.0.0.10", host, "index.html", page, wireTime()),
		download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Minute)),
	)
	var shown []int
	for _, all := range []bool{true, false} {
		got, err := see(t.Context(), w.house, WatchOptions{All: all}, file)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, len(got.transfers))
		if recorded := says(t, w.house, "update.unknown open"); !slices.Equal(idsOf(got.findings), idsOf(recorded)) {
			t.Errorf("all %v: the watch finds %v, the record has %v", all, idsOf(got.findings), idsOf(recorded))
		}
	}
	if !slices.Equal(shown, []int{2, 1}) {
		t.Errorf("shown are %v", shown)
	}
}

// A device that went back from 3 to 2, which 3 does not permit, and then to 1, which 3 permits and 2 does not: the
// watch and the record say the same.
func TestStepsBackAreJudgedAlike(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	bodies := map[string][]byte{"1.0.0": elf(1, 5000), "2.0.0": elf(2, 6000), "3.0.0": elf(3, 7000)}
	w.release(t, "2.0.0", "pump-2.0.0.bin", bodies["2.0.0"])
	path := filepath.Join(t.TempDir(), "pump-3.0.0.bin")
	if err := os.WriteFile(path, bodies["3.0.0"], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := w.acme.AddRelease(t.Context(), Draft{
		Product: product(t, "acme/pump-7"), Version: "3.0.0", Kind: "firmware", Files: []string{path}, Hosts: []string{host}, StepsBack: []string{"1.0.0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.publish(t)
	var talks []talk
	for i, v := range []string{"3.0.0", "2.0.0", "1.0.0"} {
		talks = append(talks, download("10.0.0.10", host, "pump-"+v+".bin", bodies[v], wireTime().Add(time.Duration(i)*time.Hour)))
	}
	got := mustSee(t, w.house, capture(t, talks...))
	if v := got.verdicts(); !slices.Equal(v, []model.Verdict{model.Verified, model.Replayed, model.Replayed}) {
		t.Errorf("%v", v)
	}
	recorded := says(t, w.house, "update.replayed open", "update.replayed open")
	if !slices.Equal(idsOf(got.findings), idsOf(recorded)) {
		t.Errorf("the watch finds %v, the record has %v", idsOf(got.findings), idsOf(recorded))
	}
}

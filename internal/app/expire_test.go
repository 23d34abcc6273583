package app

import (
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// The rows of an import go when their time has come, the edges with them; the ledger still verifies.
func TestRowsExpire(t *testing.T) {
	t.Parallel()
	c := newHand()
	house := newHouse(t, c, "st-elsewhere", evidence.Hospital)
	csv := "from,relation,to,harm,known,since,until,control\nsystem:ad,administers,system:share,integrity,asserted,,,\n"
	if _, err := house.ImportEdges(t.Context(), strings.NewReader(csv), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	ad, err := model.ParseSubject("system:ad")
	if err != nil {
		t.Fatal(err)
	}
	reached := func() int {
		t.Helper()
		r, err := answer(t, house, RadiusQuery{Sources: []model.Subject{ad}})
		if err != nil {
			t.Fatal(err)
		}
		return len(r.Reached)
	}
	for _, step := range []struct {
		wait   time.Duration
		erased int64
		left   int
	}{{0, 0, 1}, {47 * time.Hour, 0, 1}, {2 * time.Hour, 1, 0}, {0, 0, 0}} {
		c.at = c.at.Add(step.wait)
		n, err := house.EraseExpired(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := reached(); n != step.erased || got != step.left {
			t.Errorf("after %s: %d rows erased and %d subjects reached, want %d and %d", step.wait, n, got, step.erased, step.left)
		}
	}
	if _, err := house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

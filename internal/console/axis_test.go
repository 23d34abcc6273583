package console

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

func at(days int) time.Time {
	return time.Date(2026, 1, 1, 13, 30, 0, 0, time.UTC).Add(time.Duration(days) * day)
}

// Every day on which something happened has one column that has it, drawn within the picture and in the order of time, and
// what is left out is empty.
func TestAxisShowsWhatHappened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfN(rapid.IntRange(0, 4000), 1, 40).Draw(t, "days")
		var times []time.Time
		for _, d := range days {
			times = append(times, at(d))
		}
		a := axisOf(times)
		a.widen(rapid.IntRange(1, 60).Draw(t, "step"))
		for i, d := range times {
			whole := d.Truncate(day)
			col, ok := a.column(whole)
			first, last := a.bounds(col)
			if !ok || whole.Before(first) || whole.After(last) || daysBetween(first, last) >= a.step {
				t.Fatalf("day %s is in column %d, %v, from %s to %s", whole, col, ok, first, last)
			}
			if x := a.x(d); x < labelWidth || x > labelWidth+plotWidth || !a.shows(d) {
				t.Fatalf("day %s is drawn at %d", whole, x)
			}
			for _, e := range times[:i] {
				if d.Before(e) && a.x(d) > a.x(e) || d.After(e) && a.x(d) < a.x(e) {
					t.Fatalf("%s is at %d and %s at %d", d, a.x(d), e, a.x(e))
				}
			}
		}
		if all := daysBetween(a.first(), a.last()) + 1; a.days()+a.left != all {
			t.Fatalf("%d days are shown and %d left out of %d", a.days(), a.left, all)
		}
		for i, k := range a.ticks() {
			if k.X < labelWidth || k.X > labelWidth+plotWidth || i > 0 && k.X-a.ticks()[i-1].X < tickWidth/2 {
				t.Fatalf("tick %d of %v", i, a.ticks())
			}
		}
	})
}

func TestAxisLeavesOutWhatIsEmpty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		days              []int
		parts, left, step int
	}{
		"one day":                  {[]int{5}, 1, 0, 1},
		"three days":               {[]int{5, 7}, 1, 0, 1},
		"a month":                  {[]int{0, 28}, 1, 0, 2},
		"signed long ago":          {[]int{0, 700, 702}, 2, 699, 1},
		"a quarter, evenly":        {[]int{0, 30, 60, 90}, 1, 0, 7},
		"half of it is not enough": {[]int{0, 10, 20, 30, 40, 50, 100}, 1, 0, 7},
	} {
		var times []time.Time
		for _, d := range c.days {
			times = append(times, at(d))
		}
		if a := axisOf(times); len(a.parts) != c.parts || a.left != c.left || a.step != c.step || (a.gap() > 0) != (c.parts == 2) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// However much was seen, a picture stays readable: no more marks than its bound, and the same numbers in the table.
func TestTimelineBounds(t *testing.T) {
	t.Parallel()
	product, _ := model.ParseProduct("acme/pump-7")
	var releases []app.ReleaseInfo
	var use []app.ReleaseUse
	total := 0
	for v := range 20 {
		sub, err := model.ReleaseOf("acme", product, strconv.Itoa(v+1))
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, app.ReleaseInfo{Release: sub, Product: product, Version: strconv.Itoa(v + 1), State: "current", Issued: at(v * 20)})
		for d := range 300 {
			for _, verdict := range []model.Verdict{model.Verified, model.Altered, model.Incomplete, model.Replayed} {
				use = append(use, app.ReleaseUse{Release: sub, Product: product, Day: app.Day(at(100 + d)), Verdict: verdict, Transfers: 2})
			}
		}
	}
	seen := map[string]bool{}
	for skip := 0; ; skip += maxLanes {
		d := drawing{product: product, releases: releases, use: use, whole: true, skip: skip, now: at(420), at: &url.URL{Path: "/releases"}}
		p := d.timeline()
		marks, drawn, told := 0, 0, 0
		for _, r := range p.Rows {
			marks += len(r.Marks)
			for _, m := range r.Marks {
				drawn += m.N
				if m.X < labelWidth || m.X > p.Width {
					t.Errorf("a mark at %d of %d", m.X, p.Width)
				}
			}
			if r.Link != "" {
				seen[r.Label] = true
			}
		}
		for _, e := range p.Events {
			told += e.N
		}
		if marks == 0 || marks > maxMarks || p.Releases > maxLanes || drawn != told || (p.Newer == "") != (skip == 0) || p.Height != topHeight+rowHeight*len(p.Rows) {
			t.Errorf("behind %d: %d marks of %d releases, %d drawn and %d told, newer at %q", skip, marks, p.Releases, drawn, told, p.Newer)
		}
		total += drawn
		if p.Older == "" {
			break
		}
	}
	if len(seen) != 20 || total != 20*300*4*2 {
		t.Errorf("%d releases with %d transfers were drawn", len(seen), total)
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"12 days left": 12*day + time.Hour, "1 day left": day, "less than a day left": time.Second, "ended less than a day ago": 0,
		"ended 1 day ago": -day, "ended 30 days ago": -30*day - time.Hour,
	} {
		if got := left(at(0).Add(d), at(0)); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

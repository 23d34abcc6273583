package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func devices(t testing.TB, csv string) []Device {
	t.Helper()
	out, err := ReadDevices(strings.NewReader("asset,vendor,model,serial,mac,ip,site,location\n" + csv))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// told writes a comparison on one line each.
func told(c Comparison) []string {
	var out []string
	for _, m := range c.Matched {
		out = append(out, fmt.Sprintf("matched %s %s", m.New.label(), strings.Join(m.Changed, ",")))
	}
	for _, d := range c.New {
		out = append(out, "new "+d.label())
	}
	for _, d := range c.Gone {
		out = append(out, "gone "+d.label())
	}
	for _, x := range c.Conflicting {
		out = append(out, "conflict "+x.Row.label()+": "+x.Why)
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const one, two = "A-1,acme,pump-7,S1,,10.0.0.1,main,ward 3\n", "A-2,acme,pump-7,S2,,10.0.0.2,main,ward 3\n"
	for name, c := range map[string]struct {
		old, new string
		want     []string
	}{
		"the first list":      {"", one, []string{`new asset "A-1"`}},
		"nothing changed":     {one + two, two + one, []string{`matched asset "A-2" `, `matched asset "A-1" `}},
		"moved":               {one, "A-1,acme,pump-7,S1,,10.0.0.9,main,ward 4\n", []string{`matched asset "A-1" ip,location`}},
		"gone and new":        {one, two, []string{`new asset "A-2"`, `gone asset "A-1"`}},
		"the serial is known": {one, "B-7,Acme,pump-7,S1,,,main,\n", []string{`matched asset "B-7" asset,vendor,ip,location`}},
		"by MAC": {
			",,,,00:00:00:00:00:02,,,\n", "A-3,,,,000000000002,10.0.0.3,,\n",
			[]string{`matched asset "A-3" asset,ip`},
		},
		"by address alone": {",,,,,10.0.0.3,main,\n", ",,,,,10.0.0.3,MAIN,icu\n", []string{`matched ip 10.0.0.3 site,location`}},
		"the same address elsewhere": {
			",,,,,10.0.0.3,main,\n", ",,,,,10.0.0.3,west,\n", []string{"new ip 10.0.0.3", "gone ip 10.0.0.3"},
		},
		"an asset of another serial": {
			one, "A-1,acme,pump-7,S9,,,main,\n",
			[]string{`conflict asset "A-1": asset "A-1" had serial "S1" in the list before and has "S9" now`},
		},
		"an asset twice": {
			"", "A-1,,,,,10.0.0.1,main,\nA-1,,,,,10.0.0.2,main,\n",
			[]string{`conflict asset "A-1": asset "a-1" is claimed by another row too`, `conflict asset "A-1": asset "a-1" is claimed by another row too`},
		},
		"an address twice": {
			"", "A-1,,,,,10.0.0.1,main,\nA-2,,,,,10.0.0.1,main,\nA-3,,,,,10.0.0.1,west,\n",
			[]string{
				`new asset "A-3"`, `conflict asset "A-1": ip "10.0.0.1" is claimed by another row too`,
				`conflict asset "A-2": ip "10.0.0.1" is claimed by another row too`,
			},
		},
		"a row that joins two": {
			one + two, "A-1,acme,pump-7,S2,,,main,\n",
			[]string{`conflict asset "A-1": it joins two devices of the list before, asset "A-2" and asset "A-1"`},
		},
		"two rows for one": {
			one, "A-1,,,,,,,\nB-1,acme,pump-7,S1,,,,\n",
			[]string{`matched asset "A-1" vendor,model,serial,ip,site,location`, `conflict asset "B-1": another row is asset "A-1" of the list before already`},
		},
	} {
		var old []Device
		if c.old != "" {
			old = devices(t, c.old)
		}
		if diff := cmp.Diff(c.want, told(Compare(old, devices(t, c.new)))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Each row is told exactly once, and a list without contradictions is itself.
func TestCompareCountsEveryRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		old := rapid.SliceOfN(someDevice(), 0, 6).Draw(rt, "old")
		current := rapid.SliceOfN(someDevice(), 0, 6).Draw(rt, "new")
		c := Compare(old, current)
		if n := len(c.Matched) + len(c.New) + len(c.Conflicting); n != len(current) {
			rt.Fatalf("%d of %d rows are told", n, len(current))
		}
		if n := len(c.Matched) + len(c.Gone); n > len(old) {
			rt.Fatalf("%d matched and gone of %d", n, len(old))
		}
		self := Compare(current, current)
		if len(self.New)+len(self.Gone) != 0 {
			rt.Fatalf("a list differs from itself: %v", told(self))
		}
		for _, m := range self.Matched {
			if m.Changed != nil {
				rt.Fatalf("%s changed %v", m.New.label(), m.Changed)
			}
		}
		shared := claims(current)
		for _, x := range self.Conflicting {
			if double(&x.Row, shared) == "" {
				rt.Fatalf("%s conflicts with nobody: %s", x.Row.label(), x.Why)
			}
		}
		if !slices.ContainsFunc(current, func(d Device) bool { return double(&d, shared) != "" }) && len(self.Conflicting) != 0 {
			rt.Fatal("conflicts in a list without contradictions")
		}
	})
}

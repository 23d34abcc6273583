package network

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/network/http"
)

// counters are the numbers in which the packages below say what they gave up: the exported ones of what the
// readers of a protocol share.
func (e *engine) counters() map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for name, shared := range map[string]any{"flow": &e.counts, "http": &e.shared, "tls": &e.tls, "ftp": &e.ftp, "tftp": e.tftp} {
		v := reflect.ValueOf(shared).Elem()
		for i := range v.NumField() {
			f, key := v.Field(i), name+"."+v.Type().Field(i).Name
			switch {
			case !v.Type().Field(i).IsExported():
			case f.Kind() == reflect.Int64:
				out[key] = f
			case f.Kind() == reflect.Array && f.Type().Elem().Kind() == reflect.Int64:
				for k := range f.Len() {
					out[key+"["+string(rune('a'+k))+"]"] = f.Index(k)
				}
			}
		}
	}
	return out
}

// Whatever a package counts is in the summary, each count in a way that tells it from none, also one that
// somebody adds later.
func TestSummaryHasEveryCount(t *testing.T) {
	t.Parallel()
	none := newEngine(Options{}, &list{})
	names := slices.Sorted(maps.Keys(none.counters()))
	if len(names) < 40 || !slices.Contains(names, "tls.Lost") || !slices.Contains(names, "tftp.Evicted") {
		t.Fatalf("the counters are %v", names)
	}
	for _, name := range names {
		e := newEngine(Options{}, &list{})
		e.counters()[name].SetInt(7)
		if cmp.Equal(none.summary(), e.summary()) {
			t.Errorf("%s is not in the summary", name)
		}
	}
}

// So is what the engine itself counts. A field of its own that is neither a count nor named here is one that
// somebody forgot.
func TestSummaryHasEveryCountOfTheEngine(t *testing.T) {
	t.Parallel()
	none := newEngine(Options{}, &list{})
	for owner, c := range map[string]struct {
		of     any
		counts map[string]func(*engine) *int64
		other  []string // times, and what is spent of a budget
	}{
		"engine": {none, map[string]func(*engine) *int64{
			"unopened": func(e *engine) *int64 { return &e.unopened }, "undecoded": func(e *engine) *int64 { return &e.undecoded },
			"packets": func(e *engine) *int64 { return &e.packets }, "bytes": func(e *engine) *int64 { return &e.bytes },
			"objects": func(e *engine) *int64 { return &e.objects }, "transfers": func(e *engine) *int64 { return &e.transfers },
			"unfollowed": func(e *engine) *int64 { return &e.unfollowed }, "unkept": func(e *engine) *int64 { return &e.unkept },
			"saved": func(e *engine) *int64 { return &e.saved }, "unsaved": func(e *engine) *int64 { return &e.unsaved },
		}, []string{"decoded", "first", "last"}},
		"ranges":  {&none.ranges, map[string]func(*engine) *int64{"evicted": func(e *engine) *int64 { return &e.ranges.evicted }}, nil},
		"spooler": {&none.ranges.spooler, nil, []string{"used"}},
		"who": {none.who, map[string]func(*engine) *int64{
			"malformed": func(e *engine) *int64 { return &e.who.malformed }, "nameless": func(e *engine) *int64 { return &e.who.nameless },
			"stays": func(e *engine) *int64 { return &e.who.stays },
		}, nil},
		"places":   {&none.who.places, map[string]func(*engine) *int64{"evicted": func(e *engine) *int64 { return &e.who.places.evicted }}, nil},
		"stations": {&none.who.stations, map[string]func(*engine) *int64{"evicted": func(e *engine) *int64 { return &e.who.stations.evicted }}, nil},
		"called":   {&none.who.called, map[string]func(*engine) *int64{"evicted": func(e *engine) *int64 { return &e.who.called.evicted }}, nil},
	} {
		v := reflect.ValueOf(c.of).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Field(i).Kind() != reflect.Int64 || slices.Contains(c.other, name) {
				continue
			}
			at := c.counts[name]
			if at == nil {
				t.Errorf("%s.%s: say here how it is counted, or that it is no count", owner, name)
				continue
			}
			e := newEngine(Options{}, &list{})
			*at(e) = 7
			if cmp.Equal(none.summary(), e.summary()) {
				t.Errorf("%s.%s is not in the summary", owner, name)
			}
		}
	}
}

// What is sent again, probes, and fragments are counted, and are no losses.
func TestSummaryCountsWhatIsNoLoss(t *testing.T) {
	t.Parallel()
	w := newWire()
	c := download(w, "/a.bin", firmware(1, 4000))
	seq := c.seq[1]
	c.put(1, 0x18, seq-1000, firmware(1, 4000)[3000:])
	c.put(1, 0x10, seq-1, []byte{0})
	_, s := watch(t, w.pcap())
	if s.Retransmits != 1 || s.KeepAlives != 1 || s.Fragments != 0 {
		t.Errorf("%+v", s)
	}
	if d := cmp.Diff(Losses{}, s.Losses); d != "" {
		t.Errorf("losses (-want +got):\n%s", d)
	}
}

// Ranges for which there is no room among the objects are counted as given up.
func TestRangesWithoutRoom(t *testing.T) {
	t.Parallel()
	e := newEngine(Options{}, &list{})
	e.live = maxObjects
	if e.ranges.start(wholeKey{whole: 9}, &http.Message{}) != nil || e.summary().Losses.Ranges != 1 {
		t.Errorf("%+v", e.summary().Losses)
	}
}

package inventory

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestProject(t *testing.T) {
	t.Parallel()
	list := []Device{
		{Vendor: "acme", Model: "pump-7", Serial: "SN 1", Zone: "Ward 3/inner", MACs: []string{"02:00:00:00:00:01"}},
		{MACs: []string{"02:00:00:00:00:02", "02:00:00:00:00:03"}, IPs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Site: "MAIN", Zone: "x"},
		{IPs: []netip.Addr{netip.MustParseAddr("10.0.0.3"), netip.MustParseAddr("10.0.0.4")}, Vendor: "acme", Model: "pump-7"},
		{IPs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}, Site: "other"}, // an address of elsewhere names nobody here
		{Asset: "only a name", Zone: "x"},
	}
	var names [][]string
	nodes := make([]model.Subject, len(list))
	for i := range list {
		var texts []string
		for _, s := range list[i].Names("main", "-") {
			texts = append(texts, s.String())
		}
		names = append(names, texts)
		if all := list[i].Names("main", "-"); len(all) > 0 {
			nodes[i] = all[0]
		}
	}
	if d := cmp.Diff([][]string{
		{"device:acme/pump-7/SN%201", "device:mac/02%3A00%3A00%3A00%3A00%3A01"},
		{"device:mac/02%3A00%3A00%3A00%3A00%3A02", "device:mac/02%3A00%3A00%3A00%3A00%3A03", "device:ip/main/-/10.0.0.2/-"},
		{"device:ip/main/-/10.0.0.3/-", "device:ip/main/-/10.0.0.4/-"},
		nil, nil,
	}, names); d != "" {
		t.Error(d)
	}
	var got []string
	for _, e := range Project(list, nodes, "mercy", "main") {
		got = append(got, e.From.String()+" "+e.Relation+" "+e.To.String()+" "+string(e.Known)+" "+string(e.Harm))
	}
	const one, two, inner, x = "device:acme/pump-7/SN%201", "device:mac/02%3A00%3A00%3A00%3A00%3A02", "zone:mercy/main/Ward%203%2Finner", "zone:mercy/main/x"
	if d := cmp.Diff([]string{
		"product:acme/pump-7 runs-on " + one + " asserted integrity",
		one + " shares-net " + inner + " undisclosed integrity", inner + " shares-net " + one + " undisclosed integrity",
		two + " shares-net " + x + " undisclosed integrity", x + " shares-net " + two + " undisclosed integrity",
		"product:acme/pump-7 runs-on device:ip/main/-/10.0.0.3/- asserted integrity",
	}, got); d != "" {
		t.Error(d)
	}
}

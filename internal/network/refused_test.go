package network

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

// The body of an answer that is no success is whole, has its digest and the name that was asked for, and says
// that it is not that file.
func TestRefused(t *testing.T) {
	t.Parallel()
	body := []byte("<html>there is nothing here</html>")
	for _, c := range []struct {
		status  int
		refused bool
	}{{200, false}, {203, false}, {206, false}, {300, true}, {302, true}, {401, true}, {403, true}, {404, true}, {416, true}, {500, true}, {503, true}} {
		w := newWire()
		conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
		conn.send(0, get("/fw/pump.bin"))
		conn.send(1, fmt.Appendf(nil, "HTTP/1.1 %d So\r\nContent-Length: %d\r\n\r\n%s", c.status, len(body), body))
		conn.close()
		got, _ := watch(t, w.pcap())
		if len(got) != 1 || got[0].Name != "pump.bin" || got[0].Host != "updates.acme.example" || got[0].Refused != c.refused {
			t.Errorf("%d: %+v", c.status, got)
			continue
		}
		note := fmt.Sprintf("the server answered %d: this is not the file that was asked for", c.status)
		if said := slices.Contains(got[0].Notes, note); said != c.refused {
			t.Errorf("%d: %q", c.status, got[0].Notes)
		}
		if c.refused && (!got[0].Complete || got[0].Digest != model.DigestOf(body)) {
			t.Errorf("%d: %+v", c.status, got[0])
		}
	}
}

// Each answer of a connection stands for itself, what a client sends up is never refused, and objects that are
// used again forget what they were.
func TestRefusedAmongOthers(t *testing.T) {
	t.Parallel()
	w := newWire()
	conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for i := range 3 {
		conn.send(0, get(fmt.Sprintf("/fw/%d.bin", i)))
		status := "200 OK"
		if i == 1 {
			status = "404 Not Found"
		}
		conn.send(1, fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Length: 5\r\n\r\nbody%d", status, i))
	}
	conn.send(0, []byte("PUT /log.bin HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nsent"))
	conn.send(1, []byte("HTTP/1.1 507 Full\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfull\r\n0\r\n\r\n"))
	conn.close()
	got, _ := watch(t, w.pcap())
	type row struct {
		Name            string
		Upload, Refused bool
	}
	var rows []row
	for _, g := range got {
		rows = append(rows, row{g.Name, g.Upload, g.Refused})
	}
	want := []row{{"0.bin", false, false}, {"1.bin", false, true}, {"2.bin", false, false}, {"log.bin", true, false}, {"log.bin", false, true}}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

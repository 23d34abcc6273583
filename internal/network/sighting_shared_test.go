package network

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the public captures say about who is who.
func TestWhoInKnownCaptures(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	for file, c := range map[string]struct {
		begins string // of the lines that are compared
		want   []string
	}{
		"zeek__dhcp_dhcp.pcap":                               {"", []string{"128.2.6.189 90:b1:1c:99:49:29 dhcp -0 +0 btest.is.cool"}},
		"zeek__dhcp_dhcp-unique-xid-join-data-growth.pcapng": {"", nil}, // questions only
		"zeek__dns-edns-ecs.pcap":                            {"", nil}, // an answer, and nobody who is proved or receives
		"ndpi__dns-tunnel-iodine.pcap":                       {"", []string{"10.0.2.20 08:00:27:c7:6e:ba arp -0 +0", "10.0.2.30 08:00:27:9c:e0:b4 arp -0 +0"}},
		"ics-security-tools__pcaps_openics_EIP-FirmwareChange.pcap": {"", []string{
			"192.168.10.10 00:15:17:68:39:f5 arp -0 +0", "192.168.10.22 00:0c:29:e8:32:7a arp -0 +0",
			"192.168.10.105 00:1d:09:99:b2:2c arp -0 +0", "192.168.10.120 00:00:bc:3e:eb:e4 arp -0 +0",
		}},
		"suricata-verify__tls_tls-subjectaltname.pcap": {"92.123.195.52 ", []string{"92.123.195.52   -0 +3 r3.o.lencr.org,a1887.dscq.akamai.net"}},
	} {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		r, s := watchWho(t, b)
		got := slices.DeleteFunc(r.say(), func(l string) bool { return !strings.HasPrefix(l, c.begins) })
		if d := cmp.Diff(c.want, got, cmp.Transformer("", func(s []string) string { return strings.Join(s, "\n") })); d != "" {
			t.Errorf("%s: %s", file, d)
		}
		if s.Losses.Malformed != 0 {
			t.Errorf("%s: %d malformed messages", file, s.Losses.Malformed)
		}
	}
}

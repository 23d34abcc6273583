package cli_test

import (
	"crypto/tls"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordon-trust/cordon/internal/lab"
)

// encrypted BYTES OUT writes a capture of a device that fetches so many bytes over TLS 1.2.
func encrypted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: encrypted BYTES OUT")
	}
	size, err := strconv.Atoi(args[0])
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	_, err = lab.Write(out, lab.Plan{Conversations: slices.Values([]lab.Conversation{{
		Device: netip.MustParseAddrPort("10.0.0.10:40001"), Server: netip.MustParseAddrPort("10.0.0.200:8443"),
		Host: "updates.acme.example", TLS: tls.VersionTLS12, Fetch: []lab.Object{{Path: "/fw", Body: lab.NoiseBody(1, size)}},
	}})})
	ts.Check(err)
	ts.Check(out.Close())
}

package ward

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/cordon-trust/cordon/internal/lab"
)

// What medical workstations fetch in clear from third parties, as they do by design. The hosts are those of
// public services; what is said to come from them here is noise behind the magic of the right format.

// outside is a plain download from a third party.
func (d *day) outside(e *errand, host, agent string, all ...lab.Object) lab.Event {
	for i := range all {
		all[i].Ref = fetch{meant: ThirdParty}
	}
	return d.call(e, host, 80, lab.Conversation{Agent: agent, Fetch: all, Rate: 40_000_000})
}

const updateAgent = "Microsoft-Delivery-Optimization/10.0"

// fetchUpdate is a workstation that fetches the system update of the day as a cabinet.
func fetchUpdate(d *day, e *errand) lab.Event {
	number := 5_040_000 + d.dice("update", d.number).IntN(9000)
	name := fmt.Sprintf("windows10.0-kb%d-x64_%08x.cab", number, uint32(number)*2_654_435_761)
	size := 1_500_000 + number%700_000
	body := lab.HeadedBody(cabinet(size), uint64(number), size)
	return d.outside(e, "au.download.windowsupdate.com", updateAgent, lab.Object{
		Path: d.start.Format("/d/msdownload/update/software/secu/2006/01/") + name, Body: body, Type: "application/vnd.ms-cab-compressed",
	})
}

// cabinet returns the header of a cabinet file of a size.
func cabinet(size int) []byte {
	le := binary.LittleEndian
	h := append([]byte("MSCF"), 0, 0, 0, 0)
	h = le.AppendUint32(h, uint32(size))
	h = append(h, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 3, 1, 1, 0, 1, 0, 0, 0)
	return append(h, 0, 0, 0, 0)
}

// fetchDefinitions is a workstation that fetches virus definitions, from one of two vendors.
func fetchDefinitions(d *day, e *errand) lab.Event {
	if e.device%2 == 0 {
		head := fmt.Appendf(nil, "ClamAV-VDB:%s:%d:2070000:90:", d.start.Format("02 Jan 2006 15-04 -0700"), 27_500+d.number)
		return d.outside(e, "database.clamav.net", "ClamAV/1.4.1", lab.Object{
			Path: "/daily.cvd", Body: lab.HeadedBody(head, d.dice("definitions", d.number).Uint64(), 900_000),
		})
	}
	return d.outside(e, "definitionupdates.microsoft.com", updateAgent, lab.Object{
		Path: "/packages/mpam-fe.exe", Body: lab.HeadedBody(program(), d.dice("definitions", -d.number).Uint64(), 1_100_000),
	})
}

// program returns the two headers that a program for Windows begins with.
func program() []byte {
	const stub = 128
	h := make([]byte, stub)
	copy(h, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff")
	h[0x3c] = stub
	h = append(h, 'P', 'E', 0, 0, 0x64, 0x86, 5, 0)
	return append(h, make([]byte, 12)...)
}

func fetchTrustList(d *day, e *errand) lab.Event {
	return d.outside(e, "ctldl.windowsupdate.com", "Microsoft-CryptoAPI/10.0", lab.Object{
		Path: "/msdownload/update/v3/static/trustedr/en/authrootstl.cab", Body: lab.HeadedBody(cabinet(70_000), 7, 70_000),
	})
}

// fetchStatus asks whether certificates are still good: a list of revoked ones, or about a single one.
func fetchStatus(d *day, e *errand) lab.Event {
	const agent = "Microsoft-CryptoAPI/10.0"
	if e.arg%2 == 0 {
		return d.outside(e, "crl3.digicert.com", agent, lab.Object{
			Path: "/SyntheticGlobalRootG2.crl", Body: sequence(11, 4_000), Type: "application/pkix-crl",
		})
	}
	ask := make([]byte, 60)
	fill(e.dice, ask)
	name := base64.RawURLEncoding.EncodeToString(append([]byte{0x30, 58}, ask[2:]...))
	return d.outside(e, "ocsp.digicert.com", agent, lab.Object{
		Path: "/" + name, Body: sequence(e.dice.Uint64(), 471), Type: "application/ocsp-response",
	})
}

// sequence returns a body that begins as DER does with a sequence over all of it.
func sequence(seed uint64, size int) lab.Body {
	head := binary.BigEndian.AppendUint16([]byte{0x30, 0x82}, uint16(size-4))
	return lab.HeadedBody(head, seed, size)
}

// fetchPackage is a server that fetches a package of its distribution.
func fetchPackage(d *day, e *errand) lab.Event {
	n := e.arg % 50 // which package, of those that there are
	name := fmt.Sprintf("libsynthetic%d_1.%d-%d_amd64.deb", n, n%7, 1+n%3)
	head := fmt.Appendf(nil, "!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10d`\n2.0\n", "debian-binary", 1_767_000_000, 0, 0, "100644", 4)
	return d.outside(e, "deb.debian.org", "Debian APT-HTTP/1.3 (2.6.1)", lab.Object{
		Path: "/debian/pool/main/libs/" + name, Body: lab.HeadedBody(head, uint64(n), 60_000+n*9_000),
		Type: "application/vnd.debian.binary-package",
	})
}

// fill puts chance into b.
func fill(dice *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(dice.Uint32())
	}
}

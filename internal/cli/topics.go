package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// exit is an exit code of the process.
type exit struct {
	code    int
	name    string // as every help page lists it
	meaning string
}

// exits lists them all; that no other is used is tested.
func exits() []exit {
	return []exit{
		{0, "ok", "what was asked for was done"},
		{fault.ExitFailed, "failed", "nothing was concluded"},
		{fault.ExitUsage, "usage", "the command line was not understood, and nothing was done"},
		{fault.ExitPartly, "partly done", "what was left out is named"},
		{fault.ExitNotAllowed, "not allowed", "this home or this role may not do that, or the passphrase is wrong"},
		{fault.ExitGate, "gate tripped", "a finding is at or above the limit you set (watch --fail-on), or doctor found a problem"},
		{fault.ExitVerify, "verification failed", "do not rely on what was looked at"},
		{fault.ExitLocked, "locked", "another process is writing to this home"},
		{fault.ExitInterrupted, "interrupted", "stopped cleanly by Ctrl-C or SIGTERM, and nothing was left half-written"},
	}
}

// topic is a help page that belongs to no command.
type topic struct{ name, text string }

func topics() []topic {
	return []topic{
		{"environment", environmentTopic()},
		{"exit-codes", exitTopic()},
		{"formats", formatsTopic()},
	}
}

func exitTopic() string {
	var b strings.Builder
	for _, e := range exits() {
		fmt.Fprintf(&b, "%-4d %s: %s\n", e.code, e.name, e.meaning)
	}
	b.WriteString("\nEvery error is two lines, cordon: error: and cordon: hint:, and the first ends with a code.\n")
	b.WriteString("`cordon explain CODE` says more about it, and `cordon explain` lists every code with its exit code.")
	return b.String()
}

func formatsTopic() string {
	var b strings.Builder
	b.WriteString(`Answers go to standard output; errors and progress to standard error.
--json    JSON Lines: one object a line, each with a "type"; fields are only ever added
times     RFC 3339 in UTC, such as 2026-11-20T13:05:00Z
sizes     bytes
digests   sha256: and 64 lower-case hex digits, always whole
subjects  kind:value, such as release:acme/pump-7/2.1.0 or device:acme/pump-7/SN-0001
strings   from outside: invisible and control characters are written as \u{1b}, in JSON as \u001b

Files that Cordon reads:
captures  pcap and pcapng of Ethernet, Linux cooked, loopback or raw IP; not compressed: zstd -dc F | cordon watch -
`)
	fmt.Fprintf(&b, "devices   CSV: %s\n", strings.Join(inventory.Columns[:], ","))
	b.WriteString("          in any order, one of asset, serial, mac and ip at least; other columns are kept as notes\n")
	fmt.Fprintf(&b, "edges     CSV: %s\n", strings.Join(exposure.Columns[:], ","))
	b.WriteString(`parties   sources.json in the home: {"source":"IT","status":"in force","date":"2026-01-31","publishers":[
          {"name":"Our mirror","kind":"packages","hosts":["mirror.example.org"],"names":[".deb"]}]}
          what comes from such a host is third-party on a listed workstation, server or service laptop
trust     JSON Lines of trust-root statements in DSSE envelopes, the newest last: trust export, trust add
releases  folder of static files: head.jsonl, roots.jsonl, log/ (C2SP tlog-tiles with envelopes and salts beside
          them), artifacts/ and blocks/ by digest: release publish, release sync
proofs    what "proof" holds in the objects of log proof --json: entry, salt, index, size, hashes, checkpoint

Types of --json (` + "`cordon help formats TYPE`" + ` lists the fields of one):
`)
	names := map[string]bool{}
	for _, a := range answers() {
		names[a.row.kind()] = true
	}
	for _, line := range wrap(strings.Join(sorted(names), " "), 100) {
		b.WriteString("  " + line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func sorted(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// typeTopic lists the fields of a type of --json; "" when there is none of this name. Rows of one type with the
// same fields are told together.
func typeTopic(kind string) string {
	var b strings.Builder
	var same []answer
	tell := func() {
		for _, a := range same {
			fmt.Fprintf(&b, "\"type\":%q, printed by %s: %s\n", kind, a.from, a.what)
		}
		for _, f := range fieldsOf(same[0].row) {
			maybe := ""
			if f.maybe {
				maybe = ", or missing"
			}
			fmt.Fprintf(&b, "  %-28s %s%s\n", f.name, f.form, maybe)
		}
	}
	for _, a := range answers() {
		if a.row.kind() != kind {
			continue
		}
		if len(same) > 0 && !slices.Equal(fieldsOf(same[0].row), fieldsOf(a.row)) {
			tell()
			b.WriteString("\n")
			same = nil
		}
		same = append(same, a)
	}
	if len(same) > 0 {
		tell()
	}
	return b.String()
}

package cli

import "github.com/cordon-trust/cordon/internal/app"

// answer is a kind of object that --json prints, with the commands that print it.
type answer struct {
	row  row
	from string // commands, with commas between them
	what string
}

// answers lists every row of this package: `cordon help formats TYPE` and the reference are made of it, and a
// test refuses a row that is not here.
func answers() []answer {
	return append(demoAnswers(), []answer{
		{checkRow{}, "doctor", "one look of doctor"},
		{doctorRow{}, "doctor", "how many problems and notes doctor found; the last line"},
		{checkpointRow{}, "log checkpoint", "a signed checkpoint of the house ledger"},
		{codeRow{}, "explain", "an error code"},
		{consoleRow{}, "serve", "where the console answers, with its key"},
		{countRow{}, "exposure radius", "how many subjects of a kind are reached"},
		{reachedRow{}, "exposure radius", "a subject that is reached, and by which path"},
		{deviceRow{}, "device list", "a device of the list in force"},
		{changeRow{}, "device import", "what became of a row of a device list"},
		{unknownRow{}, "device import", "a product that no maker's release names"},
		{registerRow{}, "device import", "the device list as it was taken"},
		{seenRow{}, "watch", "a device that was seen on the wire; printed at the end"},
		{erased{}, "evidence erase", "what was erased"},
		{findingRow{}, "watch", "something a person should know, with what to do"},
		{listedFinding{}, "finding list, finding show", "the same, as it is judged today"},
		{homeMade{}, "init, demo", "a home that was made"},
		{imported{}, "graph import", "edges that were taken"},
		{keyRow{}, "key list", "a key behind a trust root"},
		{logRow{}, "log verify", "a log that verified"},
		{proofRow{}, "log proof", "a proof that the house ledger holds a statement"},
		{provenRow{}, "log check", "a proof that holds, and what it proves"},
		{manualRow{}, "help --man", "the manual pages that were written"},
		{partRow{}, "watch", "a part of an object that was fetched in ranges"},
		{published{}, "release publish", "what was published"},
		{reviewRow{}, "finding hold, finding unhold", "what a person decided about a finding"},
		{releaseRow{}, "release list", "a release that this house knows"},
		{sessionRow{&app.SessionInfo{}}, "watch", "a connection, with --sessions"},
		{said{}, "release add, release withdraw, release vouch, key compromised, graph retract", "a statement that was made"},
		{reason{}, "why", "a statement or claim about a subject"},
		{summaryRow{}, "watch", "what was read and what could not be seen; the last line"},
		{synced{}, "release sync", "what was fetched of a maker"},
		{transferRow{&app.TransferInfo{}}, "watch", "something that was carried over the wire, and its verdict"},
		{trustRow{}, "trust add, trust confirm, trust export, trust list, trust rotate", "a trust root"},
		{fileVerdict{}, "release verify", "the verdict about a file"},
		{build{}, "version", "which build this is"},
		{wardRow{}, "lab ward", "a synthetic ward that was written"},
	}...)
}

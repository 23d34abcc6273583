package fault

var captures = map[Code]Description{
	BadCapture: {
		Exit: ExitFailed,
		Hint: "check that it is a capture file (pcap), whole and not compressed or renamed",
		Explain: "The file is not a capture that Cordon can read. Nothing was concluded about the network from it. Tools " +
			"that capture write pcap files; a text export or a screenshot of one cannot be read.",
	},
	CutCapture: {
		Exit: ExitPartly,
		Hint: "capture again with full packets (snap length 0) and let the capture end by itself",
		Explain: "The capture ends in the middle or holds only the beginning of its packets. What was whole was read and " +
			"printed; the rest was not seen. A transfer that was not seen whole is incomplete and has no digest, never " +
			"verified.",
	},
	GateTripped: {
		Exit: ExitGate,
		Hint: "read the findings above; for a device that may be on a patient, leave it connected and on and call clinical engineering",
		Explain: "Cordon worked, and what it found is at or above the limit you set. The exit code is there so that a " +
			"script can notice. Each finding above says what was seen, why it matters and what to do now, next and later.",
	},
}

var graphs = map[Code]Description{
	BadRows: {
		Exit: ExitFailed,
		Hint: "correct the lines that are named and import the whole file again; nothing was imported",
		Explain: "Some lines of an import are wrong. An import is one signed statement, so it is taken whole or not at all: " +
			"nothing was imported. The error line names the lines and what is wrong with each.",
	},
}

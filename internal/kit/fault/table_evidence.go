package fault

var evidence = map[Code]Description{
	BadEnvelope: {
		Exit: ExitVerify,
		Hint: "fetch it again from the publisher; if it stays so, send the file to them and do not rely on it",
		Explain: "A signed statement is not in the form that signed statements have. It may have been cut short, changed on " +
			"the way, or written by software that does it wrong. Nothing in it was believed. A device that already " +
			"runs is not concerned by this: it is about a file on this computer.",
	},
	PolicyNotMet: {
		Exit: ExitVerify,
		Hint: "fetch it again from the publisher, and tell them which signatures are missing; do not rely on it until then",
		Explain: "The signatures on a statement are not enough. The publisher's own policy asks for so many classical and " +
			"so many post-quantum signatures by different keys, and the error line says which are missing. Somebody may " +
			"have stripped half of them to make a forgery easier, or the publisher made a mistake. The statement has " +
			"no effect.",
	},
	NotOwner: {
		Exit: ExitNotAllowed,
		Hint: "a maker speaks only about what carries its own name; for another's file use `cordon release vouch` in a hospital home",
		Explain: "Somebody speaks about a thing that belongs to somebody else. Only the organisation whose name a subject " +
			"carries can make it verified, withdrawn or compromised. What others say is kept as a claim, with their " +
			"name, and changes no verdict.",
	},
	BadRoot: {
		Exit: ExitVerify,
		Hint: "ask the organisation for its trust file again and compare the fingerprint with them by telephone",
		Explain: "A trust file does not hold. It is not signed as it must be by itself, or by the root before it, or it has " +
			"expired, or its version goes back. It was not taken, and what this house trusted before still stands.",
	},
	WrongPrint: {
		Exit: ExitVerify,
		Hint: "do not confirm it: call the organisation on a number you already have and ask for the fingerprint",
		Explain: "The fingerprint that was given is not that of this trust file. Either it was mistyped or this is not the " +
			"file that the organisation made. This comparison is the only moment at which a false maker can be told " +
			"from the true one, so take the time for the call. Nothing was confirmed.",
	},
	RootExists: {
		Exit: ExitNotAllowed,
		Hint: "ask the organisation for a rotation that its old root signed, or check that the file is really theirs",
		Explain: "This house already trusts another root under that name. A second one is never taken beside or instead of " +
			"it: only a rotation that the old root signed replaces a root. Somebody who hands over an unrelated root for " +
			"a known name may be an impostor.",
	},
	TestRoot: {
		Exit: ExitNotAllowed,
		Hint: "use the trust file of the real organisation; test roots belong into a lab home only",
		Explain: "This root was made for tests or for the demonstration. Its keys are protected by nothing and everybody " +
			"could have them, so a home that watches real devices refuses it.",
	},
	UnknownOrg: {
		Exit: ExitFailed,
		Hint: "add their trust file with `cordon trust add FILE`, then confirm the fingerprint with them",
		Explain: "This house has no root for that organisation, so nothing that it signed can be checked here. That is not " +
			"a verdict on the file or on the device: it is unknown until the trust file is here.",
	},
}

package fault

var releases = map[Code]Description{
	RolledBack: {
		Exit: ExitVerify,
		Hint: "fetch from the publisher directly, and tell whoever runs this mirror that it is out of date",
		Explain: "A repository shows an older state than the one that this house has already seen. A mirror that lags does " +
			"this, and so does an attacker who wants to hide a withdrawal. Nothing was taken from it; what was known " +
			"before stands.",
	},
	BadRepository: {
		Exit: ExitVerify,
		Hint: "fetch from the publisher directly; if it is the same there, send them the error line",
		Explain: "What a repository serves does not fit together. A file, a size, a hash or an entry is not what the signed " +
			"checkpoint says. A broken copy and a hostile mirror look alike from here. Nothing was taken from it.",
	},
	NotSigned: {
		Exit: ExitVerify,
		Hint: "do not use the file; ask clinical engineering where it came from and the maker whether it is theirs",
		Explain: "No organisation that this house trusts has signed these bytes. It may be genuine and merely not " +
			"published, or this house may not have synced for a while; it may also be false. Unknown is all that can be " +
			"said. If a device already fetched it: leave the device connected and on, look at it, and call clinical " +
			"engineering; follow the local downtime procedure if it misbehaves.",
	},
	VersionTaken: {
		Exit: ExitFailed,
		Hint: "choose the next version number; a release that was wrong is withdrawn, never replaced",
		Explain: "There is already a release of this product with that version. A version stands for the same bytes for " +
			"ever, so that everybody who checks it checks the same thing. To correct one, withdraw it with a reason and " +
			"add another version.",
	},
	CounterLow: {
		Exit: ExitFailed,
		Hint: "leave the counter out to get the next free number, or give one that is higher",
		Explain: "The release counter of a product only grows. That is how a receiver tells a newer release from an older " +
			"one without understanding version numbers, so a counter that was used or passed cannot come back. Nothing " +
			"was signed.",
	},
	Differs: {
		Exit: ExitVerify,
		Hint: "keep the file and do not use it; if a device fetched it, leave it connected and on, look at it, and call clinical engineering",
		Explain: "The file has the name or the size of a signed release, and its bytes differ from what the maker signed. " +
			"It may have been changed on the way or badly copied. Now: a device that may be on a patient stays connected " +
			"and on; look at it, call clinical engineering, follow the local downtime procedure if it misbehaves. Next: " +
			"clinical engineering swaps it when the patient is safe, keeps it on the shelf and keeps the file as " +
			"evidence. Later: security and the maker find out where the bytes came from.",
	},
	Withdrawn: {
		Exit: ExitVerify,
		Hint: "take the release that replaces it; where it runs, leave the device on and call clinical engineering",
		Explain: "The maker signed these bytes and later took the release back. The reason is in the error line or under " +
			"`cordon why`. It is not to be newly installed. A device that runs it keeps treating: leave it connected and " +
			"on, and let clinical engineering plan the swap with the maker's advice.",
	},
	Suspect: {
		Exit: ExitVerify,
		Hint: "do not newly install it; where it runs, leave the device on and call clinical engineering; ask the maker for a new signature",
		Explain: "The key that signed this was stated as compromised. No independent clock shows that the signature is older " +
			"than that. The bytes may well be the maker's: nobody can tell any more from the signature alone. " +
			"Nothing that treats a patient is switched off for this. The maker can sign again with a new key.",
	},
}

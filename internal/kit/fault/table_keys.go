package fault

var keys = map[Code]Description{
	NoPassphrase: {
		Exit: ExitUsage,
		Hint: "run it on a terminal to be asked, or put the passphrase in a file with mode 0600 and name it in CORDON_PASSPHRASE_FILE",
		Explain: "A private key had to be opened or made and no passphrase was given. Cordon never writes a role's key " +
			"without a passphrase. Watching the wire and checking files need none: only commands that sign for a role do.",
	},
	WrongPassphrase: {
		Exit: ExitNotAllowed,
		Hint: "try the passphrase again; when CORDON_PASSPHRASE_FILE is set, check that it names the right file",
		Explain: "The passphrase does not open this key. Nothing was signed. One passphrase belongs to one role of one " +
			"home, so look first whether this is the right home. A passphrase cannot be recovered: when it is lost, the " +
			"root key makes a new role key, and checking releases goes on meanwhile with what is already signed.",
	},
	OpenPassphrase: {
		Exit: ExitUsage,
		Hint: "run `chmod 600` on the passphrase file; if others could have read it, choose a new passphrase",
		Explain: "The passphrase file can be read by other accounts, so its content may no longer be a secret. Cordon " +
			"refuses it instead of pretending. Make it readable by its owner alone, and think about who could have " +
			"read it so far.",
	},
	KeyMissing: {
		Exit: ExitFailed,
		Hint: "bring the key file back from where it is kept; the error line names the role and the path",
		Explain: "The key that this needs is not in this home. Root keys are meant to lie elsewhere and only rotation of " +
			"the root needs them. For an everyday key, look in the backup of the keys, which is kept apart from the " +
			"backup of the data. Checking releases needs no private key.",
	},
	KeyDamaged: {
		Exit: ExitFailed,
		Hint: "keep the damaged file, bring the key back from its backup and compare its id with the trust file",
		Explain: "A key file is there but cannot be understood, or its two halves do not belong to this role. Cordon does " +
			"not sign with a key it cannot check. Keep the file as it is: it may show whether a disk or a person " +
			"changed it.",
	},
}

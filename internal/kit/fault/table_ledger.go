package fault

var logs = map[Code]Description{
	LogDamaged: {
		Exit: ExitVerify,
		Hint: "keep the home as it is, copy it to another disk and restore the last backup beside it",
		Explain: "The ledger does not add up: an entry, a hash or a checkpoint is not what it was when it was written. A " +
			"failing disk can do this, and so can a person. Do not repair it in place, because the difference is " +
			"evidence. The last checkpoint that a witness or a partner holds says up to where the ledger was whole.",
	},
	LogForked: {
		Exit: ExitVerify,
		Hint: "keep both checkpoints, stop relying on that log, and call the organisation that runs it",
		Explain: "Two signed checkpoints of one log contradict each other. A log shows one history to everybody; this one " +
			"has shown two, which is proof that its key is misused or that it was restored from an old copy. Both " +
			"checkpoints were kept: either side can check them without you.",
	},
	BadCheckpoint: {
		Exit: ExitVerify,
		Hint: "fetch it again from the publisher; the error line says which signature or number is wrong",
		Explain: "A checkpoint is not signed by both keys of its log, or has a form or a name that it must not have. It was " +
			"not believed, and what was known before stands.",
	},
	NotLogged: {
		Exit: ExitVerify,
		Hint: "ask the publisher why the release is not in its log, and do not take it until it is",
		Explain: "A release is signed but is not in its publisher's log. That is what the misuse of a stolen signing key " +
			"looks like, because the thief wants no public trace. It may also be a mistake in publishing. Until the " +
			"publisher has logged it, it is not taken.",
	},
}

var stores = map[Code]Description{
	Locked: {
		Exit: ExitLocked,
		Hint: "wait for the other command to end and try again; if none runs, look which process has the home open",
		Explain: "Another process is writing to this home and did not finish within the wait. Reading is not concerned. " +
			"Nothing was changed by this command. A program for backups that holds the database open is a usual cause.",
	},
	Damaged: {
		Exit: ExitFailed,
		Hint: "keep the home as it is, copy it to another disk and restore the last backup beside it",
		Explain: "The database file is damaged or is not one of Cordon's. It was not changed. Restore the last backup to " +
			"another folder and run `cordon log verify` there; what was published or handed to partners can be fetched " +
			"again. Look at the disk before you trust it with the restored copy.",
	},
	NewerSchema: {
		Exit: ExitFailed,
		Hint: "run the newer version of cordon that last opened this home",
		Explain: "This home was last opened by a newer version of Cordon, and this one would not understand all of it. " +
			"Nothing was changed. `cordon version` shows what you run; another machine or another folder in PATH may " +
			"have the newer one.",
	},
	DiskFull: {
		Exit: ExitFailed,
		Hint: "make room on the disk that holds the path named, then run the command again",
		Explain: "The disk, or this account's share of it, is full. What was acknowledged is safe and nothing is half " +
			"written. A sensor with a full disk records nothing: that time counts as blindness, not as quiet.",
	},
	ReadOnly: {
		Exit: ExitFailed,
		Hint: "check whether the disk is mounted read-only and why; a disk with errors is often remounted so",
		Explain: "The home lies on a disk that cannot be written. Reading and checking still work; nothing can be recorded. " +
			"Linux turns a disk read-only when it finds errors on it, so look at the system's log before you mount it " +
			"for writing again.",
	},
	OldSchema: {
		Exit: ExitFailed,
		Hint: "run a command that writes, such as `cordon release sync`, with write access to the home once",
		Explain: "The database was made by an older cordon and has to be brought up to date before this one can read it. " +
			"That happens by itself where the home can be written; this home could only be read.",
	},
}

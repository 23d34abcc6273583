package fault

var general = map[Code]Description{
	Internal: {
		Exit: ExitFailed,
		Hint: "this is a defect in cordon: report it with the output of `cordon version` and the command you ran",
		Explain: "Something failed that Cordon has no name for. It stopped instead of guessing. What was acknowledged " +
			"before is still there; running the same command again is safe. If it fails again, keep the whole error " +
			"line and report it: a failure without a code of its own is a defect.",
	},
	Usage: {
		Exit: ExitUsage,
		Hint: "add --help to the command to see an example and its flags",
		Explain: "The command line was not understood, so nothing was done. A command, a flag or an argument is " +
			"misspelt, missing or too much. The error line names it; --help after the command shows a working example.",
	},
	NotFound: {
		Exit: ExitFailed,
		Hint: "check the spelling, and that you look in the right home (--home or CORDON_HOME)",
		Explain: "The thing that was named does not exist here. A file may lie elsewhere, or this home may never have " +
			"heard of the subject. That Cordon does not know a thing says nothing about whether it is good or bad: " +
			"unknown is not verified and not refused.",
	},
	ReadFailed: {
		Exit: ExitFailed,
		Hint: "check that the file is there, that your account may read it and that its disk or share is mounted",
		Explain: "A file or an address could not be read. Permissions, a share that went away and a damaged disk are the " +
			"usual causes. Nothing was concluded from what could not be read, and nothing was written.",
	},
	WriteFailed: {
		Exit: ExitFailed,
		Hint: "check that the disk has room, and the owner and the permissions of the folder that is named, then run the command again",
		Explain: "A file could not be written. Cordon writes beside the target and then swaps in one step, so the target " +
			"holds either all of its old content or all of the new, never a half. Run the command again once the " +
			"folder can be written by your account.",
	},
	NotAllowed: {
		Exit: ExitNotAllowed,
		Hint: "run it in the home of the organisation that may do this, or ask the person who holds the role",
		Explain: "This home or this role may not do that. Each key has one job, and an organisation speaks only about what " +
			"carries its own name. Nothing was signed. `cordon why` on the subject shows who may speak about it.",
	},
	Interrupted: {
		Exit: ExitInterrupted,
		Hint: "run the command again; what it acknowledged before is kept",
		Explain: "The command was stopped by Ctrl-C or by the system. It stopped cleanly: what had been acknowledged is " +
			"kept, what had not been is not there, and no file is half written. It can simply be run again.",
	},
	BadInput: {
		Exit: ExitFailed,
		Hint: "correct the value or the line that is named, then run the command again",
		Explain: "A value or a file does not have the form that it must have. Cordon reads strictly, because a value that " +
			"two programs understand differently is a way to deceive one of them. Nothing from that input was taken.",
	},
	PartlyDone: {
		Exit: ExitPartly,
		Hint: "read the lines above for what was left out, then run the command again for those",
		Explain: "Some of the work was done and some was not. What was done is kept and was printed; what was left out is " +
			"named. Do not read the silence about the rest as good news: it was not looked at.",
	},
	NoHome: {
		Exit: ExitFailed,
		Hint: "make one with `cordon init --org NAME --role maker|hospital`, or name it with --home or CORDON_HOME",
		Explain: "There is no Cordon home at that place. A home is the folder that holds the ledger, the database and the " +
			"everyday keys. On a machine that had one, check that its disk is mounted and that you are logged in as the " +
			"account that made it, before you make a second one.",
	},
	HomeExists: {
		Exit: ExitFailed,
		Hint: "use the home that is there, or choose another folder with --home",
		Explain: "There is already a home at that place, and Cordon never overwrites one. Its keys and its ledger cannot be " +
			"made again. If you are sure that it is no longer needed, move the whole folder away yourself, with its " +
			"offline keys, and then run init again.",
	},
	TooLarge: {
		Exit: ExitFailed,
		Hint: "check that it is the file you meant; the limit is named in the error line",
		Explain: "A file, a field or an answer is larger than Cordon accepts at that place. Limits are checked before " +
			"anything is believed, so that a hostile or broken source cannot fill the disk or the memory. What was read " +
			"up to there was thrown away.",
	},
	Ailing: {
		Exit: ExitGate,
		Hint: "do what the lines that begin with problem say, then run `cordon doctor` again",
		Explain: "Doctor found something wrong with this installation or its home. Each line that begins with problem says " +
			"what, and below it what to do. Doctor changed nothing. Problems with this computer say nothing about " +
			"devices: what runs on the ward is not concerned by them.",
	},
}

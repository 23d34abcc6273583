package fault

// Code is a stable identifier such as CRD-REL-001. It never changes meaning and is never reused. A
// Code is itself an error, so that errors.Is(err, fault.WrongPassphrase) works.
type Code string

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return string(c) }

// Exit codes of the process (DESIGN section 7).
const (
	ExitFailed      = 1
	ExitUsage       = 2
	ExitPartly      = 3
	ExitNotAllowed  = 4
	ExitGate        = 10
	ExitVerify      = 11
	ExitLocked      = 12
	ExitInterrupted = 130
)

// The codes. CRD-GEN: anywhere. CRD-KEY: private keys. CRD-EVI: statements, signatures, roots. CRD-LOG:
// the ledger. CRD-STO: the database. CRD-REL: releases. CRD-NET: captures. CRD-EXP: the graph.
const (
	Internal        Code = "CRD-GEN-001"
	Usage           Code = "CRD-GEN-002"
	NotFound        Code = "CRD-GEN-003"
	ReadFailed      Code = "CRD-GEN-004"
	WriteFailed     Code = "CRD-GEN-005"
	NotAllowed      Code = "CRD-GEN-006"
	Interrupted     Code = "CRD-GEN-007"
	BadInput        Code = "CRD-GEN-008"
	PartlyDone      Code = "CRD-GEN-009"
	NoHome          Code = "CRD-GEN-010"
	HomeExists      Code = "CRD-GEN-011"
	TooLarge        Code = "CRD-GEN-012"
	Ailing          Code = "CRD-GEN-013"
	NoPassphrase    Code = "CRD-KEY-001"
	WrongPassphrase Code = "CRD-KEY-002"
	OpenPassphrase  Code = "CRD-KEY-003"
	KeyMissing      Code = "CRD-KEY-004"
	KeyDamaged      Code = "CRD-KEY-005"
	BadEnvelope     Code = "CRD-EVI-001"
	PolicyNotMet    Code = "CRD-EVI-002"
	NotOwner        Code = "CRD-EVI-003"
	BadRoot         Code = "CRD-EVI-004"
	WrongPrint      Code = "CRD-EVI-005"
	RootExists      Code = "CRD-EVI-006"
	TestRoot        Code = "CRD-EVI-007"
	UnknownOrg      Code = "CRD-EVI-008"
	LogDamaged      Code = "CRD-LOG-001"
	LogForked       Code = "CRD-LOG-002"
	BadCheckpoint   Code = "CRD-LOG-003"
	NotLogged       Code = "CRD-LOG-004"
	Locked          Code = "CRD-STO-001"
	Damaged         Code = "CRD-STO-002"
	NewerSchema     Code = "CRD-STO-003"
	DiskFull        Code = "CRD-STO-004"
	ReadOnly        Code = "CRD-STO-005"
	OldSchema       Code = "CRD-STO-006"
	RolledBack      Code = "CRD-REL-001"
	BadRepository   Code = "CRD-REL-002"
	NotSigned       Code = "CRD-REL-003"
	VersionTaken    Code = "CRD-REL-004"
	CounterLow      Code = "CRD-REL-005"
	Differs         Code = "CRD-REL-006"
	Withdrawn       Code = "CRD-REL-007"
	Suspect         Code = "CRD-REL-008"
	BadCapture      Code = "CRD-NET-001"
	CutCapture      Code = "CRD-NET-002"
	GateTripped     Code = "CRD-NET-003"
	BadRows         Code = "CRD-EXP-001"
)

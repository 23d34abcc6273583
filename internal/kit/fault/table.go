package fault

// Description says what a code means, for `cordon explain CODE`.
type Description struct {
	Exit    int    // the process exit code
	Hint    string // what to do next when the fault itself gives no hint
	Explain string // what happened, why Cordon stops there, and how to go on
}

// Table describes every code. It is read-only.
var Table = map[Code]Description{}

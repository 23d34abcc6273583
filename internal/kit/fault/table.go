package fault

import "maps"

// Description says what a code means, for `cordon explain CODE`.
type Description struct {
	Exit    int    // the process exit code
	Hint    string // what to do next when the fault itself gives no hint
	Explain string // a first sentence that stands alone in a list, then why Cordon stops there and how to go on
}

// Table describes every code. It is read-only.
var Table = join(general, keys, evidence, logs, stores, releases, captures, graphs)

func join(families ...map[Code]Description) map[Code]Description {
	all := map[Code]Description{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

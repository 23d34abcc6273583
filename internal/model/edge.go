package model

import "time"

// Harm says what an edge carries when compromise flows along it.
type Harm string

// The harms. Each edge carries exactly one.
const (
	Integrity       Harm = "integrity"
	Confidentiality Harm = "confidentiality"
	Availability    Harm = "availability"
)

// Harms lists every harm in the order in which they are shown.
var Harms = [...]Harm{Integrity, Confidentiality, Availability}

// Known says how an edge is known. Asserted and observed edges carry the certain set; undisclosed and
// denied ones only the possible set (DESIGN section 5).
type Known string

// The ways an edge can be known, strongest first.
const (
	Observed    Known = "observed"
	Asserted    Known = "asserted"
	Undisclosed Known = "undisclosed"
	Denied      Known = "denied"
)

// Knowns lists the ways from the strongest to the weakest.
var Knowns = [...]Known{Observed, Asserted, Undisclosed, Denied}

// Edge is one directed edge of the exposure graph: a compromise of From reaches To.
type Edge struct {
	From     Subject
	Relation string // lower case, such as "signs"; "needs:<k>" on an edge that leaves a gate sets its k
	To       Subject
	Harm     Harm
	Known    Known
	Since    time.Time // zero: always
	Until    time.Time // zero: still; the instant itself is outside
	Control  string    // the declared control that would cut this edge, if any; cuts nothing without proof

	Statement Digest // where the edge comes from
	Author    string // organisation that said so
	Claim     bool   // the author does not own what it speaks about: may widen the possible set only
}
